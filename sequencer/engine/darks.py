"""A series of darks on one camera: nothing may let light in, before, during or after an exposure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sequencer.acquisition import Levels
from sequencer.engine.context import RunContext
from sequencer.engine.exposing import Exposer
from sequencer.engine.frame_log import log_frame
from sequencer.engine.shot import Shot
from sequencer.exposure import Verdict


class NotDark(Exception):
    """A dark was asked for while something is not read back closed or off."""


class Darks:
    """Exposes darks with the light stops of these roles (shutter, cover) read back closed."""

    def __init__(self, run: RunContext, exposer: Exposer, closed: tuple[str, ...]) -> None:
        self._run = run
        self._exposer = exposer
        self._closed = closed

    async def take(self, camera: str, shots: Iterable[Shot]) -> None:
        """Expose the shots one after the other. Raises NotDark.

        A frame after which a light stop is found open is kept, marked unstable, and ends the series.
        """
        modes = self._exposer.config(camera).modes
        for shot in shots:
            await self._run.control.checkpoint()
            shot = replace(shot, good=shot.i - 1)
            frame, verdict = await self._exposer.take(shot, self._judge, self._ready)
            log_frame(self._run, shot, frame, verdict, modes[shot.mode].full_well_e)
            if not verdict.good:
                raise NotDark(verdict.reason)
            await self._run.time_left.taken(shot)

    async def _ready(self) -> None:
        if found := self._light():
            raise NotDark(f"{found}, a dark needs it closed")

    def _judge(self, start_s: float, dit_s: float, levels: Levels) -> Verdict:
        if found := self._light():
            return Verdict("unstable", f"after the exposure {found}: light may have come in")
        return Verdict("good", f"dark, {' and '.join(self._closed)} read back closed")

    def _light(self) -> str:
        """Which light stop is not read back closed; empty when all are."""
        for role, stop in (("shutter", self._run.shutter), ("cover", self._run.cover)):
            if role in self._closed and stop is not None and not stop.closed:
                return f"the {role} ({stop.name}) reads back {stop.position}"
        return ""
