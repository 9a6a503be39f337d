"""Twilight flats: empty sky opposite the Sun, several illumination levels, a DIT ladder, and the matching darks.

The order is that of the source document: point, set the fore-optics while the telescope moves, set the camera,
find the DIT, expose, repeat at the other levels, close and hand the telescope back. `SEQ.*` are its parameters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from itertools import zip_longest
from typing import Any

from sequencer.engine.beam import Openings
from sequencer.engine.observation import Observation
from sequencer.engine.series import FlatSeries
from sequencer.observing.planning import Level
from sequencer.sky import NoTwilight
from templates.flat_program import FlatProgram
from templates.matching_darks import matching_darks
from templates.parameters import fore_optics, mask_positions, openings

Parameters = dict[str, Any]


async def run(obs: Observation, p: Parameters) -> None:
    """Take twilight flats as the parameters say. Raises NoTwilight when there is none to work in."""
    obs.light.protect = p["SEQ.PROTECT"]
    window = obs.find_window(p["SEQ.TWILIGHT"], (p["SEQ.SUNALT.MIN"], p["SEQ.SUNALT.MAX"]))
    flats = TwilightFlats(obs, p, FlatProgram(obs, p))
    plan = flats.program.plan
    await plan.announce()
    if window.start_s - obs.run.clock.now() > p["SEQ.TWILIGHT.WAIT"]:
        raise NoTwilight(
            f"the twilight begins only in {(window.start_s - obs.run.clock.now()) / 60.0:.0f} minutes"
        )
    obs.say("Waiting")
    await obs.wait_until(plan.begin_s, "waiting for the twilight")
    async with plan.carried_out():
        async with obs.within(window):
            for number, level in enumerate(plan.levels, start=1):
                async with obs.level():
                    await plan.arrive(level.requested)
                    await flats.point(level)
                    await obs.wait_until(window.start_s, "waiting for the twilight")
                    await flats.expose(number, level)
                    if number == 1 and flats.program.ends_with_ladder:
                        await flats.ladder(level)
    await obs.hand_over()
    taken = flats.program.taken()
    if p["SEQ.DARK"] and any(taken.values()):
        await matching_darks(obs, p, taken)


class TwilightFlats:
    """The moves and exposures of the program."""

    def __init__(self, obs: Observation, p: Parameters, program: FlatProgram) -> None:
        self.obs = obs
        self.p = p
        self.program = program
        self.openings: Openings = openings(obs.instrument, p)

    async def point(self, level: Level) -> None:
        """Preset the telescope and, while it moves, set the common fore-optics and the cameras."""
        self.obs.say("Presetting")
        await self.obs.shut()
        moves: list[Awaitable[Any]] = [self.obs.set_up(fore_optics(self.obs.instrument, self.p))]
        if self.p["SEQ.PRESET"]:
            span_s = self.program.plan.span_s(level.requested)
            moves.append(self.obs.patch.go(level.airmass, span_s, self.p["SEQ.AIRMASS.LIST"]))
        await asyncio.gather(*moves)

    async def expose(self, number: int, level: Level) -> None:
        """Cycle through the filters, NEXPO exposures each; with several cameras these expose in parallel."""
        cycles: int = self.p["SEQ.NCYCLES"]
        for cycle in range(1, cycles + 1):
            for names in zip_longest(*self.program.filters.values()):
                turn = zip(self.program.filters, names, strict=True)
                named = [self.program.series[camera, name] for camera, name in turn if name]
                await self.obs.patch.keep(self.program.plan.left_s(level.requested))
                if due := [series for series in named if await self._begins(series, level)]:
                    await self._put_filters(due)
                    await self.obs.side_by_side(self._take(series, number, level) for series in due)
                ended = [series for series in due if cycle == cycles or series.stopped]
                await self.program.over(ended, level, self.program.kind)

    async def ladder(self, level: Level) -> None:
        """A DIT ladder in one filter of each camera, in passes of alternating direction so that drift cancels."""
        if due := [series for camera in self.program.filters if (series := self._ladder_series(camera))]:
            await self._put_filters(due)
            await self.obs.side_by_side(self._climb(series, level) for series in due)
            await self.program.over(due, level, "ladder")

    async def _begins(self, series: FlatSeries, level: Level) -> bool:
        """Whether a filter may be exposed; one that may not stays out of the beam."""
        given_up = series.stopped
        if series.begin():
            return True
        if not given_up:
            self._lament(series, level, 0, self.p["SEQ.NEXPO"])
        await self.program.over([series], level, self.program.kind)
        return False

    async def _put_filters(self, due: list[FlatSeries]) -> None:
        """Filters of these series into the beam, the masks of all other cameras closed."""
        self.obs.say("SettingUp")
        cameras = self.obs.instrument.cameras
        filters = {cameras[series.label.camera].filter_keyword: series.label.filter for series in due}
        lit = [series.label.camera for series in due if not series.belief.too_bright()]
        await self.obs.set_up(filters | mask_positions(self.obs.instrument, self.p, lit))

    async def _take(self, series: FlatSeries, number: int, level: Level) -> None:
        if self.p["SEQ.MODE"] == "LADDER":
            await self._climb(series, level)
            return
        self.obs.say("Exposing")
        n = self.p["SEQ.NEXPO"]
        async with self.obs.beam.reading(series.label.camera, self.openings) as beam:
            good = await series.take(n, number, level.requested, beam)
        if good < n:
            self._lament(series, level, good, n)

    async def _climb(self, series: FlatSeries, level: Level) -> None:
        self.obs.say("Exposing")
        levels, passes = self.p["SEQ.LEVEL.LIST"], self.program.passes
        async with self.obs.beam.reading(series.label.camera, self.openings) as beam:
            good = await series.take_ladder(levels, passes, level.requested, beam)
        if good < len(levels) * passes:
            self._lament(series, level, good, len(levels) * passes, series.ladder_ended)

    def _ladder_series(self, camera: str) -> FlatSeries | None:
        found = self.program.ladder_series(camera)
        if found is None:
            self.obs.warn(
                f"{camera}: no filter reaches every rung of the DIT ladder",
                "no linearity product",
                "shorten SEQ.LEVEL.LIST",
            )
        return found

    def _lament(self, series: FlatSeries, level: Level, good: int, n: int, ended: str = "") -> None:
        label, reason = series.label, series.stopped or ended
        why = f" ({reason})" if reason else ""
        self.obs.warn(
            f"{label.camera} {label.filter} at airmass {level.airmass:.2f}: {good} of {n} good flats{why}",
            "the master flat of this level is noisier or missing",
            "repeat the filter in another twilight, or allow a neutral density filter",
        )
