"""What a twilight flat template is going to expose: levels, filters, series, and the plan of all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sequencer.engine.live_plan import LivePlan
from sequencer.engine.observation import Observation
from sequencer.engine.series import FlatSeries
from sequencer.engine.shot import Shot
from sequencer.observing.planning import Level, Series, level_plan
from templates.parameters import camera_filters, detector_parameter

Parameters = dict[str, Any]


class FlatProgram:
    """The series of all filters of all cameras by (camera, filter), the illumination levels, and the plan.

    `filters` are those of each camera in the order of their turns, as planned.
    """

    def __init__(self, obs: Observation, p: Parameters) -> None:
        self._obs = obs
        self._p = p
        self.plan: LivePlan = obs.plan()
        self.levels = self.plan.levels
        given = camera_filters(obs.instrument, p)
        self.series = {
            (camera, name): self._new_series(camera, name)
            for camera, names in given.items()
            for name in names
        }
        self.filters = {camera: self.plan.order[camera] for camera in given}

    @property
    def kind(self) -> str:
        """Kind of the frames of a filter's turn."""
        return "ladder" if self._p["SEQ.MODE"] == "LADDER" else "flat"

    @property
    def ends_with_ladder(self) -> bool:
        """Whether a DIT ladder follows the flats of the first level."""
        return bool(self._p["SEQ.LEVEL.LIST"]) and self._p["SEQ.MODE"] in ("FIXED", "AIRMASS")

    @property
    def passes(self) -> int:
        """Passes through a DIT ladder: NEXPO; after flats an even number, so that drift cancels."""
        n: int = self._p["SEQ.NEXPO"]
        return n + n % 2 if self.ends_with_ladder else n

    def ladder_series(self, camera: str) -> FlatSeries | None:
        """The series for a camera's DIT ladder: the first that reaches every rung now."""
        wanted = self._p.get("SEQ.LEVEL.FILT") or self.filters[camera]
        for name in self.filters[camera]:
            series = self.series[camera, name]
            if name in wanted and not series.stopped:
                if all(rung.reachable for rung in series.rungs(self._p["SEQ.LEVEL.LIST"])):
                    return series
        return None

    async def over(self, ended: Iterable[FlatSeries], level: Level, kind: str) -> None:
        """Series at one level are over, or will never be; of a filter given up every level is."""
        await self.plan.over(
            [
                Series(one.label.camera, one.label.filter, at.requested, kind)
                for one in ended
                for at in (self.levels if one.stopped else [level])
            ]
        )

    def taken(self) -> dict[str, set[tuple[str, float, int]]]:
        """(mode, DIT, NDIT) of every good frame, by camera."""
        used: dict[str, set[tuple[str, float, int]]] = {camera: set() for camera in self.filters}
        for (camera, _), series in self.series.items():
            used[camera] |= series.taken
        return used

    def _new_series(self, camera: str, name: str) -> FlatSeries:
        p, config = self._p, self._obs.instrument.cameras[camera]
        detector = self._obs.instrument.detectors[config.detector]
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
        airmasses = tuple(level.airmass for level in self.levels)
        plan = level_plan(p, self.plan.window.kind, airmasses, label.ndit)  # type: ignore[arg-type]
        return self._obs.flat_series(label, plan, p.get(config.nd_keyword) or "")
