"""What a detector in one read-out mode can do, as far as the choice of a DIT needs it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sequencer.exposure.linearity import linearise, respond

SATURATION_FRACTION = 0.98
"""Level in full wells above which a reading is a lower limit only. Assumed."""


@dataclass(frozen=True)
class DetectorLimits:
    """Limits of one detector and read-out mode, per pixel and single DIT.

    `linearity_k` is the k of m(S) = S (1 - k S / W), 0 to 0.25 so that full well can be read; `dit_grid_s`
    the step of the controller's DITs (0: any DIT). Raises ValueError for anything negative, not finite, a
    minimum DIT or full well of 0, or a maximum DIT below the minimum.
    """

    full_well_e: float
    min_dit_s: float
    max_dit_s: float
    read_noise_e: float = 0.0
    linearity_k: float = 0.0
    dark_rate_e_s: float = 0.0
    dit_grid_s: float = 0.0

    def __post_init__(self) -> None:
        values = (self.read_noise_e, self.dark_rate_e_s, self.dit_grid_s)
        if not all(0.0 <= value < math.inf for value in values):
            raise ValueError(f"read noise, dark rate and DIT grid must not be negative: {self}")
        if not (0.0 < self.min_dit_s <= self.max_dit_s < math.inf and 0.0 < self.full_well_e < math.inf):
            raise ValueError(f"0 < min_dit_s <= max_dit_s and 0 < full_well_e must hold: {self}")
        if not 0.0 <= self.linearity_k <= 0.25:
            raise ValueError(f"linearity_k must lie in 0..0.25: {self}")

    def signal_e(self, level_fraction: float) -> float:
        """Signal in electrons that reads as a fraction (at most 1) of full well."""
        return float(linearise(level_fraction * self.full_well_e, self.full_well_e, self.linearity_k))

    def level_fraction(self, signal_e: float) -> float:
        """Fraction of full well read out for a signal in electrons; never above 1 (saturated)."""
        if signal_e >= self.signal_e(1.0):
            return 1.0
        return float(respond(signal_e, self.full_well_e, self.linearity_k)) / self.full_well_e
