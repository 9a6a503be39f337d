"""The background of one filter as seen by its detector: what is believed, what it predicts, what a frame
teaches."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sequencer.exposure.dit import SkyRunsOut, collected_e, solve_dit
from sequencer.exposure.estimator import LogRate, RatePrior, first_belief
from sequencer.exposure.limits import DetectorLimits

FRAME_SIGMA = 0.005
"""Relative 1 sigma of one frame's rate: sky noise and gain, 0.003-0.01 (assumed)."""

AIRMASS_SIGMA = 0.02
"""Relative 1 sigma of the rate model from one airmass to another, 0.01-0.03 for METIS."""

AIRMASS_STEP = 0.03
"""Airmasses nearer than this are one level (SEQ.AIRMASS.TOL)."""


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


class Background:
    """Rate and slope of the background, learned from frames on top of a prior.

    Signals are linearised electrons per DIT, dark and floor included; levels are what is read, in full wells.
    """

    def __init__(self, limits: DetectorLimits, prior: RatePrior) -> None:
        self.limits, self.prior = limits, prior
        self.frames = 0
        self._belief: LogRate | None = None
        self.airmass = 1.0

    @property
    def constant_e_s(self) -> float:
        """The steady part of the rate: dark and floor."""
        return self.limits.dark_rate_e_s + self.prior.floor_e_s

    def belief(self, at: Conditions) -> LogRate:
        """Rate factor and slope under given conditions; another airmass than the last frame's adds doubt."""
        if self._belief is None:
            return first_belief(self.prior, at.time_s)
        belief = self._belief.at(at.time_s, self.prior.slope_noise_per_s3)
        moved = abs(at.airmass - self.airmass) > AIRMASS_STEP
        return belief.doubted(AIRMASS_SIGMA) if moved else belief

    def rate_e_s(self, at: Conditions) -> float:
        """The changing part of the rate: u times the prior's model."""
        return math.exp(self.belief(at).log_u) * self.prior.rate_e_s(at.airmass, at.temperature_k)

    def signal_e(self, at: Conditions, dit_s: float) -> float:
        """Signal of a DIT that opens under these conditions."""
        return collected_e(self.rate_e_s(at), dit_s, self.tau_s(at), self.constant_e_s)

    def level_fraction(self, at: Conditions, dit_s: float) -> float:
        """Level of a DIT that opens under these conditions, as read: at most 1."""
        return self.limits.level_fraction(self.signal_e(at, dit_s))

    def dit_for(self, at: Conditions, level_fraction: float) -> float:
        """The DIT in s that opens under these conditions and reaches a level; infinite where the sky runs
        out."""
        solution = solve_dit(
            self.limits.signal_e(level_fraction),
            self.rate_e_s(at),
            tau_s=self.tau_s(at),
            constant_e_s=self.constant_e_s,
        )
        return math.inf if isinstance(solution, SkyRunsOut) else solution

    def tau_s(self, at: Conditions) -> float:
        """E-folding time of the background: above 0 fading, below 0 brightening, infinite steady."""
        slope = self.belief(at).slope_per_s
        return -1.0 / slope if slope else math.inf

    def objection(self, dit_s: float, level_e: float) -> str:
        """Why a level teaches nothing: no number, or nothing beside dark and floor. Empty if it does."""
        if not math.isfinite(level_e):
            return f"the level is {level_e:.4g} e-"
        constant_e = self.constant_e_s * dit_s
        if self._linear_e(level_e) <= constant_e:
            return f"the level is {level_e:.4g} e-, dark and floor alone give {constant_e:.4g} e-"
        return ""

    def learn(self, middle: Conditions, dit_s: float, level_e: float) -> None:
        """Take in a frame without objections: its level in electrons as read, conditions at mid-exposure."""
        belief = self.belief(middle)
        signal_e = self._linear_e(level_e)
        mean_rate = signal_e / dit_s - self.constant_e_s
        # The mean over an exponential exceeds its middle by sinh(x)/x, x = slope DIT / 2: 1 + x^2/6.
        curvature = (belief.slope_per_s * dit_s) ** 2 / 24.0
        log_u = math.log(mean_rate / self.prior.rate_e_s(middle.airmass, middle.temperature_k)) - curvature
        # The pedestal is known to about one read noise (assumed); it matters for very low levels only.
        sigma = math.hypot(FRAME_SIGMA, self.limits.read_noise_e / signal_e)
        self._belief, self.airmass = belief.told(log_u, sigma), middle.airmass
        self.frames += 1

    def _linear_e(self, level_e: float) -> float:
        return self.limits.signal_e(min(level_e / self.limits.full_well_e, 1.0))
