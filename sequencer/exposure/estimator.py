"""The background's rate and how fast it changes, learned from frames: a Kalman filter on the logarithm of
the rate.

One filter serves both regimes: with a slope known to be almost zero it learns one factor (thermal
background), with an open slope it follows the twilight.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

RateModel = Callable[[float, float | None], float]
"""Background rate in e-/s/pixel for an airmass and an ambient temperature in K (or None)."""

THERMAL_SLOPE_SIGMA_PER_S = 2e-5
"""Thermal drift, 1 sigma in 1/s: 2-4 % an hour in Lp from 0.5-1 K/h of cooling (assumed), doubled."""

TWILIGHT_SLOPE_SIGMA_PER_S = 2e-3
"""Slope error, 1 sigma in 1/s, of a twilight whose slope (typically 4.6e-3/s) is only roughly known
beforehand."""

TWILIGHT_SLOPE_NOISE_PER_S3 = 1e-10
"""Variance per second by which the twilight's slope wanders. Assumed: 1e-4/s in 100 s, somewhat more than the
curvature of the measured brightness curves (from 4.6e-3 to 2.3e-3/s in half an hour)."""

THERMAL_SLOPE_NOISE_PER_S3 = 1e-13
"""The same for thermal background: 2e-5/s in an hour. Assumed."""


def constant_rate(rate_e_s: float) -> RateModel:
    """A rate model without any dependence on airmass or temperature. Raises ValueError unless rate > 0."""
    if not 0.0 < rate_e_s < math.inf:
        raise ValueError(f"rate {rate_e_s} e-/s is not above 0")
    return lambda airmass, temperature_k: rate_e_s


@dataclass(frozen=True)
class RatePrior:
    """What is believed of the background before the first frame.

    `rate_e_s` is the model F(airmass, temperature), right up to a factor u known to `relative_sigma`;
    `log_slope_per_s` is d ln(rate)/dt (dusk < 0, dawn > 0) at `time_s` (None: the time of the first
    question); `floor_e_s` a steady part beside it (thermal floor in the optical), dark excluded.
    `slope_noise_per_s3` is the variance per second by which the slope wanders. Raises ValueError for
    negative or non-finite figures.
    """

    rate_e_s: RateModel
    relative_sigma: float = 0.3
    log_slope_per_s: float = 0.0
    log_slope_sigma_per_s: float = THERMAL_SLOPE_SIGMA_PER_S
    slope_noise_per_s3: float = THERMAL_SLOPE_NOISE_PER_S3
    floor_e_s: float = 0.0
    time_s: float | None = None

    def __post_init__(self) -> None:
        sigmas = (self.relative_sigma, self.log_slope_sigma_per_s, self.slope_noise_per_s3, self.floor_e_s)
        if not all(0.0 <= value < math.inf for value in sigmas) or not math.isfinite(self.log_slope_per_s):
            raise ValueError(f"not a prior: {self}")


@dataclass(frozen=True)
class LogRate:
    """A belief at one time: ln u and d ln u/dt with their covariance, u being the factor on the prior's
    model."""

    time_s: float
    log_u: float
    slope_per_s: float
    var_log: float
    covariance: float
    var_slope: float

    @property
    def sigma(self) -> float:
        """1 sigma of ln u, that is the relative error of the rate."""
        return math.sqrt(self.var_log)

    def at(self, time_s: float, noise_per_s3: float) -> LogRate:
        """The belief carried on to a later time. An earlier time (a clock that jumped) changes nothing but
        it."""
        dt = max(time_s - self.time_s, 0.0)
        return LogRate(
            time_s,
            self.log_u + self.slope_per_s * dt,
            self.slope_per_s,
            self.var_log + 2.0 * dt * self.covariance + dt * dt * self.var_slope + noise_per_s3 * dt**3 / 3.0,
            self.covariance + dt * self.var_slope + noise_per_s3 * dt * dt / 2.0,
            self.var_slope + noise_per_s3 * dt,
        )

    def told(self, log_u: float, sigma: float) -> LogRate:
        """The belief after a measurement of ln u at this very time, with its 1 sigma."""
        total = self.var_log + sigma * sigma
        gain_log, gain_slope = self.var_log / total, self.covariance / total
        error = log_u - self.log_u
        return LogRate(
            self.time_s,
            self.log_u + gain_log * error,
            self.slope_per_s + gain_slope * error,
            (1.0 - gain_log) * self.var_log,
            (1.0 - gain_log) * self.covariance,
            self.var_slope - gain_slope * self.covariance,
        )

    def doubted(self, sigma: float) -> LogRate:
        """The belief with an independent relative error added, as after a change of airmass."""
        return LogRate(
            self.time_s,
            self.log_u,
            self.slope_per_s,
            self.var_log + sigma * sigma,
            self.covariance,
            self.var_slope,
        )


def first_belief(prior: RatePrior, time_s: float) -> LogRate:
    """The prior as a belief at a time: carried on from the prior's own time, if it has one."""
    start_s = time_s if prior.time_s is None else prior.time_s
    variances = (prior.relative_sigma**2, 0.0, prior.log_slope_sigma_per_s**2)
    return LogRate(start_s, 0.0, prior.log_slope_per_s, *variances).at(time_s, prior.slope_noise_per_s3)
