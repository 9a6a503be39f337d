"""What frames may teach at most: clouds that come, go or thin slowly would teach a wrong sky."""

from __future__ import annotations

import math
from dataclasses import replace

from sequencer.exposure.estimator import RatePrior
from sequencer.exposure.kalman import Belief

SLOPE_SIGMAS = 2.0
"""How far the slope may be learned away from the prior's, in the prior's sigma."""


class Credible:
    """Bounds of a belief: a slope near the prior's, and behind a cloud a sky no brighter than it has been seen."""

    def __init__(self, prior: RatePrior) -> None:
        self._prior = prior
        self._first_s: float | None = None
        self._brightest = -math.inf

    def sloped(self, belief: Belief) -> Belief:
        """The belief with a slope within `SLOPE_SIGMAS` of the prior's; their sigma grows from the first frame on."""
        prior = self._prior
        elapsed_s = max(belief.time_s - self._since(belief), 0.0)
        room = SLOPE_SIGMAS * math.sqrt(prior.log_slope_sigma_per_s**2 + prior.slope_noise_per_s3 * elapsed_s)
        slope = min(max(belief.slope_per_s, prior.log_slope_per_s - room), prior.log_slope_per_s + room)
        return belief if slope == belief.slope_per_s else replace(belief, slope_per_s=slope)

    def capped(self, belief: Belief, *, cloudy: bool) -> Belief:
        """The belief, behind a cloud no brighter than the clear sky was: a cloud that thinned slowly may have taught
        a slope that carries the clear sky ever further away."""
        evolution = self._prior.log_slope_per_s * (belief.time_s - self._since(belief))
        if not cloudy:
            self._brightest = max(self._brightest, belief.log_u - evolution)
        elif belief.log_u - evolution > self._brightest:
            return replace(belief, log_u=self._brightest + evolution, slope_per_s=self._prior.log_slope_per_s)
        return belief

    def _since(self, belief: Belief) -> float:
        """The time of the first frame in s."""
        if self._first_s is None:
            self._first_s = belief.time_s
        return self._first_s
