"""In which order the filters of one airmass are taken: the one whose time is over first comes first."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

from sequencer.observing.planning.wishes import FilterWish


def in_order(wishes: Iterable[FilterWish], direction: Literal["EVENING", "MORNING"]) -> list[FilterWish]:
    """The filters in the order of their deadlines; those without one come last, as the block has them.

    Only in LEVEL has a filter a deadline, and only if its light follows the Sun: at dusk the one that needs the
    most light runs out first, at dawn the brightest saturates first. Otherwise the order is the block's. Earliest
    deadline first takes all that is asked for if any order does; where too much is asked for, another may take more.
    """
    sign = 1.0 if direction == "EVENING" else -1.0

    def deadline(wish: FilterWish) -> float:
        return math.inf if wish.steady or wish.plan.mode != "LEVEL" else sign * _brightness_per_s(wish)

    return sorted(wishes, key=deadline)


def _brightness_per_s(wish: FilterWish) -> float:
    """Believed rate in targets a second, at the time of the prior."""
    rate_e_s = wish.prior.rate_e_s(wish.plan.airmasses[0], None)
    return rate_e_s / wish.limits.signal_e(wish.plan.target_fraction)
