"""What is believed of the background of one filter before its first frame: rate, slope, shape and floor."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from sequencer.exposure.kalman import Belief
from sequencer.exposure.learned import Learned
from sequencer.exposure.plan import Direction

RateModel = Callable[[float, float | None], float]
"""Background rate in e-/s/pixel for an airmass and an ambient temperature in K (or None)."""

LogShape = Callable[[float], float]
"""ln of the rate over the rate model's as a function of time in s."""

THERMAL_SLOPE_SIGMA_PER_S = 2e-5
"""Thermal drift, 1 sigma in 1/s: 2-4 % an hour in Lp from 0.5-1 K/h of cooling (assumed), doubled."""

TWILIGHT_EFOLD_S, TWILIGHT_SLOPE_SIGMA_PER_S = 240.0, 1e-3
"""Time in which a twilight fades by e, and the doubt of its slope: 203 s at 6 deg of depression and 271 s at 9 in V at
Paranal (Patat et al. 2006), 277 s Tyson & Gal 1993."""

TWILIGHT_SLOPE_NOISE_PER_S3 = 3e-10
"""The wandering of a twilight's slope without a shape: 5e-4/s in 1000 s, from the first to the last of those."""

UNTOLD_FLOOR_SIGMA = 1.0
"""Doubt of a floor nobody told of, in units of the floor that alone fills the target in the longest DIT."""

SHAPED_SLOPE_SIGMA_PER_S = 3e-4
"""Slope error, 1 sigma in 1/s, of a twilight whose shape is given as a function of the Sun's altitude: 6 %.
Assumed."""

SHAPED_SLOPE_NOISE_PER_S3 = 1e-11
"""The wandering of the slope beside a given shape. Assumed: 1e-4/s in 1000 s."""

THERMAL_SLOPE_NOISE_PER_S3 = 1e-13
"""The same for thermal background: 2e-5/s in an hour. Assumed."""


def constant_rate(rate_e_s: float) -> RateModel:
    """A rate model without any dependence on airmass or temperature. Raises ValueError unless rate > 0."""
    if not 0.0 < rate_e_s < math.inf:
        raise ValueError(f"rate {rate_e_s} e-/s is not above 0")
    return Scaled(rate_e_s)


@dataclass(frozen=True)
class Scaled:
    """A rate model times a factor; the factor itself without one. Data, so that a prior can be pickled."""

    factor: float
    model: RateModel | None = None

    def __call__(self, airmass: float, temperature_k: float | None) -> float:
        """Rate in e-/s/pixel."""
        return self.factor if self.model is None else self.factor * self.model(airmass, temperature_k)


@dataclass(frozen=True)
class RatePrior:
    """What is believed of the background before the first frame.

    `rate_e_s` is the model F(airmass, temperature), right up to a factor u known to `relative_sigma`. How it
    changes: either `log_shape(time_s)`, ln of the rate over the model's, for a twilight known from the Sun's
    altitude (give SHAPED_ slopes with it); or `log_slope_per_s`, d ln(rate)/dt (dusk < 0, dawn > 0) from `time_s`
    on, when the rate is the model's. Beside a shape the slope is what the shape has wrong; its doubt counts from
    `time_s` (None: from the first frame).
    `slope_noise_per_s3` is the variance per second by which the slope wanders. `floor_e_s` is a part that does
    not follow the twilight (thermal floor in the optical), dark excluded: a figure, or a model of airmass and
    temperature, right up to a factor, `floor_factor` as known to `floor_sigma` (0: exactly; otherwise it is learned).
    Raises ValueError for negative or non-finite figures, or a slope without the time it counts from.
    """

    rate_e_s: RateModel
    relative_sigma: float = 0.3
    log_slope_per_s: float = 0.0
    log_slope_sigma_per_s: float = THERMAL_SLOPE_SIGMA_PER_S
    slope_noise_per_s3: float = THERMAL_SLOPE_NOISE_PER_S3
    floor_e_s: float | RateModel = 0.0
    time_s: float | None = None
    log_shape: LogShape | None = None
    floor_sigma: float = 0.0
    floor_factor: float = 1.0

    @classmethod
    def twilight(
        cls,
        rate_e_s: float,
        time_s: float,
        direction: Direction,
        *,
        relative_sigma: float = 0.3,
        efold_s: float = TWILIGHT_EFOLD_S,
        floor_e_s: float = 0.0,
    ) -> RatePrior:
        """A twilight of which a guess is known: `rate_e_s` in e-/s/pixel at `time_s`, right to `relative_sigma`.

        It changes by e in `efold_s`, at dusk ("EVENING") fading. `floor_e_s` is the light that does not follow the Sun,
        known to 30 %; 0: nobody knows. Raises ValueError for figures that make no sense.
        """
        if not 0.0 < efold_s < math.inf:
            raise ValueError(f"e-folding time {efold_s} s is not above 0")
        return cls(
            constant_rate(rate_e_s),
            relative_sigma=relative_sigma,
            log_slope_per_s=(-1.0 if direction == "EVENING" else 1.0) / efold_s,
            log_slope_sigma_per_s=TWILIGHT_SLOPE_SIGMA_PER_S,
            slope_noise_per_s3=TWILIGHT_SLOPE_NOISE_PER_S3,
            floor_e_s=floor_e_s,
            floor_sigma=0.3 if floor_e_s else 0.0,
            time_s=time_s,
        )

    @property
    def unchanging(self) -> bool:
        """Whether neither a slope nor a shape says how the rate changes."""
        return self.log_shape is None and self.log_slope_per_s == 0.0

    def with_floor(self, unit_e_s: float) -> RatePrior:
        """This prior with a floor to be learned in units of `unit_e_s`, believed to be none, if it tells of none."""
        if callable(self.floor_e_s) or self.floor_e_s or self.unchanging:
            return self
        return replace(self, floor_e_s=unit_e_s, floor_sigma=UNTOLD_FLOOR_SIGMA, floor_factor=0.0)

    def __post_init__(self) -> None:
        floor = 0.0 if callable(self.floor_e_s) else self.floor_e_s
        sigmas = (self.relative_sigma, self.log_slope_sigma_per_s, self.slope_noise_per_s3, self.floor_sigma)
        if not all(0.0 <= value < math.inf for value in (*sigmas, floor)):
            raise ValueError(f"not a prior: {self}")
        if not math.isfinite(self.log_slope_per_s) or (self.log_slope_per_s and self.time_s is None):
            raise ValueError(f"not a prior: {self}")

    def floor(self, airmass: float, temperature_k: float | None) -> float:
        """The floor's model in e-/s/pixel, its factor apart."""
        if callable(self.floor_e_s):
            return self.floor_e_s(airmass, temperature_k)
        return self.floor_e_s

    def shape(self, time_s: float) -> float:
        """The logarithmic shape at a time; 0 without one."""
        return 0.0 if self.log_shape is None else self.log_shape(time_s)

    def first_belief(self, time_s: float) -> Belief:
        """The prior as a belief at a time: carried on from the prior's own time, if it has one."""
        start_s = time_s if self.time_s is None else self.time_s
        slope = (self.log_slope_per_s, self.floor_factor)
        variances = (self.relative_sigma**2, self.log_slope_sigma_per_s**2, self.floor_sigma**2)
        return Belief(start_s, 0.0, *slope, *variances).at(time_s, self.slope_noise_per_s3)

    def taught(self, learned: Learned) -> RatePrior:
        """This prior with what frames of the same night have taught."""
        return replace(
            self,
            rate_e_s=Scaled(learned.throughput, self.rate_e_s),
            relative_sigma=learned.relative_sigma,
            floor_factor=learned.floor_factor,
            floor_sigma=learned.floor_sigma,
            log_slope_per_s=learned.log_slope_per_s,
            time_s=learned.time_s,
        )
