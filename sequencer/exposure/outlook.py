"""The background as an exposure will meet it: what a DIT collects, reads, and how much of it is twilight."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sequencer.exposure.answers import MAX_WAIT_S
from sequencer.exposure.dit import SkyRunsOut, collected_e, solve_dit
from sequencer.exposure.limits import DetectorLimits


@dataclass(frozen=True)
class Outlook:
    """A background from an opening on: `rate_e_s` exp(slope t) beside a steady floor and the detector's dark.

    Signals are linearised electrons per DIT, dark and floor included; levels are what is read, in full wells.
    With NDIT they are the mean of the DITs, which follow each other without a gap.
    """

    limits: DetectorLimits
    rate_e_s: float
    slope_per_s: float
    floor_e_s: float

    @property
    def tau_s(self) -> float:
        """E-folding time of the changing part: above 0 fading, below 0 brightening, infinite steady."""
        return -1.0 / self.slope_per_s if self.slope_per_s else math.inf

    @property
    def constant_e_s(self) -> float:
        """The steady part of the rate: dark and floor."""
        return self.limits.dark_rate_e_s + self.floor_e_s

    def signal_e(self, dit_s: float, ndit: int = 1) -> float:
        """Signal of a DIT."""
        return collected_e(self.rate_e_s, dit_s * ndit, self.tau_s, self.constant_e_s) / ndit

    def level_fraction(self, dit_s: float, ndit: int = 1) -> float:
        """Level of a DIT as read: at most 1."""
        return self.limits.level_fraction(self.signal_e(dit_s, ndit))

    def dit_for(self, level_fraction: float, ndit: int = 1) -> float:
        """The DIT in s that reaches a level; infinite where the sky runs out."""
        solution = solve_dit(
            ndit * self.limits.signal_e(level_fraction),
            self.rate_e_s,
            tau_s=self.tau_s,
            constant_e_s=self.constant_e_s,
        )
        return math.inf if isinstance(solution, SkyRunsOut) else solution / ndit

    def twilight_share(self, after_s: float = 0.0) -> float:
        """Share of the changing part in the light, dark excluded, that long after the opening; 0 without light."""
        sky = self.rate_e_s * math.exp(self.slope_per_s * after_s)
        return sky / (sky + self.floor_e_s) if sky > 0.0 else 0.0

    def seconds_until(self, factor: float) -> float:
        """Seconds, 1 to `MAX_WAIT_S`, until the changing part may have changed by a factor (0: never)."""
        if factor <= 0.0 or not self.slope_per_s:
            return MAX_WAIT_S
        return min(max(abs(math.log(factor) / self.slope_per_s), 1.0), MAX_WAIT_S)
