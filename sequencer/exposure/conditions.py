"""When and through what one looks."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Conditions:
    """When and through what one looks: time in s, airmass, ambient temperature in K (None: as the prior has
    it)."""

    time_s: float
    airmass: float = 1.0
    temperature_k: float | None = None

    def valid(self) -> bool:
        """Whether the time is finite and the airmass at least 1."""
        return math.isfinite(self.time_s) and 1.0 <= self.airmass < math.inf

    def after(self, seconds: float) -> Conditions:
        """The same that much later."""
        return replace(self, time_s=self.time_s + seconds)
