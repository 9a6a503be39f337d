"""Taking one exposure: labels first, then light, then a durable file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from sequencer.acquisition import Card, ExposurePlan, FrameRefused, Levels, StoredFrame, impossible
from sequencer.config.models import DetectorConfig, ReadoutMode
from sequencer.devices.detector import BAD_FRAME, Exposed
from sequencer.engine import alarms, cards, late
from sequencer.engine.context import RunContext
from sequencer.engine.control import WindowOver
from sequencer.engine.frame_log import log_frame, show
from sequencer.engine.shot import Shot
from sequencer.exposure import Verdict
from sequencer.reduction import FrameNotice
from sequencer.wire.errors import CommandAborted, DeviceError, NoAnswer

Judge = Callable[[float, float, Levels], Verdict]
"""(start_s, dit_s, levels) -> verdict."""

STORE_DEADLINE_S = 60.0
"""How long pixels may take from the detector to a durable file; the largest frame takes 0.1 s (assumed generous)."""


MAX_IMPOSSIBLE = 3
"""Frames in a row of a detector that cannot be true, after which it is not asked again (assumed)."""

Ready = Callable[[], Awaitable[None]]
"""Brings light onto the detector, or sees that it is dark; does nothing when all is as it should be."""


async def _ready() -> None:
    return None


class EndedForPause(Exception):
    """The operator wants a pause at once: the exposure has ended without a frame."""


class DetectorFault(Exception):
    """A detector delivers what cannot be true, frame after frame."""


class Exposer:
    """Takes exposures for one run and keeps what was set before, so that detectors settle when it changes.

    A frame that cannot be true of light and silicon is the detector's fault: its verdict is "impossible", the operator
    is told, and whoever asked takes the next one. `MAX_IMPOSSIBLE` in a row raise DetectorFault.
    """

    def __init__(self, run: RunContext) -> None:
        self._run = run
        self._last: dict[str, tuple[str, float]] = {}
        self._busy: dict[str, str] = {}
        self._impossible: dict[str, int] = {}

    async def take(self, shot: Shot, judge: Judge, ready: Ready = _ready) -> tuple[StoredFrame | None, Verdict]:
        """One exposure into a file, judged, in the journal; one that `pause --now` ended is repeated after the pause.

        `ready` brings the light, or checks the dark, before it. The frame is None when it could not even be written:
        it is impossible then. Raises DetectorFault, CommandAborted, WindowOver, or what devices and acquisition raise.
        """
        while True:
            try:
                return await self.take_once(shot, judge, ready)
            except EndedForPause:
                await self._run.control.checkpoint()

    async def take_once(
        self, shot: Shot, judge: Judge, ready: Ready
    ) -> tuple[StoredFrame | None, Verdict]:
        """As `take`, but raises EndedForPause: the sky will be another one after the pause."""
        began_s = self._run.clock.now()
        await ready()
        run = self._run
        shot = run.tally.numbered(self._numbered(shot))
        run.acquisition.plan(self._plan(shot))
        try:
            result = await self._integrate(shot, began_s, kept=True)
        except DeviceError as error:
            return None, await self._withheld(shot, error)
        return await self.keep(shot, result, judge)

    async def keep(
        self, shot: Shot, result: Exposed, judge: Judge
    ) -> tuple[StoredFrame | None, Verdict]:
        """Store the frame of an exposure that was taken, judged; raises what the acquisition raises, and
        DetectorFault."""
        run = self._run
        stored, verdict = await self._store(shot, result, judge)
        if stored is not None:
            run.frames += 1
            log_frame(run, shot, stored, verdict, self._mode(shot).full_well_e)
            run.feed.offer(FrameNotice(run.frames, stored.file, shot.exposure, run.template_index, stored.sha256))
        self._count(shot, verdict)
        return stored, verdict

    async def probe(self, shot: Shot, judge: Judge, ready: Ready) -> tuple[Levels | None, Verdict]:
        """One exposure off the record, judged: its levels, None of a frame that was refused. Raises as `take_once`."""
        began_s = self._run.clock.now()
        await ready()
        shot = self._numbered(shot)
        self._run.acquisition.plan(self._plan(shot, off_the_record=True))
        levels: Levels | None = None
        try:
            result = await self._integrate(shot, began_s, kept=False)
        except DeviceError as error:
            return None, await self._withheld(shot, error)
        try:
            levels = await self._run.acquisition.level_only(shot.exposure, STORE_DEADLINE_S)
            verdict = self._judged(shot, judge, result.start_s, levels)
        except FrameRefused as error:
            verdict = await self._refused(shot, error)
        self._count(shot, verdict)
        return levels, verdict

    async def abort(self) -> None:
        """End every exposure under way, now."""
        detectors = self._run.devices.detectors
        await asyncio.gather(
            *(detectors[camera].abort(exposure=exposure) for camera, exposure in self._busy.items())
        )

    def config(self, camera: str) -> DetectorConfig:
        """Detector behind a camera name."""
        return self._run.instrument.detectors[camera]

    async def _store(
        self, shot: Shot, result: Exposed, judge: Judge
    ) -> tuple[StoredFrame | None, Verdict]:
        run, verdicts = self._run, list[Verdict]()

        def label(levels: Levels) -> list[Card]:
            verdicts.append(self._judged(shot, judge, result.start_s, levels))
            who = cards.Contributor("SEQ engine", result.end_s)
            return [who.card("ESO SEQ VERDICT", verdicts[-1].name, "what the frame is worth")]

        client = run.devices.detectors[shot.camera]
        late = cards.exposed_cards(self.config(shot.camera), result, client, run)
        late += cards.sidereal_cards(run, result.start_s) + cards.stop_cards(run, "END")
        if shot.on_sky:
            late += cards.telescope_cards(run, "END")
        try:
            stored = await run.acquisition.store(shot.exposure, late, STORE_DEADLINE_S, label)
        except FrameRefused as error:
            return None, await self._refused(shot, error)
        return stored, verdicts[-1]

    def _judged(self, shot: Shot, judge: Judge, start_s: float, levels: Levels) -> Verdict:
        """The verdict of light and silicon first: of what cannot be, nobody else may learn."""
        even = shot.kind != "script"
        if fault := impossible(levels, self._mode(shot), shot.ndit, lit=shot.on_sky, even=even):
            return Verdict("impossible", fault)
        return judge(start_s, shot.dit_s, levels)

    async def _refused(self, shot: Shot, error: FrameRefused) -> Verdict:
        path = await self._run.acquisition.set_aside(shot.exposure)
        return Verdict("impossible", f"{error.reason}; it is kept as {path}")

    async def _withheld(self, shot: Shot, error: DeviceError) -> Verdict:
        """A frame that the detector's server itself would not hand over is one that cannot be true; the server is made
        ready for the next. Raises any other error of the device, and DetectorFault."""
        if error.code != BAD_FRAME:
            raise error
        await self._run.devices.detectors[shot.camera].bring_up()
        verdict = Verdict("impossible", f"the detector would not deliver it: {error.text}")
        self._count(shot, verdict)
        return verdict

    def _count(self, shot: Shot, verdict: Verdict) -> None:
        """Tell of a frame that cannot be true; one that can ends the row."""
        if verdict.name != "impossible":
            self._impossible[shot.camera] = 0
            return
        count = self._impossible[shot.camera] = self._impossible.get(shot.camera, 0) + 1
        detector = self._run.devices.detectors[shot.camera].name
        alarms.impossible_frame(self._run, detector, shot.exposure, verdict.reason)
        if count >= MAX_IMPOSSIBLE:
            raise DetectorFault(f"{detector}: {count} frames in a row cannot be true; the last: {verdict.reason}")

    def _mode(self, shot: Shot) -> ReadoutMode:
        return self.config(shot.camera).modes[shot.mode]

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
        mode = self._mode(shot)
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
        overhead_s = self._mode(shot).overhead_s
        return self._run.clock.now() + self._settling(shot) * (shot.dit_s * shot.ndit + overhead_s)

    async def _integrate(self, shot: Shot, began_s: float, *, kept: bool) -> Exposed:
        """Expose; the frame of one that is `kept` may come late. Raises what the detector raises."""
        client = self._run.devices.detectors[shot.camera]
        settle = self._settling(shot)
        self._busy[shot.camera] = shot.exposure
        try:
            with self._run.doing(f"{shot.camera} exposing {shot.dit_s:g} s x{shot.ndit}"):
                show(self._run, shot, shot.good)
                ready_s = round(self._run.clock.now() - began_s, 3)
                self._run.intend("exposure", **_intent(self._run, shot), settle=settle, ready_s=ready_s)
                result = await client.expose(
                    exposure=shot.exposure, dit_s=shot.dit_s, ndit=shot.ndit, mode=shot.mode, settle=settle
                )
        except NoAnswer:
            if kept:
                late.expect(self._run, self.keep, shot)
            else:
                self._run.acquisition.discard(shot.exposure)
            raise
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
