"""Twilight flats: empty sky opposite the Sun, several illumination levels, a DIT ladder, and the matching darks.

The order is that of the source document: point, set the fore-optics while the telescope moves, set the camera,
find the DIT, expose, repeat at the other levels, close and hand the telescope back. `SEQ.*` are its parameters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from itertools import zip_longest
from typing import Any

from sequencer.engine.flat_plan import FlatPlan, Level, plan_series, reachable_levels
from sequencer.engine.observation import Observation
from sequencer.engine.series import FlatSeries
from sequencer.engine.shot import Shot
from sequencer.exposure import LevelPlan
from sequencer.sky import NoTwilight
from templates.matching_darks import matching_darks
from templates.parameters import camera_filters, detector_parameter, mechanism_parameters, sun_limits

Parameters = dict[str, Any]


async def run(obs: Observation, p: Parameters) -> None:
    """Take twilight flats as the parameters say. Raises NoTwilight when there is none to work in."""
    obs.protect = p["SEQ.PROTECT"]
    window = obs.find_window(p["SEQ.TWILIGHT"], sun_limits(obs.instrument, p))
    flats = TwilightFlats(obs, p, window.kind)
    obs.announce(flats.plan)
    if window.start_s - obs.run.clock.now() > p["SEQ.TWILIGHT.WAIT"]:
        raise NoTwilight(
            f"the twilight begins only in {(window.start_s - obs.run.clock.now()) / 60.0:.0f} minutes"
        )
    obs.say("Waiting")
    await obs.wait_until(window.start_s, "waiting for the twilight")
    async with obs.within(window):
        for number, level in enumerate(flats.levels, start=1):
            async with obs.level():
                await flats.point(level)
                await flats.expose(number, level)
                if number == 1 and p["SEQ.LEVEL.LIST"] and p["SEQ.MODE"] in ("FIXED", "AIRMASS"):
                    await flats.ladder(level)
    await obs.hand_over()
    if p["SEQ.DARK"]:
        await matching_darks(obs, p, flats.taken())


class TwilightFlats:
    """The series of all filters of all cameras, and the moves between them."""

    def __init__(self, obs: Observation, p: Parameters, direction: str) -> None:
        self.obs = obs
        self.p = p
        self.direction = direction
        self.filters = camera_filters(obs.instrument, p)
        self.levels = reachable_levels(obs.run, p["SEQ.AIRMASS.LIST"])
        self.series = {
            (camera, name): self._new_series(camera, name)
            for camera, names in self.filters.items()
            for name in names
        }
        rows = [row for one in self.series.values() for row in plan_series(one, self.levels, p["SEQ.NEXPO"])]
        self.plan = FlatPlan(obs.run, rows)

    async def point(self, level: Level) -> None:
        """Preset the telescope and, while it moves, set the common fore-optics and the cameras."""
        self.obs.say("Presetting")
        await self.obs.shut()
        moves: list[Awaitable[Any]] = [self.obs.set_up(self._fore_optics())]
        if self.p["SEQ.PRESET"]:
            moves.append(self.obs.preset_patch(level.airmass))
        await asyncio.gather(*moves)

    async def expose(self, number: int, level: Level) -> None:
        """Cycle through the filters, NEXPO exposures each; with several cameras these expose in parallel."""
        for _ in range(self.p["SEQ.NCYCLES"]):
            for names in zip_longest(*self.filters.values()):
                chosen = {camera: name for camera, name in zip(self.filters, names, strict=True) if name}
                await self._put_filters(chosen)
                self.obs.say("Exposing")
                await asyncio.gather(
                    *(self._take(camera, name, number, level) for camera, name in chosen.items())
                )

    async def ladder(self, level: Level) -> None:
        """A DIT ladder in one filter of each camera, in passes of alternating direction so that drift cancels."""
        chosen = {camera: name for camera in self.filters if (name := self._ladder_filter(camera))}
        await self._put_filters(chosen)
        passes = self.p["SEQ.NEXPO"] + self.p["SEQ.NEXPO"] % 2
        levels = self.p["SEQ.LEVEL.LIST"]
        await asyncio.gather(
            *(
                self.series[camera, name].take_ladder(levels, passes, level.requested, self._open)
                for camera, name in chosen.items()
            )
        )

    def taken(self) -> dict[str, set[tuple[str, float, int]]]:
        """(mode, DIT, NDIT) of every frame taken, by camera."""
        used: dict[str, set[tuple[str, float, int]]] = {camera: set() for camera in self.filters}
        for (camera, _), series in self.series.items():
            used[camera] |= series.taken
        return used

    async def _take(self, camera: str, name: str, number: int, level: Level) -> None:
        series = self.series[camera, name]
        if series.stopped:
            return
        if self.p["SEQ.MODE"] == "LADDER":
            await series.take_ladder(
                self.p["SEQ.LEVEL.LIST"], self.p["SEQ.NEXPO"], level.requested, self._open
            )
            return
        good = await series.take(self.p["SEQ.NEXPO"], number, level.requested, self._open)
        self.plan.done(camera, name, level.requested)
        if good < self.p["SEQ.NEXPO"]:
            self.obs.warn(
                f"{camera} {name} at airmass {level.airmass:.2f}: {good} of {self.p['SEQ.NEXPO']} good flats"
                + (f" ({series.stopped})" if series.stopped else ""),
                "the master flat of this level is noisier or missing",
                "repeat the filter in another twilight, or allow a neutral density filter",
            )

    def _new_series(self, camera: str, name: str) -> FlatSeries:
        p, detector = self.p, self.obs.instrument.detectors[self.obs.instrument.cameras[camera].detector]
        label = Shot(
            camera=camera,
            kind="flat",
            filter=name,
            dit_s=0.0,
            ndit=detector_parameter(p, detector, "NDIT", 1),
            mode=detector_parameter(p, detector, "NCORRS.NAME", detector.default_mode),
            settle=detector_parameter(p, detector, "NSETTLE", None),
            dpr_catg=p["DPR.CATG"],
            dpr_type=p["DPR.TYPE"],
            dpr_tech=detector.dpr_tech,
            on_sky=True,
        )
        plan = LevelPlan(
            mode=p["SEQ.MODE"],
            direction=self.direction,  # type: ignore[arg-type]
            target_fraction=p["SEQ.LEVEL.TARGET"],
            tolerance=p["SEQ.LEVEL.TOL"],
            max_fraction=p["SEQ.LEVEL.MAX"],
            airmasses=tuple(level.airmass for level in self.levels),
            integration_s=p.get("SEQ.TIME") or None,
            sun_limits_deg=sun_limits(self.obs.instrument, p),
        )
        return self.obs.flat_series(label, plan)

    def _ladder_filter(self, camera: str) -> str:
        wanted = self.p.get("SEQ.LEVEL.FILT") or self.filters[camera]
        for name in self.filters[camera]:
            series = self.series[camera, name]
            if name in wanted and not series.stopped:
                if all(rung.reachable for rung in series.rungs(self.p["SEQ.LEVEL.LIST"])):
                    return name
        self.obs.warn(
            f"{camera}: no filter reaches every rung of the DIT ladder",
            "no linearity product",
            "shorten SEQ.LEVEL.LIST",
        )
        return ""

    async def _put_filters(self, chosen: dict[str, str]) -> None:
        cameras = self.obs.instrument.cameras
        self.obs.say("SettingUp")
        await self.obs.set_up({cameras[camera].filter_keyword: name for camera, name in chosen.items()})

    async def _open(self) -> None:
        instrument = self.obs.instrument
        await self.obs.open(self.p.get(instrument.shutter.mechanism), self.p.get(instrument.cover.mechanism))

    def _fore_optics(self) -> dict[str, str]:
        """The twilight set-up with the block's own positions, closing the cameras that are not used."""
        instrument = self.obs.instrument
        filters = {camera.filter_keyword for camera in instrument.cameras.values()}
        stops = {instrument.shutter.mechanism, instrument.cover.mechanism}
        positions = {**instrument.setups.get("twilight", {}), **mechanism_parameters(instrument, self.p)}
        positions = {key: position for key, position in positions.items() if key not in filters | stops}
        for name, camera in instrument.cameras.items():
            if name not in self.filters and camera.mask_closed:
                positions[camera.mask_keyword] = camera.mask_closed
        return positions
