"""The background of one filter as seen by its detector: what is believed, what it predicts, what a frame
teaches."""

from __future__ import annotations

import math
from dataclasses import replace

from sequencer.exposure.conditions import Conditions
from sequencer.exposure.credible import Credible
from sequencer.exposure.estimator import RatePrior
from sequencer.exposure.kalman import Belief
from sequencer.exposure.limits import SATURATION_FRACTION, DetectorLimits
from sequencer.exposure.outlook import Outlook
from sequencer.exposure.reading import Reading, Seen
from sequencer.exposure.veil import DARKEST, Veil

FRAME_SIGMA = 0.005
"""Relative 1 sigma of one frame's rate: sky noise and gain, 0.003-0.01 (assumed)."""

AIRMASS_SIGMA = 0.02
"""Relative 1 sigma of the rate model from one airmass to another, 0.01-0.03 for METIS."""

AIRMASS_STEP = 0.03
"""Airmasses nearer than this are one level (SEQ.AIRMASS.TOL)."""

GATE_SIGMA = 4.0
"""A frame further from the prediction than this many sigma tells of a cloud, not of the background."""

LINEARISATIONS = 3
"""Rounds of an update that is far off, as in an iterated extended Kalman filter."""

SMALL_ERROR = 0.03
"""Error of ln(rate) below which the second round is the last: what is left of it is under 1e-4."""

MOST_SURPRISES = 4
"""Saturated frames in a row after which the doubt grows no more: sigma is then four times the prior's."""

LARGEST_LOG = 150.0
"""Bound of ln(rate over model), so that a clock that jumps by years overflows nothing."""

SHAPE_STEP_S = 10.0
"""Shortest time over which the slope of a prior's shape is taken."""


class Background:
    """Rate, slope and floor of the background, learned from frames on top of a prior, and the cloud before it.

    A frame outside the gate is a cloud: it moves the belief hardly at all, but the `veil`, ln of what the cloud
    does to the rate, which the next prediction takes over. In a fading sky a frame that is brighter than the gate
    allows shows that a cloud has gone. `steady`: of a background that does not fade, two such frames that agree
    are the new truth.
    """

    def __init__(self, limits: DetectorLimits, prior: RatePrior, *, steady: bool = False) -> None:
        self.limits, self.prior = limits, prior
        self.frames = 0
        self.airmass = 1.0
        self._veil = Veil()
        self._surprises = 0
        self._credible = Credible(prior)
        self._steady = steady
        self._belief: Belief | None = None
        self._carried: Belief | None = None

    @property
    def veil(self) -> float:
        """ln of what a cloud did to the rate in the last frame; 0 if it was none's."""
        return self._veil.depth

    def belief(self, at: Conditions) -> Belief:
        """Factor, slope and floor under given conditions; another airmass than the last frame's adds doubt."""
        if self._belief is None:
            return self.prior.first_belief(at.time_s)
        belief = self._carried
        if belief is None or belief.time_s != at.time_s:
            belief = self._carried = self._belief.at(at.time_s, self.prior.slope_noise_per_s3)
        moved = self.frames > 0 and abs(at.airmass - self.airmass) > AIRMASS_STEP
        return belief.doubted(AIRMASS_SIGMA) if moved else belief

    def outlook(
        self, at: Conditions, *, clear: bool = False, sigmas: float = 0.0, span_s: float = 0.0
    ) -> Outlook:
        """What an exposure that opens under these conditions meets.

        `clear`: without the cloud; `sigmas`: with a rate that many sigma higher; `span_s`: how long the shape's
        slope is averaged over.
        """
        belief = self.belief(at)
        veil = 0.0 if clear else self._veil.at(at.time_s)
        return self._outlook(belief, at, sigmas * belief.sigma + veil, span_s)

    def _outlook(self, belief: Belief, at: Conditions, log_factor: float, span_s: float) -> Outlook:
        log_rate = belief.log_u + self.prior.shape(at.time_s) + log_factor
        log_rate = min(max(log_rate, -LARGEST_LOG), LARGEST_LOG)
        rate = math.exp(log_rate) * self.prior.rate_e_s(at.airmass, at.temperature_k)
        slope = belief.slope_per_s + self._shape_slope(at.time_s, max(span_s, SHAPE_STEP_S))
        floor = belief.floor * self.prior.floor(at.airmass, at.temperature_k)
        return Outlook(self.limits, rate, slope, floor)

    def sigma(self, at: Conditions) -> float:
        """1 sigma of ln of the predicted rate, floor included; behind a cloud counted from the last frame, which it
        repeats."""
        belief = self.belief(at)
        if self.veil and self._belief is not None:
            return math.sqrt(belief.var_slope) * max(at.time_s - self._belief.time_s, 0.0)
        seen = self._seen(belief, at, 0.0)
        return math.sqrt(belief.variance_of(seen.by_log, seen.by_floor))

    def share_sigma(self, at: Conditions) -> float:
        """1 sigma of ln(twilight / floor), the logarithm of the odds of the twilight's share."""
        belief = self.belief(at)
        return math.sqrt(belief.variance_of(1.0, -1.0 / max(belief.floor, 1e-3)))

    @property
    def floor_sigma(self) -> float:
        """Relative 1 sigma of the floor as believed."""
        belief = self._belief
        if belief is None:
            return self.prior.floor_sigma
        return math.sqrt(belief.var_floor) / max(belief.floor, 1e-3)

    def objection(self, dit_s: float, level_e: float) -> str:
        """Why a level teaches nothing: no number, or nothing beside the dark. Empty if it does."""
        if not math.isfinite(level_e):
            return f"the level is {level_e:.4g} e-"
        dark_e = self.limits.dark_rate_e_s * dit_s
        if self._linear_e(level_e) <= dark_e:
            return f"the level is {level_e:.4g} e-, the dark alone gives {dark_e:.4g} e-"
        return ""

    def read(self, middle: Conditions, exposed_s: float, dit_s: float, level_e: float) -> Reading:
        """What a frame without objections measured: level as read, conditions at the middle of its `exposed_s`."""
        signal_e = self._linear_e(level_e)
        measured_e_s = signal_e / dit_s - self.limits.dark_rate_e_s
        # The pedestal is known to about one read noise (assumed); it matters for very low levels only.
        variance = FRAME_SIGMA**2 + (self.limits.read_noise_e / signal_e) ** 2
        belief = self.belief(middle)
        seen = self._seen(belief, middle, exposed_s)
        error = math.log(measured_e_s) - seen.log_e_s
        expected = belief.variance_of(seen.by_log, seen.by_floor) + variance
        departs = self.frames > 0 and error * error > GATE_SIGMA**2 * expected
        reset = departs and self._new_truth(error, variance)
        cloudy = departs and not reset
        return Reading(middle, exposed_s, measured_e_s, seen, error, variance, cloudy, reset)

    def _new_truth(self, error: float, variance: float) -> bool:
        """Whether a departure is not a cloud but the sky: before a fading sky a cloud only darkens."""
        if self._steady:
            return abs(error - self.veil) < GATE_SIGMA * math.sqrt(2.0 * variance)
        return error > 0.0

    def learn(self, reading: Reading) -> None:
        """Take in what a frame measured."""
        before = self.belief(reading.at)
        if reading.reset:
            before = before.doubted(abs(reading.error))
        variance = max(reading.variance, reading.error**2 if reading.cloudy else 0.0)
        belief, seen, error = before, reading.seen, reading.error
        for i in range(LINEARISATIONS):
            belief = before.told(error, seen.by_log, seen.by_floor, variance)
            if not seen.by_floor or (i and abs(reading.error) < SMALL_ERROR):
                break
            # The logarithm of a sum is no straight line: the update is repeated about where it leads to.
            seen = self._seen(belief, reading.at, reading.exposed_s)
            error = math.log(reading.rate_e_s) - seen.log_e_s
            error += seen.by_log * (belief.log_u - before.log_u)
            error += seen.by_floor * (belief.floor - before.floor)
        belief = self._credible.capped(self._credible.sloped(belief), cloudy=reading.cloudy)
        self._belief, self._carried = belief, None
        self.airmass = reading.at.airmass
        self.frames += 1
        self._veil.measured(reading.veil if reading.cloudy else 0.0, reading.at.time_s)
        self._surprises = 0

    def darkened(self, at: Conditions) -> None:
        """A frame without light where there was some before: the thickest cloud."""
        self._veil.measured(DARKEST, at.time_s)

    def saturated(self, middle: Conditions, exposed_s: float, dit_s: float) -> bool:
        """Take in that a DIT saturated: the rate is that or more.

        Returns whether that is a surprise; it is none where a cloud has simply gone.
        """
        self._veil.measured(0.0, middle.time_s)
        bound = self.limits.signal_e(SATURATION_FRACTION) / dit_s - self.limits.dark_rate_e_s
        belief = self.belief(middle)
        seen = self._seen(belief, middle, exposed_s)
        if bound <= 0.0 or math.log(bound) <= seen.log_e_s:
            return False
        belief = belief.at_least(math.log(bound) - seen.log_e_s, seen.by_log, seen.by_floor)
        # The sky is then as unknown as before the first frame, and more so with each surprise.
        variance = self.prior.relative_sigma**2 * 2.0**self._surprises
        belief = replace(belief, var_log=max(belief.var_log, variance))
        self._belief, self._carried = self._credible.sloped(belief), None
        self._surprises = min(self._surprises + 1, MOST_SURPRISES)
        return True

    def _seen(self, belief: Belief, middle: Conditions, exposed_s: float) -> Seen:
        """What a frame should have measured under a clear sky, dark excluded."""
        clear = self._outlook(belief, middle, 0.0, exposed_s)
        # The mean over an exponential exceeds its middle by sinh(x)/x, x = slope DIT / 2: 1 + x^2/6.
        sky = clear.rate_e_s * (1.0 + (clear.slope_per_s * exposed_s) ** 2 / 24.0)
        total = sky + clear.floor_e_s
        by_floor = self.prior.floor(middle.airmass, middle.temperature_k) / total
        return Seen(math.log(total), sky, sky / total, by_floor)

    def _shape_slope(self, time_s: float, span_s: float) -> float:
        if self.prior.log_shape is None:
            return 0.0
        return (self.prior.log_shape(time_s + span_s) - self.prior.log_shape(time_s)) / span_s

    def _linear_e(self, level_e: float) -> float:
        return self.limits.signal_e(min(level_e / self.limits.full_well_e, 1.0))
