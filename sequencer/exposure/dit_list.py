"""The few DITs an instrument really uses: rounded to the controller's grid, shared between flats and
darks."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass

from sequencer.exposure.limits import DetectorLimits

DEFAULT_STEP = 0.15
"""Ratio minus 1 of neighbouring DITs: a level is then at most about 7.5 % off, inside a tolerance of 10 %."""


@dataclass(frozen=True)
class DitList:
    """DITs in s, rising. Raises ValueError if empty, not rising, or not above 0."""

    dits_s: tuple[float, ...]

    def __post_init__(self) -> None:
        rising = all(a < b for a, b in zip(self.dits_s, self.dits_s[1:], strict=False))
        if not self.dits_s or not rising or not 0.0 < self.dits_s[0] <= self.dits_s[-1] < math.inf:
            raise ValueError(f"a DIT list must rise from above 0: {self.dits_s}")

    @classmethod
    def log_spaced(cls, limits: DetectorLimits, step: float = DEFAULT_STEP) -> DitList:
        """From the minimum to the maximum DIT in equal ratios of about 1 + step, each on the controller's grid.

        The number of steps is the nearest whole one: 24, thus 25 DITs, from 1 to 30 s in steps of 15 %.

        Raises ValueError for a step not above 0.
        """
        if not 0.0 < step < math.inf:
            raise ValueError(f"step {step} is not above 0")
        span = math.log(limits.max_dit_s / limits.min_dit_s)
        count = max(round(span / math.log1p(step)), 1 if span > 0.0 else 0)
        dits = (limits.min_dit_s * math.exp(span * i / max(count, 1)) for i in range(count + 1))
        return cls(tuple(sorted({on_grid(dit, limits) for dit in dits})))

    def check(self, limits: DetectorLimits) -> None:
        """Raise ValueError if the detector cannot do one of the DITs."""
        # The small term forgives the rounding of a limit that is worked out.
        low, high = limits.min_dit_s * (1.0 - 1e-6), limits.max_dit_s * (1.0 + 1e-6)
        wrong = [f"{dit_s:g}" for dit_s in self.dits_s if not low <= dit_s <= high]
        if wrong:
            allowed = f"{limits.min_dit_s:g} to {limits.max_dit_s:g} s"
            raise ValueError(f"DITs of {', '.join(wrong)} s are outside the limits, {allowed}")

    def nearest(self, dit_s: float) -> float:
        """The listed DIT whose ratio to `dit_s` is nearest to 1; the shorter of two equally near ones."""
        above = bisect_left(self.dits_s, dit_s)
        if above in (0, len(self.dits_s)):
            return self.dits_s[max(above - 1, 0)]
        shorter, longer = self.dits_s[above - 1 : above + 1]
        return shorter if dit_s * dit_s <= shorter * longer else longer


@dataclass(frozen=True)
class Quantised:
    """A DIT that can be commanded, and which limit bound it: `clipped` is "", "minimum" or "maximum"."""

    dit_s: float
    clipped: str


def on_grid(dit_s: float, limits: DetectorLimits) -> float:
    """The DIT on the controller's grid nearest to `dit_s` and inside the limits. Raises ValueError for NaN
    or <= 0.

    Where the grid has no point inside the limits, the limit itself.
    """
    if not 0.0 < dit_s:
        raise ValueError(f"DIT {dit_s} s is not above 0")
    clipped = min(max(dit_s, limits.min_dit_s), limits.max_dit_s)
    if limits.dit_grid_s == 0.0:
        return clipped
    # The small term keeps a limit that is a grid point, but for rounding of the quotient.
    lowest = math.ceil(limits.min_dit_s / limits.dit_grid_s - 1e-6)
    highest = math.floor(limits.max_dit_s / limits.dit_grid_s + 1e-6)
    if highest < lowest:
        return clipped
    rounded = min(max(round(clipped / limits.dit_grid_s), lowest), highest) * limits.dit_grid_s
    # 12 significant digits: 3 x 0.1 is 0.3 again, as the same DIT must be the same number everywhere.
    return float(f"{rounded:.12g}")


def quantise(dit_s: float, limits: DetectorLimits, dit_list: DitList | None = None) -> Quantised:
    """The DIT to command for a wanted one: clipped to the limits, from the list if there is one, on the grid.

    An infinite DIT (the sky runs out) becomes the maximum. Raises ValueError for NaN or a DIT <= 0.
    """
    commanded = on_grid(dit_s, limits)
    if dit_list is not None:
        commanded = dit_list.nearest(commanded)
    clipped = "minimum" if dit_s < limits.min_dit_s else "maximum" if dit_s > limits.max_dit_s else ""
    return Quantised(commanded, clipped)
