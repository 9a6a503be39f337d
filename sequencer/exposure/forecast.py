"""The frames one series will take if the prior is right: when, at which DIT, to which level, and what prevents more."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from sequencer.exposure.answers import Expose, Stop
from sequencer.exposure.conditions import Conditions
from sequencer.exposure.dit_list import on_grid
from sequencer.exposure.held import HeldDits
from sequencer.exposure.ladder import ladder
from sequencer.exposure.plan import PROBE_FRACTION, LevelPlan
from sequencer.exposure.rate import AIRMASS_SIGMA, AIRMASS_STEP, FRAME_SIGMA, Background
from sequencer.exposure.reach import Reach, reach
from sequencer.exposure.rungs import Rungs
from sequencer.exposure.wish import FilterWish, Series

SPAN_STEP_S = 20.0
"""Steps in which the time is looked for during which a filter can be used."""


@dataclass(frozen=True)
class PlannedFrame:
    """One exposure to come: opening, DIT, NDIT, level in full wells and its 1 sigma, in which the DIT's choice after
    a probe is taken into account."""

    start_s: float
    dit_s: float
    ndit: int
    level_fraction: float
    sigma_fraction: float

    @property
    def end_s(self) -> float:
        """When it is exposed."""
        return self.start_s + self.dit_s * self.ndit


@dataclass(frozen=True)
class Forecast:
    """The frames of a series, what there is to say about them, and why there are no more, if there are not.

    `reason` is empty where only the caller's time can end the series.
    """

    frames: tuple[PlannedFrame, ...]
    note: str = ""
    reason: str = ""


class FilterForecast:
    """One filter tonight, as believed: forecasts its series one after the other."""

    def __init__(self, wish: FilterWish) -> None:
        self.wish = wish
        self._sky = Background(wish.limits, wish.prior, steady=wish.plan.mode != "LEVEL")
        self._held = HeldDits(self._sky, wish.plan, wish.dit_list)
        self._known = wish.prior.relative_sigma <= wish.plan.tolerance
        self._probed_at: float | None = None

    def span(self, airmass: float, start_s: float, end_s: float) -> tuple[float, float] | None:
        """First and last opening between two times at which the filter can be used; None if there is none."""
        if self.wish.plan.mode != "LEVEL":
            return start_s, end_s
        count = max(math.ceil((end_s - start_s) / SPAN_STEP_S), 1)
        times = (start_s + (end_s - start_s) * i / count for i in range(count + 1))
        usable = [time_s for time_s in times if not self._reach(Conditions(time_s, airmass), None).obstacle]
        return (usable[0], usable[-1]) if usable else None

    def obstacle(self, airmass: float, time_s: float) -> str:
        """What is in the way of a constant level at a time."""
        return self._reach(Conditions(time_s, airmass), None).reason

    def take(self, series: Series, start_s: float, end_s: float = math.inf) -> Forecast:
        """The frames of a series whose light is on from `start_s`; in LEVEL none ends after `end_s`."""
        at = Conditions(start_s, series.airmass)
        at = at.after(self._probe_s(at))
        if series.kind == "ladder":
            return self._ladder(series, at)
        if self.wish.plan.mode == "LEVEL":
            return self._constant(series, at, end_s)
        answer = self._held.answer(at)
        if isinstance(answer, Stop):
            return Forecast((), reason=answer.reason)
        frames = self._steady([answer] * series.n, at)
        return Forecast(frames, note=self._off_target(frames[0]))

    def _off_target(self, frame: PlannedFrame) -> str:
        """What a limit of the DIT makes of the level."""
        plan, limits = self.wish.plan, self.wish.limits
        bound = {limits.min_dit_s: "minimum", limits.max_dit_s: "maximum"}.get(frame.dit_s)
        if not bound or abs(frame.level_fraction / plan.target_fraction - 1.0) <= plan.tolerance:
            return ""
        return f"starts at {100 * frame.level_fraction:.0f} % of full well: the {bound} DIT"

    def _probe_s(self, at: Conditions) -> float:
        """Time of the probe of a filter not yet known tonight."""
        if self._known:
            return 0.0
        self._known, self._probed_at = True, at.airmass
        dit_s = on_grid(self._sky.outlook(at).dit_for(PROBE_FRACTION), self.wish.limits)
        return dit_s + self.wish.overhead_s

    def _ladder(self, series: Series, at: Conditions) -> Forecast:
        plan = replace(self.wish.plan, passes=series.n)
        rungs, answers = Rungs(self._sky, plan, self.wish.dit_list), list[Expose]()
        while isinstance(answer := rungs.answer(at), Expose):
            answers.append(answer)
            rungs.taken()
        left_out = self._out_of_reach(plan, at)
        if not answers:
            return Forecast((), reason=answer.reason)
        return Forecast(self._steady(answers, at), note=left_out)

    def _out_of_reach(self, plan: LevelPlan, at: Conditions) -> str:
        outlook, limits = self._sky.outlook(at), self.wish.limits
        rate = outlook.rate_e_s + outlook.constant_e_s
        well, dits = (limits.full_well_e, limits.linearity_k), (limits.min_dit_s, limits.max_dit_s)
        rungs = [rung for rung in ladder(plan.levels, rate, *well, *dits) if not rung.reachable]
        return "; ".join(f"no rung at {100 * rung.level:g} %: {rung.reason}" for rung in rungs)

    def _steady(self, answers: list[Expose], at: Conditions) -> tuple[PlannedFrame, ...]:
        frames, opening = list[PlannedFrame](), at
        for answer in answers:
            level = self._sky.outlook(opening).level_fraction(answer.dit_s, answer.ndit)
            sigma = level * self._sigma(answer.dit_s, at.airmass)
            frames.append(PlannedFrame(opening.time_s, answer.dit_s, answer.ndit, level, sigma))
            opening = opening.after(answer.dit_s * answer.ndit + self.wish.overhead_s)
        return tuple(frames)

    def _constant(self, series: Series, at: Conditions, end_s: float) -> Forecast:
        frames, kept, plan = list[PlannedFrame](), None, self.wish.plan
        while len(frames) < series.n and at.time_s < end_s:
            now = self._reach(at, kept)
            if now.late(plan.direction):
                return Forecast(tuple(frames), reason=f"{now.reason}, at {clock_time(at.time_s)}")
            if now.obstacle:
                at = at.after(now.seconds)
                continue
            level = self._sky.outlook(at, span_s=now.dit_s).level_fraction(now.dit_s, now.ndit)
            sigma = level * self._sigma(now.dit_s, series.airmass)
            frame = PlannedFrame(at.time_s, now.dit_s, now.ndit, level, sigma)
            if frame.end_s > end_s:
                break
            frames.append(frame)
            kept, at = now.dit_s, at.after(now.dit_s * now.ndit + self.wish.overhead_s)
        return Forecast(tuple(frames))

    def _reach(self, at: Conditions, kept_dit_s: float | None) -> Reach:
        outlook = self._sky.outlook(at, span_s=kept_dit_s or 0.0)
        return reach(outlook, self.wish.plan, self.wish.dit_list, kept_dit_s)

    def _sigma(self, dit_s: float, airmass: float) -> float:
        """Relative 1 sigma of a level: of the sky itself where a limit binds the DIT, else of what a probe leaves."""
        limits, prior = self.wish.limits, self.wish.prior
        if not limits.min_dit_s < dit_s < limits.max_dit_s:
            return prior.relative_sigma
        ahead_s = self.wish.overhead_s + 0.5 * dit_s
        moved = self._probed_at is not None and abs(airmass - self._probed_at) > AIRMASS_STEP
        return math.hypot(FRAME_SIGMA, AIRMASS_SIGMA if moved else 0.0, prior.log_slope_sigma_per_s * ahead_s)


def clock_time(time_s: float) -> str:
    """Hours and minutes of a time in Unix seconds, UTC."""
    minutes = int(time_s // 60.0) % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
