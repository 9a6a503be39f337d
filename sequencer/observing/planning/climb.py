"""Which filter the DIT ladder of a camera is taken in, and what the controller of a ladder starts from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sequencer.exposure import ExposureController, LevelPlan
from sequencer.observing.planning.programme import Programme
from sequencer.observing.planning.wishes import FilterWish


def ladder_wish(
    programme: Programme, camera: str, given_up: Callable[[FilterWish], bool]
) -> FilterWish | None:
    """The first filter of a camera whose DITs reach the lowest and the highest rung at the first level."""
    low, high = min(programme.ladder), max(programme.ladder)
    for wish in programme.wishes:
        allowed = not programme.ladder_filters or wish.filter in programme.ladder_filters
        if wish.camera != camera or not allowed or given_up(wish):
            continue
        rate_e_s = wish.prior.rate_e_s(programme.levels[0].airmass, None) + wish.limits.dark_rate_e_s
        shortest_s, longest_s = (wish.limits.signal_e(level) / rate_e_s for level in (low, high))
        if wish.limits.min_dit_s <= shortest_s and longest_s <= wish.limits.max_dit_s:
            return wish
    return None


def ladder_plan(plan: LevelPlan, levels: Sequence[float], n: int) -> LevelPlan:
    """The ladder after the flats: `n` passes made even, so that drift cancels."""
    return replace(plan, mode="LADDER", levels=tuple(levels), passes=n + n % 2)


def climber(
    wish: FilterWish, plan: LevelPlan, flats: ExposureController, time_s: float
) -> ExposureController:
    """The controller of a ladder, which starts from what the flats of the filter taught."""
    return ExposureController(wish.limits, wish.prior.taught(flats.learned(time_s)), plan)
