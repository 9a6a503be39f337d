"""In which order the filters of one airmass are taken: the one whose time is over first comes first."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

from sequencer.observing.planning.wishes import FilterWish

RISK_SIGMAS = 2.0
"""So many sigmas of the prior above what is believed, a filter must still be harmless to be looked at first."""


def in_order(wishes: Iterable[FilterWish], direction: Literal["EVENING", "MORNING"]) -> list[FilterWish]:
    """The filters in the order of their deadlines; those without one come last, as the block has them.

    Of those without, one that might overfill the detector comes after the others, which teach how bright the night
    is. Only in LEVEL has a filter a deadline, and only if its light follows the Sun: at dusk the one that needs the
    most light runs out first, at dawn the brightest saturates first. Otherwise the order is the block's. Earliest
    deadline first takes all that is asked for if any order does; where too much is asked for, another may take more.
    """
    sign = 1.0 if direction == "EVENING" else -1.0

    def deadline(wish: FilterWish) -> tuple[float, bool]:
        if wish.steady or wish.plan.mode != "LEVEL":
            return math.inf, may_be_too_bright(wish)
        return sign * _brightness_per_s(wish), False

    return sorted(wishes, key=deadline)


def may_be_too_bright(wish: FilterWish) -> bool:
    """Whether a steady background might turn out to overfill the detector in the shortest DIT, at any airmass."""
    if not wish.steady:
        return False
    brightest_e_s = max(wish.prior.rate_e_s(airmass, None) for airmass in wish.plan.airmasses)
    most_e_s = (1.0 + RISK_SIGMAS * wish.prior.relative_sigma) * brightest_e_s
    signal_e = (most_e_s + wish.limits.dark_rate_e_s) * wish.limits.min_dit_s
    return wish.limits.level_fraction(signal_e) > wish.plan.max_fraction


def _brightness_per_s(wish: FilterWish) -> float:
    """Believed rate in targets a second, at the time of the prior."""
    rate_e_s = wish.prior.rate_e_s(wish.plan.airmasses[0], None)
    return rate_e_s / wish.limits.signal_e(wish.plan.target_fraction)
