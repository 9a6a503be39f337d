"""What a frame measured, against what a clear sky should have given."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sequencer.exposure.conditions import Conditions
from sequencer.exposure.weather import DARKEST


@dataclass(frozen=True)
class Seen:
    """ln of a predicted total rate, the sky's part of it, and its derivatives by ln u and by the floor's factor."""

    log_e_s: float
    sky_e_s: float
    by_log: float
    by_floor: float

    @property
    def floor_e_s(self) -> float:
        """The part that does not follow the twilight."""
        return math.exp(self.log_e_s) - self.sky_e_s


@dataclass(frozen=True)
class Reading:
    """What a frame measured against a clear sky's prediction: total rate, error of its logarithm, variance.

    `cloudy`: the frame is outside the gate; `reset`: it was, but the one before agrees with it.
    """

    at: Conditions
    exposed_s: float
    rate_e_s: float
    seen: Seen
    error: float
    variance: float
    cloudy: bool
    reset: bool

    @property
    def departure(self) -> float:
        """ln of the sky's part of the rate over its law."""
        ratio = (self.rate_e_s - self.seen.floor_e_s) / self.seen.sky_e_s
        return max(math.log(ratio), DARKEST) if ratio > 0.0 else DARKEST

    @property
    def cloud(self) -> str:
        """What a cloud did to the frame, in words; empty if there was none."""
        return f"{100.0 * math.expm1(self.error):+.0f} % against the clear sky" if self.cloudy else ""

    @property
    def twilight_share(self) -> float:
        """Share of the light, dark excluded, that is not the floor."""
        return max(1.0 - self.seen.floor_e_s / self.rate_e_s, 0.0)
