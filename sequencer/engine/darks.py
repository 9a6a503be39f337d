"""A series of darks on one camera: nothing may let light in, before, during or after an exposure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

from sequencer.acquisition import Levels
from sequencer.engine import alarms
from sequencer.engine.context import RunContext
from sequencer.engine.exposing import Exposer
from sequencer.engine.shot import Shot
from sequencer.exposure import DarkLevel, Verdict, dark_verdict

MAX_NOT_DARK = 3
"""Darks in a row that are none and get no darker, after which the camera's others are given up (assumed)."""

MOST_ATTEMPTS = 10
"""Attempts at one dark while they get darker, as persistence fades (assumed)."""

FADES = 0.97
"""Share of the level before below which a dark has got darker (assumed)."""


class NotDark(Exception):
    """A dark was asked for while something is not read back closed or off, or while light comes in all the same."""


class Darks:
    """Exposes darks with the light stops of these roles (shutter, cover) read back closed.

    A frame with another level than a closed detector gives is kept, marked, and taken again. `given_up` says why, of
    cameras that stayed in the light.
    """

    def __init__(self, run: RunContext, exposer: Exposer, closed: tuple[str, ...]) -> None:
        self.given_up: list[str] = []
        self._run = run
        self._exposer = exposer
        self._closed = closed

    async def take(self, camera: str, shots: Iterable[Shot]) -> None:
        """Expose the shots one after the other, as long as the camera is in the dark. Raises NotDark, DetectorFault.

        A frame after which a light stop is found open is kept, marked unstable, and ends the series of all cameras.
        """
        for shot in shots:
            if not_dark := await self._take(replace(shot, good=shot.i - 1)):
                self.given_up.append(f"{camera}: too many darks in a row were none; the last: {not_dark}")
                return
            await self._run.time_left.taken(shot)

    async def _take(self, shot: Shot) -> str:
        """One good dark; else, after `MAX_NOT_DARK` attempts or more while the light fades, why the last was none."""
        reason, level_e, steady = "", math.inf, 0
        for _ in range(MOST_ATTEMPTS):
            await self._run.control.checkpoint()
            frame, verdict = await self._exposer.take(shot, self._judge_of(shot), self._ready)
            if verdict.good and frame is not None:
                self._earlier(shot).append(frame.levels.level_e)
                return ""
            if self._light():
                raise NotDark(verdict.reason)
            reason = verdict.reason
            if verdict.name != "impossible":
                alarms.light_in_a_dark(self._run, shot.camera, f"{shot.kind} of {shot.dit_s:g} s: {reason}")
            before_e, level_e = level_e, frame.levels.level_e if frame else level_e
            steady = 1 if level_e < FADES * before_e else steady + 1
            if steady == MAX_NOT_DARK:
                break
        return reason

    async def _ready(self) -> None:
        if found := self._light():
            raise NotDark(f"{found}, a dark needs it closed")

    def _judge_of(self, shot: Shot) -> Callable[[float, float, Levels], Verdict]:
        mode = self._exposer.config(shot.camera).modes[shot.mode]
        expected = DarkLevel(
            dark_e=mode.dark_e_s * shot.dit_s,
            read_noise_e=mode.read_noise_e,
            full_well_e=mode.full_well_e,
            pedestal_e=mode.bias_adu * mode.gain_e_adu,
        )

        def judge(start_s: float, dit_s: float, levels: Levels) -> Verdict:
            if found := self._light():
                return Verdict("unstable", f"after the exposure {found}: light may have come in")
            return dark_verdict(levels.level_e, expected, self._earlier(shot), " and ".join(self._closed))

        return judge

    def _earlier(self, shot: Shot) -> list[float]:
        """Levels in electrons of the run's good darks of the same read-out."""
        key = (shot.camera, shot.mode, shot.dit_s, shot.ndit)
        return self._run.dark_levels_e.setdefault(key, [])

    def _light(self) -> str:
        """Which light stop is not read back closed; empty when all are."""
        for role, stop in (("shutter", self._run.shutter), ("cover", self._run.cover)):
            if role in self._closed and stop is not None and not stop.closed:
                return f"the {role} ({stop.name}) reads back {stop.position}"
        return ""
