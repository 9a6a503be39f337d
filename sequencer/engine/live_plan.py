"""The plan of a twilight while it is carried out: what is still to do, how long it takes, and whether it fits."""

from __future__ import annotations

from sequencer.engine.context import RunContext
from sequencer.observing import TemplateCall
from sequencer.observing.planning import Level, TwilightPlan, pace_of, plan_twilight, reachable_levels


class LivePlan:
    """The plan of one twilight template, made when it begins, and how much of it is left.

    `levels` are the illumination levels by airmass; one that cannot be had raises an alarm. Raises sky.NoTwilight.
    """

    def __init__(self, run: RunContext, call: TemplateCall) -> None:
        self._run = run
        self._pace = pace_of(run.instrument)
        self.plan: TwilightPlan = plan_twilight(
            call, run.instrument, run.site, run.clock.now(), self._pace, run.rates.known()
        )
        self.levels: list[Level]
        self.levels, unreachable = reachable_levels(call.parameters["SEQ.AIRMASS.LIST"], run.instrument)
        for reason in unreachable:
            run.alarm(reason, "the flats of this level are missing", "leave it out of SEQ.AIRMASS.LIST")
        self._left = [row for row in self.plan.rows if row.kind != "dark"]
        self._tell()

    @property
    def needed_s(self) -> float:
        """Time the series not yet done will take, one preset an airmass included; cameras work side by side."""
        presets = len({row.requested_airmass for row in self._left})
        by_camera: dict[str, float] = {}
        for row in self._left:
            by_camera[row.camera] = by_camera.get(row.camera, 0.0) + row.seconds
        return presets * self._pace.preset_s + max(by_camera.values(), default=0.0)

    def announce(self) -> None:
        """Write the plan down, for the operator and for the report; the darks follow when their DITs are known."""
        plain = self.plan.plain()
        plain["rows"] = [row for row in plain["rows"] if row["kind"] != "dark"]
        self._run.log("plan", **{**plain, "needed_s": self.needed_s})

    def span_s(self, requested_airmass: float) -> float:
        """How long a level will be looked at: from its first opening to its last closing."""
        spans = [
            aim.end_s - aim.start_s for aim in self.plan.aims if aim.requested_airmass == requested_airmass
        ]
        return max(spans, default=0.0)

    def left_s(self, requested_airmass: float) -> float:
        """How long what is left of a level will take."""
        by_camera: dict[str, float] = {}
        for row in self._left:
            if row.requested_airmass == requested_airmass:
                by_camera[row.camera] = by_camera.get(row.camera, 0.0) + row.seconds
        return max(by_camera.values(), default=0.0)

    def done(self, camera: str, name: str, requested_airmass: float, kind: str) -> None:
        """One series is over, or will never be."""
        key = (camera, name, requested_airmass, kind)
        self._left = [
            row for row in self._left if (row.camera, row.filter, row.requested_airmass, row.kind) != key
        ]
        self._tell()

    def _tell(self) -> None:
        self._run.status.minutes_needed = self.needed_s / 60.0
