"""What is believed of a background at one time, and how time and measurements change it: a Kalman filter.

The state is (ln u, d ln u/dt, v): u the factor on the prior's rate, v the factor on its floor. One filter serves
both regimes: with a slope known to be almost zero it learns one factor (thermal background), with an open slope
it follows the twilight. Derivation: exact discretisation of a slope that wanders as a random walk.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Belief:
    """ln u, its slope in 1/s and the floor's factor v at a time, with their covariances (var_ and cov_)."""

    time_s: float
    log_u: float
    slope_per_s: float
    floor: float
    var_log: float
    var_slope: float
    var_floor: float
    cov_log_slope: float = 0.0
    cov_log_floor: float = 0.0
    cov_slope_floor: float = 0.0

    @property
    def sigma(self) -> float:
        """1 sigma of ln u, that is the relative error of the rate."""
        return math.sqrt(self.var_log)

    def at(self, time_s: float, noise_per_s3: float) -> Belief:
        """The belief carried on to a later time; an earlier time (a clock that jumped) changes nothing but it."""
        dt = max(time_s - self.time_s, 0.0)
        gained = 2.0 * dt * self.cov_log_slope + dt * dt * self.var_slope + noise_per_s3 * dt**3 / 3.0
        return replace(
            self,
            time_s=time_s,
            log_u=self.log_u + self.slope_per_s * dt,
            var_log=self.var_log + gained,
            var_slope=self.var_slope + noise_per_s3 * dt,
            cov_log_slope=self.cov_log_slope + dt * self.var_slope + noise_per_s3 * dt * dt / 2.0,
            cov_log_floor=self.cov_log_floor + dt * self.cov_slope_floor,
        )

    def doubted(self, sigma: float) -> Belief:
        """The belief with an independent relative error of the rate added, as after a change of airmass."""
        return replace(self, var_log=self.var_log + sigma * sigma)

    def variance_of(self, by_log: float, by_floor: float) -> float:
        """Variance of `by_log` ln u + `by_floor` v."""
        return max(
            by_log * by_log * self.var_log
            + 2.0 * by_log * by_floor * self.cov_log_floor
            + by_floor * by_floor * self.var_floor,
            0.0,
        )

    def told(self, error: float, by_log: float, by_floor: float, variance: float) -> Belief:
        """The belief after a measurement of `by_log` ln u + `by_floor` v that is off the prediction by `error`.

        `variance` is that of the measurement. The floor never becomes negative.
        """
        total = self.variance_of(by_log, by_floor) + variance
        return self._moved(by_log, by_floor, error / total, 1.0 / total)

    def at_least(self, error: float, by_log: float, by_floor: float) -> Belief:
        """The belief after a censored measurement: the true value exceeds the prediction by `error` or more.

        Mean and variance of the normal distribution cut off there.
        """
        variance = self.variance_of(by_log, by_floor)
        if variance == 0.0:
            return self
        sigma = math.sqrt(variance)
        cut = error / sigma
        excess = _hazard(cut)
        shrunk = max(1.0 - excess * (excess - cut), 0.0)
        return self._moved(by_log, by_floor, excess / sigma, (1.0 - shrunk) / variance)

    def _moved(self, by_log: float, by_floor: float, shift: float, shrink: float) -> Belief:
        """State moved by shift x (P h), covariance reduced by shrink x (P h)(P h)'."""
        log = by_log * self.var_log + by_floor * self.cov_log_floor
        slope = by_log * self.cov_log_slope + by_floor * self.cov_slope_floor
        floor = by_log * self.cov_log_floor + by_floor * self.var_floor
        moved = Belief(
            self.time_s,
            self.log_u + shift * log,
            self.slope_per_s + shift * slope,
            self.floor + shift * floor,
            max(self.var_log - shrink * log * log, 0.0),
            max(self.var_slope - shrink * slope * slope, 0.0),
            max(self.var_floor - shrink * floor * floor, 0.0),
            self.cov_log_slope - shrink * log * slope,
            self.cov_log_floor - shrink * log * floor,
            self.cov_slope_floor - shrink * slope * floor,
        )
        return _lit(moved)


def _lit(belief: Belief) -> Belief:
    """The belief with a floor that is not negative, rate and slope as they follow from that (projection along the
    covariance, as in Simon 2010, IET Control Theory Appl. 4, 1303)."""
    if belief.floor >= 0.0:
        return belief
    gain = -belief.floor / belief.var_floor if belief.var_floor > 0.0 else 0.0
    return replace(
        belief,
        log_u=belief.log_u + gain * belief.cov_log_floor,
        slope_per_s=belief.slope_per_s + gain * belief.cov_slope_floor,
        floor=0.0,
    )


def _hazard(cut: float) -> float:
    """phi(x) / (1 - Phi(x)) of the normal distribution; beyond 8 sigma its asymptote x + 1/x."""
    if cut > 8.0:
        return cut + 1.0 / cut
    density = math.exp(-0.5 * cut * cut) / math.sqrt(2.0 * math.pi)
    return density / (0.5 * math.erfc(cut / math.sqrt(2.0)))
