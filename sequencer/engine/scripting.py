"""Driving an instrument by hand: the devices of a run as a commissioning script or a notebook sees them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sequencer.acquisition import Levels
from sequencer.config import load_deployment
from sequencer.engine.clocks import check_start
from sequencer.engine.context import RunContext
from sequencer.engine.frame_log import log_frame
from sequencer.engine.observation import Observation
from sequencer.engine.pointing import preset
from sequencer.engine.prepare import prepare_script
from sequencer.engine.request import BadInput, Nobody, RunRequest
from sequencer.engine.runner import begin, begin_template, end, load_procedure, reduce_template
from sequencer.engine.series import SATURATED_SHARE
from sequencer.engine.session import open_run
from sequencer.engine.shot import Shot
from sequencer.exposure import Rung, Verdict, alternating_passes
from sequencer.observing import compose_ob, validate

_current: list[tuple[str, RunContext]] = []
"""The runs started by `sequencer script`, by the name of their deployment; `connect` joins them."""


@dataclass(frozen=True)
class Frame:
    """One stored frame: its file, where it lies, its levels per DIT (median in ADU, level in electrons), its verdict:
    good, or saturated."""

    file: str
    path: Path
    exposure: str
    dit_s: float
    ndit: int
    median_adu: float
    level_e: float
    sha256: str
    verdict: str


class Detector:
    """One detector of a scripted run."""

    def __init__(self, hands: Hands, camera: str) -> None:
        self._hands = hands
        self._camera = camera

    async def expose(
        self, dit_s: float, ndit: int = 1, n: int = 1, *, mode: str = "", dpr_type: str = "OTHER"
    ) -> list[Frame]:
        """Take `n` exposures into files. Raises what the detector refuses."""
        shot = self._hands.shot(self._camera, dit_s, ndit, mode, dpr_type)
        return [await self._take(replace(shot, i=i, n=n)) for i in range(1, n + 1)]

    async def ladder(
        self, dits_s: Sequence[float], n: int = 2, *, ndit: int = 1, order: str = "alternate", mode: str = ""
    ) -> list[Frame]:
        """`n` passes over the DITs: `alternate` turns round after each pass, so that drift cancels; or `up`."""
        if order not in ("alternate", "up"):
            raise ValueError(f"order {order!r}: must be alternate or up")
        rungs = [Rung(0.0, dit_s, True, "") for dit_s in sorted(dits_s)]
        sequence = alternating_passes(rungs, n) if order == "alternate" else rungs * n
        shot = self._hands.shot(self._camera, 0.0, ndit, mode, "DETLIN")
        frames = []
        for i, rung in enumerate(sequence):
            number = rungs.index(rung) + 1
            taken = replace(
                shot,
                kind="ladder",
                dit_s=rung.dit_s,
                level_number=number,
                ladder_pass=i // len(rungs) + 1,
                i=i + 1,
                n=len(sequence),
            )
            frames.append(await self._take(taken))
        return frames

    async def _take(self, shot: Shot) -> Frame:
        run = self._hands.context
        await run.control.checkpoint()
        stored, verdict = await self._hands.observation.exposer.take(shot, _saturated_or_good)
        full_well_e = run.instrument.detectors[self._camera].modes[shot.mode].full_well_e
        log_frame(run, replace(shot, good=shot.i - 1), stored, verdict, full_well_e)
        levels = stored.levels
        return Frame(
            stored.file,
            stored.path,
            stored.exposure,
            shot.dit_s,
            shot.ndit,
            levels.median_adu,
            levels.level_e,
            stored.sha256,
            verdict.name,
        )


class UnknownCamera(KeyError):
    """There is no detector for this camera; the text lists those there are."""

    def __str__(self) -> str:
        """The text itself: KeyError would quote it."""
        return str(self.args[0])


class Detectors(dict[str, Detector]):
    """The detectors of a scripted run by camera. Raises UnknownCamera for any other name."""

    def __missing__(self, camera: str) -> Detector:
        raise UnknownCamera(f"no camera {camera}; there are {', '.join(self) or 'none'}")


class Telescope:
    """The telescope of a scripted run: presets look at the whole slew first."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    @property
    def state(self) -> Any:
        """State as last read back."""
        return self._client.state

    async def preset(self, altitude_deg: float, azimuth_deg: float, *, tracking: bool = False) -> None:
        """Point and wait until arrived. Raises PointingRefused when the slew passes the Sun."""
        args = {"altitude_deg": altitude_deg, "azimuth_deg": azimuth_deg, "tracking": tracking}
        work = preset(self._hands.context, altitude_deg, azimuth_deg, tracking=tracking)
        await self._hands.observation.step("telescope", "preset", args, work)

    def __getattr__(self, command: str) -> Any:
        return _stepped(self._hands, self._client, command)

    @property
    def _client(self) -> Any:
        return self._hands.context.devices.telescope


class Device:
    """Any other device of a scripted run: every command is a step of the journal."""

    def __init__(self, hands: Hands, client: Any) -> None:
        self._hands = hands
        self._client = client

    @property
    def state(self) -> Any:
        """State as last read back."""
        return self._client.state

    def __getattr__(self, command: str) -> Any:
        return _stepped(self._hands, self._client, command)


class Hands:
    """An instrument under somebody's hands, with the devices of its deployment; detectors by camera name."""

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self.observation = Observation(context, protect=False)
        devices = context.devices
        self.telescope = Telescope(self)
        self.mechanisms = Device(self, devices.mechanisms)
        self.sources = Device(self, devices.sources)
        self.site = Device(self, devices.site)
        self.cover = Device(self, context.cover)
        self.shutter = Device(self, context.shutter)
        self.detectors = Detectors({camera: Detector(self, camera) for camera in devices.detectors})

    @property
    def run_dir(self) -> Path:
        """Folder of the run."""
        return self.context.run_dir

    async def run(self, template: str, parameters: dict[str, Any]) -> None:
        """Run one template with parameters, checked like a block's. Raises BadInput."""
        run = self.context
        ob = compose_ob("script", run.instrument.name, [(template, parameters)])
        checked = validate(ob, run.deployment, run.instrument, now_s=run.clock.now(), until_s=run.until_s)
        if checked.problems:
            raise BadInput(checked.problems)
        call = checked.ob.templates[0]
        begin_template(run, call)
        await load_procedure(call).run(Observation(run, call), call.parameters)
        run.log("template_done", index=run.template_index, name=call.name, outcome="completed")
        run.template_name, run.procedure = "script", ""

    def shot(self, camera: str, dit_s: float, ndit: int, mode: str, dpr_type: str) -> Shot:
        """An exposure labelled with what is in the beam now."""
        instrument, mechanisms = self.context.instrument, self.context.devices.mechanisms
        detector, config = instrument.detectors[camera], instrument.cameras.get(camera)
        name = mechanisms.state.positions.get(config.filter_keyword, "") if mechanisms and config else ""
        return Shot(
            camera=camera,
            kind="script",
            filter=name,
            dit_s=dit_s,
            ndit=ndit,
            mode=mode or detector.default_mode,
            dpr_catg="TEST",
            dpr_type=dpr_type,
            dpr_tech=detector.dpr_tech,
            on_sky=True,
        )


@asynccontextmanager
async def connect(
    deployment: str, *, clock: str = "", start_s: float | None = None, seed: int = 1, out: Path = Path("runs")
) -> AsyncIterator[Hands]:
    """An instrument to drive by hand; afterwards every device is made safe.

    Inside `sequencer script` this joins the script's run. Elsewhere (a notebook, a program with its own event
    loop) it opens one: on simulated devices it starts them itself, by a scaled clock; on hardware the servers
    must be there. Raises ConfigErrors, BadInput, ConnectErrors.
    """
    if _current and _current[-1][0] == deployment:
        yield Hands(_current[-1][1])
        return
    check_start(clock, load_deployment(deployment), start_s)
    request = RunRequest(Path(), deployment, out=out, start_s=start_s, clock_spec=clock, seed=seed)
    prepared = prepare_script(request, "by hand", own_loop=False)
    async with open_run(prepared, Nobody()) as run:
        begin(run)
        outcome = "failed"
        try:
            yield Hands(run)
            await reduce_template(run, "script", last=True)
            outcome = "completed"
        finally:
            await end(run, outcome)


@contextmanager
def joined(run: RunContext, deployment: str) -> Iterator[None]:
    """Meanwhile `connect(deployment)` joins this run."""
    _current.append((deployment, run))
    try:
        yield
    finally:
        _current.pop()


def _saturated_or_good(start_s: float, dit_s: float, levels: Levels) -> Verdict:
    """Nobody expects a level of what is taken by hand; but saturated is saturated."""
    if levels.saturated_share > SATURATED_SHARE:
        return Verdict("saturated", f"{100.0 * levels.saturated_share:.1f} % of the pixels are saturated")
    return Verdict("good", "not judged: taken by hand")


def _stepped(hands: Hands, client: Any, command: str) -> Any:
    method = getattr(client, command)

    async def step(*args: Any, **kwargs: Any) -> Any:
        shown = {**{str(i): arg for i, arg in enumerate(args)}, **kwargs}
        return await hands.observation.step(client.name, command, shown, method(*args, **kwargs))

    return step
