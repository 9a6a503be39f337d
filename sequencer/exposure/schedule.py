"""The plan of a twilight, before anything moves: which series when, at which DIT, to which level; what falls out.

    wishes = [FilterWish(camera, filter, mode, limits, prior, plan, overhead_s, dit_list), ...]
    series = all_series(wishes, airmasses=(1.0, 2.0, 2.5), n=10, ladders={"LM": "Lp"}, passes=2)
    plan = plan_night(wishes, series, Window(start_s, end_s), Costs(preset_s=180, filter_change_s=20),
                      sun_altitude_deg, DarkWish(n=10, wait_s=300))
    plan.rows       PlanRow: camera, filter, airmass, level, start_s, seconds, dit_s, ndit, n, level with 1 sigma, ...
    plan.missing    Missing: series, how many exposures, and the reason
    plan.end_s, plan.sky_end_s, plan.short_s, plan.fits

Replanning is the same call with what is left and what was learned, from now: wishes whose priors are
`prior.taught(controller.learned(now))`, `series=plan.remaining(good)` with the good frames by `Series.key`,
`Window(now, end)`, and `Place(airmass, {camera: filter})` where the telescope and the wheels stand.

Filters go inside airmass, as a preset costs more than a filter. Within an airmass the filter whose time is over
first comes first (at dusk the one that needs most light, at dawn the brightest): earliest deadline first is
optimal where all can be used at once. Filters without a deadline (thermal background) keep the block's order.
Frames follow each other as early as allowed, which for a given level is the greedy optimum of a sky that changes
monotonically. Cameras expose in parallel: a step takes the longer, and all wheels turn together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sequencer.exposure.dark_plan import DarkWish, dark_rows
from sequencer.exposure.forecast import FilterForecast, Forecast, clock_time
from sequencer.exposure.rate import AIRMASS_STEP
from sequencer.exposure.rows import Missing, NightPlan, PlanRow, flat_rows
from sequencer.exposure.wish import FilterWish, Series

SunAltitude = Callable[[float], float]
"""Altitude of the Sun in deg at a time in s."""

LIMIT_STEP_S = 20.0
"""Steps in which the Sun's limits are looked for."""


@dataclass(frozen=True)
class Window:
    """From when things may move until when frames may be exposed, in s. Raises ValueError if that is no time."""

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not self.start_s < self.end_s:
            raise ValueError(f"not a window: {self}")


@dataclass(frozen=True)
class Costs:
    """What moving takes in s: a preset (settling included) and a filter change. Raises ValueError if negative."""

    preset_s: float
    filter_change_s: float

    def __post_init__(self) -> None:
        if not (self.preset_s >= 0.0 and self.filter_change_s >= 0.0):
            raise ValueError(f"times must not be negative: {self}")


@dataclass(frozen=True)
class Place:
    """Where telescope and wheels stand when the plan begins: airmass (None: nowhere useful), filter by camera."""

    airmass: float | None = None
    filters: Mapping[str, str] = field(default_factory=dict)


def plan_night(
    wishes: Sequence[FilterWish],
    series: Sequence[Series],
    window: Window,
    costs: Costs,
    sun_altitude_deg: SunAltitude,
    darks: DarkWish | None = None,
    place: Place | None = None,
) -> NightPlan:
    """Plan `series`, as described above. Exposures keep the Sun's limits of their wish; darks follow the hand-over.

    Raises ValueError for a series of a filter nobody wishes.
    """
    night = _Night(wishes, window, costs, sun_altitude_deg, place or Place())
    for level in dict.fromkeys(item.level for item in series):
        night.take_level([item for item in series if item.level == level])
    modes = {(wish.camera, wish.filter): wish for wish in wishes}
    rows = night.rows + (dark_rows(night.rows, modes, darks, night.time_s) if darks else [])
    return NightPlan(tuple(rows), tuple(night.missing), tuple(series), night.short_s)


class _Night:
    """The course of a night while it is being planned."""

    def __init__(
        self, wishes: Sequence[FilterWish], window: Window, costs: Costs, sun: SunAltitude, place: Place
    ) -> None:
        self.rows: list[PlanRow] = []
        self.missing: list[Missing] = []
        self.time_s, self.short_s = window.start_s, 0.0
        self._costs, self._sun = costs, sun
        self._airmass, self._filters = place.airmass, dict(place.filters)
        self._filter = {(wish.camera, wish.filter): FilterForecast(wish) for wish in wishes}
        limits = {wish.plan.sun_limits_deg for wish in wishes}
        self._light = {limit: _sunlit(limit, sun, window) for limit in limits}
        self._dropped_s = 0.0

    def take_level(self, series: list[Series]) -> None:
        """One airmass: preset, then the flats of all cameras side by side, then their ladders."""
        feasible = [item for item in series if self._span(item)]
        for item in series:
            if item not in feasible:
                self._miss(item, item.n, self._why_never(item))
        moved = self._airmass is None or abs(series[0].airmass - self._airmass) > AIRMASS_STEP
        if not feasible or not moved:
            self._steps(feasible)
            return
        before_s, count = self.time_s, len(self.rows)
        self.time_s += self._costs.preset_s
        self._steps(feasible)
        if len(self.rows) > count:
            self._airmass = series[0].airmass
        else:
            self._dropped_s += self._costs.preset_s
            self.time_s = before_s

    def _steps(self, series: list[Series]) -> None:
        for ladder in (False, True):
            waiting: dict[str, list[Series]] = {}
            for item in series:
                if (item.kind == "ladder" and self._mode(item) != "LADDER") == ladder:
                    waiting.setdefault(item.camera, []).append(item)
            while any(waiting.values()):
                chosen = [self._next(items) for items in waiting.values() if items]
                for item in chosen:
                    waiting[item.camera].remove(item)
                self._step(chosen)

    def _next(self, items: list[Series]) -> Series:
        """Of those that can be used now the one whose time is over first; else the one that can be used first."""
        spans = {item.key: self._span(item) or (self.time_s, self.time_s) for item in items}
        ready_s = self.time_s + self._costs.filter_change_s
        usable = [item for item in items if spans[item.key][0] <= ready_s]
        if usable:
            return min(usable, key=lambda item: spans[item.key][1])
        return min(items, key=lambda item: spans[item.key][0])

    def _step(self, chosen: list[Series]) -> None:
        """One filter of each camera, in parallel."""
        turned = any(self._filters.get(item.camera) != item.filter for item in chosen)
        begin_s = self.time_s + (self._costs.filter_change_s if turned else 0.0)
        ends = [self._take(item, begin_s) for item in chosen]
        taken = [end_s for end_s in ends if end_s is not None]
        if taken:
            self.time_s = max(taken)
            self._filters |= {item.camera: item.filter for item in chosen}

    def _take(self, item: Series, begin_s: float) -> float | None:
        """Plan one series; returns when it ends, None if nothing of it fits."""
        one = self._filter[item.camera, item.filter]
        light = self._light[one.wish.plan.sun_limits_deg]
        if light is None:
            return None
        begin_s = max(begin_s, light[0])
        forecast = one.take(item, begin_s, light[1])
        fitting = tuple(frame for frame in forecast.frames if frame.end_s <= light[1])
        wanted = max(len(forecast.frames), 1 if item.kind == "ladder" else item.n)
        if len(fitting) < wanted:
            self._account(item, forecast, len(fitting), begin_s, light[1])
        if not fitting:
            return None
        begun_s, kept = self.time_s, replace(forecast, frames=fitting)
        self.rows += flat_rows(one.wish, item, kept, begun_s, self._sun(fitting[0].start_s))
        return fitting[-1].end_s + one.wish.overhead_s

    def _account(self, item: Series, forecast: Forecast, fitting: int, begin_s: float, end_s: float) -> None:
        """Name what of a series falls out, and why."""
        wanted = len(forecast.frames) if item.kind == "ladder" else item.n
        reason = forecast.reason
        if not reason and len(forecast.frames) == wanted:
            wish = self._filter[item.camera, item.filter].wish
            last_s = forecast.frames[-1].end_s
            short_s = last_s + self._dropped_s - end_s
            self.short_s = max(self.short_s, short_s)
            self._dropped_s += last_s - (forecast.frames[fitting - 1].end_s if fitting else begin_s)
            self._dropped_s += 0.0 if fitting else self._costs.filter_change_s + wish.overhead_s
            reason = f"does not fit: {_duration(short_s)} short"
        self._miss(item, wanted - fitting, reason or f"the twilight ends at {clock_time(end_s)}")

    def _miss(self, item: Series, n: int, reason: str) -> None:
        self.missing.append(Missing(item, n, reason))

    def _mode(self, item: Series) -> str:
        return self._filter[item.camera, item.filter].wish.plan.mode

    def _span(self, item: Series) -> tuple[float, float] | None:
        one = self._filter.get((item.camera, item.filter))
        if one is None:
            raise ValueError(f"nobody wishes {item.camera} {item.filter}")
        light = self._light[one.wish.plan.sun_limits_deg]
        if light is None or max(light[0], self.time_s) >= light[1]:
            return light if light and one.wish.plan.mode != "LEVEL" else None
        return one.span(item.airmass, max(light[0], self.time_s), light[1])

    def _why_never(self, item: Series) -> str:
        one = self._filter[item.camera, item.filter]
        light = self._light[one.wish.plan.sun_limits_deg]
        if light is None:
            return f"the Sun is never within {one.wish.plan.sun_limits_deg} deg in this window"
        return one.obstacle(item.airmass, min(max(light[0], self.time_s), light[1])) or "the twilight is over"


def _sunlit(
    limits_deg: tuple[float, float] | None, sun: SunAltitude, window: Window
) -> tuple[float, float] | None:
    """The part of the window in which the Sun keeps its limits; None if it never does."""
    if limits_deg is None:
        return window.start_s, window.end_s
    count = max(int((window.end_s - window.start_s) / LIMIT_STEP_S), 1)
    times = [window.start_s + (window.end_s - window.start_s) * i / count for i in range(count + 1)]
    inside = [time_s for time_s in times if limits_deg[0] <= sun(time_s) <= limits_deg[1]]
    return (inside[0], inside[-1]) if len(inside) > 1 else None


def _duration(seconds: float) -> str:
    return f"{seconds / 60.0:.0f} minutes" if seconds >= 90.0 else f"{seconds:.0f} s"
