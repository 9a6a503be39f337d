"""Taking one exposure: labels first, then light, then a durable file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from sequencer.acquisition import Card, ExposurePlan, Levels, StoredFrame
from sequencer.config.models import DetectorConfig
from sequencer.devices.detector import Exposed
from sequencer.engine import cards
from sequencer.engine.context import RunContext
from sequencer.engine.control import WindowOver
from sequencer.engine.frame_log import show
from sequencer.engine.shot import Shot
from sequencer.exposure import Verdict
from sequencer.reduction import FrameNotice
from sequencer.wire.errors import CommandAborted

Judge = Callable[[float, float, Levels], Verdict]
"""(start_s, dit_s, levels) -> verdict."""

STORE_DEADLINE_S = 60.0
"""How long pixels may take from the detector to a durable file; the largest frame takes 0.1 s (assumed generous)."""


Ready = Callable[[], Awaitable[None]]
"""Brings light onto the detector, or sees that it is dark; does nothing when all is as it should be."""


async def _ready() -> None:
    return None


class EndedForPause(Exception):
    """The operator wants a pause at once: the exposure has ended without a frame."""


class Exposer:
    """Takes exposures for one run and keeps what was set before, so that detectors settle when it changes."""

    def __init__(self, run: RunContext) -> None:
        self._run = run
        self._last: dict[str, tuple[str, float]] = {}
        self._busy: dict[str, str] = {}

    async def take(self, shot: Shot, judge: Judge, ready: Ready = _ready) -> tuple[StoredFrame, Verdict]:
        """One exposure into a file, judged; one that `pause --now` ended is repeated after the pause.

        `ready` brings the light, or checks the dark, before it. Raises CommandAborted, WindowOver, or what devices
        and acquisition raise.
        """
        while True:
            try:
                return await self.take_once(shot, judge, ready)
            except EndedForPause:
                await self._run.control.checkpoint()

    async def take_once(self, shot: Shot, judge: Judge, ready: Ready) -> tuple[StoredFrame, Verdict]:
        """As `take`, but raises EndedForPause: the sky will be another one after the pause."""
        began_s = self._run.clock.now()
        await ready()
        run = self._run
        shot = self._numbered(shot)
        run.acquisition.plan(self._plan(shot))
        result = await self._integrate(shot, began_s)
        start_s, end_s = result.start_s, result.end_s
        verdicts: list[Verdict] = []

        def label(levels: Levels) -> list[Card]:
            verdicts.append(judge(start_s, shot.dit_s, levels))
            who = cards.Contributor("SEQ engine", end_s)
            return [who.card("ESO SEQ VERDICT", verdicts[0].name, "what the frame is worth")]

        client = run.devices.detectors[shot.camera]
        late = cards.exposed_cards(self.config(shot.camera), result, client, run)
        late += cards.sidereal_cards(run, start_s) + cards.stop_cards(run, "END")
        if shot.on_sky:
            late += cards.telescope_cards(run, "END")
        stored = await run.acquisition.store(shot.exposure, late, STORE_DEADLINE_S, label)
        run.frames += 1
        run.feed.offer(FrameNotice(run.frames, stored.file, shot.exposure, run.template_index, stored.sha256))
        return stored, verdicts[0]

    async def probe(self, shot: Shot, ready: Ready) -> tuple[float, Levels]:
        """One exposure off the record: (start_s, levels). Raises as `take_once`."""
        began_s = self._run.clock.now()
        await ready()
        shot = self._numbered(shot)
        self._run.acquisition.plan(self._plan(shot, off_the_record=True))
        result = await self._integrate(shot, began_s)
        levels = await self._run.acquisition.level_only(shot.exposure, STORE_DEADLINE_S)
        return result.start_s, levels

    async def abort(self) -> None:
        """End every exposure under way, now."""
        detectors = self._run.devices.detectors
        await asyncio.gather(
            *(detectors[camera].abort(exposure=exposure) for camera, exposure in self._busy.items())
        )

    def config(self, camera: str) -> DetectorConfig:
        """Detector behind a camera name."""
        return self._run.instrument.detectors[camera]

    def _numbered(self, shot: Shot) -> Shot:
        run = self._run
        run.exposures += 1
        return replace(
            shot, exposure=f"{run.run_id}/{run.template_index:02d}/{run.exposures:05d}/{shot.camera}"
        )

    def _plan(self, shot: Shot, *, off_the_record: bool = False) -> ExposurePlan:
        run = self._run
        config = self.config(shot.camera)
        client = run.devices.detectors[shot.camera]
        mode = config.modes[shot.mode]
        nx, ny = client.state.window_px
        return ExposurePlan(
            exposure=shot.exposure,
            detector=client.name,
            camera=shot.camera,
            file_name="" if off_the_record else run.names.allot(self._opening_s(shot), run.template_name),
            start_cards=cards.start_cards(config, shot, client, run),
            chips=config.chips,
            layout=config.layout,
            gain_e_adu=mode.gain_e_adu,
            bias_adu=mode.bias_adu,
            full_well_e=mode.full_well_e,
            expected_shape=(ny, nx),
        )

    def _settling(self, shot: Shot) -> int:
        """Settling reads due because DIT or read-out mode change."""
        if self._last.get(shot.camera) == (shot.mode, shot.dit_s):
            return 0
        return self.config(shot.camera).settle_exposures if shot.settle is None else shot.settle

    def _opening_s(self, shot: Shot) -> float:
        """When the exposure will begin, its settling reads done: what its file is named after."""
        overhead_s = self.config(shot.camera).modes[shot.mode].overhead_s
        return self._run.clock.now() + self._settling(shot) * (shot.dit_s * shot.ndit + overhead_s)

    async def _integrate(self, shot: Shot, began_s: float) -> Exposed:
        client = self._run.devices.detectors[shot.camera]
        settle = self._settling(shot)
        self._busy[shot.camera] = shot.exposure
        try:
            with self._run.doing(f"{shot.camera} exposing {shot.dit_s:g} s x{shot.ndit}"):
                show(self._run, shot, shot.good)
                ready_s = round(self._run.clock.now() - began_s, 3)
                self._run.log("exposure", **_intent(self._run, shot), settle=settle, ready_s=ready_s)
                result = await client.expose(
                    exposure=shot.exposure, dit_s=shot.dit_s, ndit=shot.ndit, mode=shot.mode, settle=settle
                )
        except BaseException as error:
            self._run.acquisition.discard(shot.exposure)
            raise self._cause(error) from None
        finally:
            del self._busy[shot.camera]
        self._last[shot.camera] = (shot.mode, shot.dit_s)
        return result

    def _cause(self, error: BaseException) -> BaseException:
        """What really ended an exposure that was aborted."""
        control = self._run.control
        if not isinstance(error, CommandAborted):
            return error
        if control.window_over:
            return WindowOver(control.window_over)
        return EndedForPause() if control.pausing else error


def _intent(run: RunContext, shot: Shot) -> dict[str, str | int | float | dict[str, str]]:
    return {
        "exposure": shot.exposure,
        "template": run.template_index,
        "detector": run.devices.detectors[shot.camera].name,
        "camera": shot.camera,
        "filter": shot.filter,
        "airmass": round(run.airmass, 4),
        "dit_s": shot.dit_s,
        "ndit": shot.ndit,
        "mode": shot.mode,
        "i": shot.i,
        "n": shot.n,
        "predicted_fraction": shot.predicted_fraction,
        "kind": shot.kind,
        "light_stops": run.light_stops,
    }
