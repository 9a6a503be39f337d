"""The plan of a twilight while it is carried out: what is still to do, how long it takes, and whether it fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from sequencer.engine.context import RunContext
from sequencer.engine.journal import Record
from sequencer.engine.light import Light
from sequencer.observing import TemplateCall
from sequencer.observing.planning import (
    Begun,
    Level,
    PlanRow,
    Series,
    TwilightPlan,
    Walked,
    plan_of,
    reachable_levels,
    walk_through,
)
from sequencer.sky import Window

LATE_S = 60.0
"""So much behind or ahead of the plan, it is made anew: a third of a preset (assumed)."""


class LivePlan:
    """The plan of one twilight template, made when it begins, and made again for what is left.

    `levels` are the illumination levels by airmass; one that cannot be had raises an alarm. `here` is the one (airmass
    asked for) the telescope is at, `light` says how long the move away from it has begun. Raises sky.NoTwilight.
    """

    def __init__(self, run: RunContext, call: TemplateCall, light: Light) -> None:
        self._run = run
        self._call = call
        self._light = light
        self._pace = run.pace
        self.levels: list[Level]
        self.levels, unreachable = reachable_levels(call.parameters["SEQ.AIRMASS.LIST"], run.instrument)
        for reason in unreachable:
            run.alarm(reason, "the flats of this level are missing", "leave it out of SEQ.AIRMASS.LIST")
        self._taken: Counter[Series] = Counter()
        self._over: set[Series] = set()
        self.here: float | None = None
        self._walked: Walked
        self._plan: TwilightPlan
        self._left: list[PlanRow]
        self._make(None)
        self.order = self._plan.order

    @asynccontextmanager
    async def carried_out(self) -> AsyncIterator[None]:
        """Meanwhile the good frames are counted; afterwards nothing is left to do."""
        self._run.journal.listeners.append(self._look)
        try:
            yield
        finally:
            self._run.journal.listeners.remove(self._look)
            due, self._left = bool(self._left), []
            self._tell()
        if due:
            await self._foresee("the sky is over", self._light.closing_s)

    @property
    def window(self) -> Window:
        """The twilight it works in."""
        return self._plan.window

    @property
    def begin_s(self) -> float:
        """When the telescope sets out, Unix s UTC: a preset before the window, or now."""
        return self._plan.begin_s

    @property
    def needed_s(self) -> float:
        """Time the series not yet over will take, moves included; cameras work side by side."""
        first = _first(self._left)
        if first is None or first.start_s is None:
            return 0.0
        moves_s = self._pace.filter_change_s
        if first.requested_airmass != self.here:
            moves_s += self._pace.preset_s
        return self._plan.sky_end_s - first.start_s + moves_s

    async def announce(self) -> None:
        """Write the plan down, for the operator and for the report; the darks follow when their DITs are known."""
        self._run.tally.announce(sum(row.n for row in self._plan.rows))
        plain = self._plan.plain()
        plain["rows"] = [row for row in plain["rows"] if row["kind"] != "dark"]
        self._run.log("plan", **{**plain, "needed_s": self.needed_s})
        await self._run.time_left.twilight_planned(self._walked)

    def span_s(self, requested_airmass: float) -> float:
        """How long a level will be looked at: from its first opening to its last closing."""
        spans = [
            aim.end_s - aim.start_s for aim in self._plan.aims if aim.requested_airmass == requested_airmass
        ]
        return max(spans, default=0.0)

    async def arrive(self, requested_airmass: float) -> None:
        """The telescope is about to go to a level: those before are over. The plan is made anew if not in time."""
        behind = {row.series for row in self._left if row.requested_airmass == self.here}
        self._over |= behind
        self._left = [row for row in self._left if row.series not in behind]
        if behind:
            await self._foresee(f"airmass {self.here:g} is over", self._light.closing_s)
        aim = self._aim_end_s(requested_airmass)
        expected_s = None if aim is None else aim - self.left_s(requested_airmass) - self._pace.preset_s
        now_s = self._run.clock.now()
        if self.here is not None and expected_s is not None and abs(now_s - expected_s) > LATE_S:
            late_s = now_s - expected_s
            await self.again(
                f"{abs(late_s) / 60.0:.0f} min {'behind' if late_s > 0.0 else 'ahead of'} the plan"
            )
        self.here = requested_airmass

    async def again(self, why: str) -> None:
        """Make the plan anew for what is left, from now on, with what was learned; what does not fit is an alarm."""
        before = {item.series for item in self._plan.missing}
        self._make(self._begun())
        plan, needed_s = self._plan, self.needed_s
        rows = [row.plain() for row in plan.rows if row.kind != "dark"]
        self._run.log("replan", why=why, rows=rows, needed_s=needed_s, warnings=list(plan.warnings))
        walked = self._walked if self._left else None
        await self._run.time_left.sky(lambda: walked, "planned again")
        if lost := [str(item) for item in plan.missing if item.series not in before]:
            text = "; ".join(lost)
            self._run.alarm(text, "these flats will be missing", "skip what matters less, or let it be")

    def left_s(self, requested_airmass: float) -> float:
        """How long what is left of a level will take, from its first filter change to its last closing."""
        first = _first([row for row in self._left if row.requested_airmass == requested_airmass])
        end_s = self._aim_end_s(requested_airmass)
        if first is None or first.start_s is None or end_s is None:
            return 0.0
        return max(end_s - first.start_s + self._pace.filter_change_s, 0.0)

    async def over(self, ended: Sequence[Series]) -> None:
        """These series are over, or will never be."""
        due = {row.series for row in self._left}
        self._over.update(ended)
        self._left = [row for row in self._left if row.series not in self._over]
        self._tell()
        if told := [str(series) for series in ended if series in due]:
            verb = "is" if len(told) == 1 else "are"
            await self._foresee(f"{', '.join(told)} {verb} over", self._light.closing_s)

    def _look(self, record: Record) -> None:
        """Count the good frames of the level."""
        frame = record.data
        on_sky = record.kind == "frame" and frame["kind"] in ("flat", "ladder")
        if on_sky and frame["verdict"] == "good" and self.here is not None:
            self._taken[Series(frame["camera"], frame["filter"], self.here, frame["kind"])] += 1
            self._tell()

    async def _foresee(self, when: str, moved_s: float) -> None:
        """Say how long the block will take yet, by what is left as it is known now."""
        await self._run.time_left.sky(self._walk(self._begun()) if self._left else _nothing, when, moved_s)

    def _begun(self) -> Begun:
        return Begun(self.window, dict(self._taken), frozenset(self._over), self.here)

    def _walk(self, begun: Begun | None) -> partial[Walked]:
        run = self._run
        return partial(walk_through, self._call, run.instrument, run.site, self._pace, run.outset(begun))

    def _make(self, begun: Begun | None) -> None:
        run = self._run
        self._walked = self._walk(begun)()
        self._plan = plan_of(self._call, self._walked, run.instrument, run.site, run.ob.moon_least_deg)
        self._left = [row for row in self._plan.rows if row.kind != "dark" and row.n]
        self._run.status.planned = sum(self._taken.values()) + sum(row.n for row in self._left)
        self._tell()

    def _aim_end_s(self, requested_airmass: float) -> float | None:
        ends = [aim.end_s for aim in self._plan.aims if aim.requested_airmass == requested_airmass]
        return max(ends, default=None)

    def _tell(self) -> None:
        """Bring the status up to date: what remains, and planned against achieved."""
        status, left = self._run.status, list(dict.fromkeys(row.series for row in self._left))
        status.minutes_needed = self.needed_s / 60.0
        status.achieved = sum(self._taken.values())
        status.left = [str(series) for series in left]


def _nothing() -> None:
    """Nothing is left on the sky."""


def _first(rows: Iterable[PlanRow]) -> PlanRow | None:
    """The row that begins first."""
    timed = [row for row in rows if row.start_s is not None]
    return min(timed, key=lambda row: row.start_s or 0.0, default=None)
