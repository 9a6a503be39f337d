"""How long a plan of flats takes: what fits into the twilight."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FilterLoad:
    """What one filter does at one airmass: NEXPO exposures of NDIT times DIT. Raises ValueError if
    negative."""

    filter: str
    dit_s: float
    ndit: int
    nexpo: int

    def __post_init__(self) -> None:
        if not (0.0 <= self.dit_s < math.inf and self.ndit >= 1 and self.nexpo >= 0):
            raise ValueError(f"not a load: {self}")


@dataclass(frozen=True)
class Budget:
    """Time needed in s: in all, and for each airmass."""

    total_s: float
    airmass_s: dict[float, float]

    @property
    def minutes(self) -> float:
        """The total in minutes."""
        return self.total_s / 60.0


def window_budget(
    loads: Mapping[float, Sequence[FilterLoad]],
    *,
    preset_s: float,
    filter_change_s: float,
    overhead_s: float,
) -> Budget:
    """Time for a plan with filters inside airmass: preset, then per filter its change and n (DIT NDIT +
    overhead).

    `loads` maps airmass to the filters taken there. The shortest possible time, as nothing is waited for.
    Raises ValueError for negative times or NaN.
    """
    if not all(0.0 <= value < math.inf for value in (preset_s, filter_change_s, overhead_s)):
        raise ValueError(f"times must not be negative: {preset_s}, {filter_change_s}, {overhead_s} s")
    airmass_s = {
        airmass: preset_s
        + sum(filter_change_s + load.nexpo * (load.dit_s * load.ndit + overhead_s) for load in filters)
        for airmass, filters in loads.items()
    }
    return Budget(sum(airmass_s.values()), airmass_s)
