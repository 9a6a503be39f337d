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
from sequencer.exposure.weather import DARKEST, Weather

FRAME_SIGMA = 0.005
"""Relative 1 sigma of one frame's rate: sky noise and gain, 0.003-0.01 (assumed)."""

AIRMASS_SIGMA = 0.02
"""Relative 1 sigma of the rate model from one airmass to another, 0.01-0.03 for METIS."""

AIRMASS_STEP = 0.03
"""Airmasses nearer than this are one level (SEQ.AIRMASS.TOL)."""

GATE_SIGMA = 4.0
"""A frame further from the prediction than this many sigma tells of a cloud, not of the background."""

LINEARISATIONS = 6
"""Rounds at most of an update that is far off, as in an iterated extended Kalman filter."""

SETTLED = 1e-4
"""Change of ln u and the floor's factor in a round after which there is none."""

SMALL_ERROR = 0.03
"""Error of ln(rate) below which the second round is the last: what is left of it is under 1e-4."""

MOST_SURPRISES = 4
"""Saturated frames in a row after which the doubt grows no more: sigma is then four times the prior's."""

LARGEST_LOG = 150.0
"""Bound of ln(rate over model), so that a clock that jumps by years overflows nothing."""

KNOWN_SIGMA = 0.2
"""Doubt of ln u up to which a departure tells of weather: one known by its floor alone departs from none. Assumed."""

LEAP = 0.3
"""ln of the factor by which a sky hardly brightens between two frames; a lamp does, and is gone with the next.
Assumed."""

CLOUD_SIGMA = 0.15
"""How far a sky with clouds may have been from its mean when it was first seen; more if it was seen. Assumed."""

CALM_FRAMES = 10
"""Frames that have to follow the law before it counts as a clear sky's, which clouds only darken. Assumed."""

SHAPE_STEP_S = 10.0
"""Shortest time over which the slope of a prior's shape is taken."""


class Background:
    """Rate, slope and floor of the background, learned from frames on top of a prior, and the weather before it.

    A frame outside the gate tells of a cloud: it moves the belief hardly at all, but the `weather`, which the next
    prediction takes over. A sky brighter than its law allows has lost a cloud, or was no clear one: from then on
    the law is learned as the mean of a sky that wanders. One that leaps up is doubted until the next frame repeats
    it. `steady`: of a background that does not fade, two such frames that agree are the new truth.
    """

    def __init__(self, limits: DetectorLimits, prior: RatePrior, *, steady: bool = False) -> None:
        self.limits, self.prior = limits, prior
        self.frames = 0
        self.airmass = 1.0
        self.weather = Weather()
        self._surprises = 0
        self._calm_frames = 0
        self._doubted = False
        self._credible = Credible(prior)
        self._steady = steady
        self._belief: Belief | None = None
        self._carried: Belief | None = None

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

        `clear`: by the law alone; `sigmas`: with a rate that many sigma higher, of what is known and of the weather;
        `span_s`: how long the shape's slope is averaged over.
        """
        belief = self.belief(at)
        now = 0.0 if clear else self.weather.at(at.time_s)
        return self._outlook(belief, at, sigmas * math.hypot(belief.sigma, self.weather.sigma) + now, span_s)

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
        if self.weather.sigma and self._belief is not None:
            return math.sqrt(belief.var_slope) * max(at.time_s - self._belief.time_s, 0.0)
        seen = self._seen(belief, at, 0.0)
        return math.sqrt(belief.variance_of(seen.by_log, seen.by_floor))

    def floor_margin_e_s(self, at: Conditions) -> float:
        """1 sigma of the floor against a twilight taken as it is believed, in e-/s/pixel."""
        belief = self.belief(at)
        return math.sqrt(belief.variance_of(belief.floor, -1.0)) * self.prior.floor(at.airmass, at.temperature_k)

    @property
    def floor_sigma(self) -> float:
        """1 sigma of the floor as believed, relative to the prior's."""
        return self.prior.floor_sigma if self._belief is None else math.sqrt(self._belief.var_floor)

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
        known = self.frames > 0 and belief.sigma < KNOWN_SIGMA
        departs = known and error * error > GATE_SIGMA**2 * expected
        agrees = abs(error - self.weather.departure) < GATE_SIGMA * math.sqrt(2.0 * variance)
        reset = departs and self._steady and agrees
        return Reading(middle, exposed_s, measured_e_s, seen, error, variance, departs and not reset, reset)

    def learn(self, reading: Reading) -> None:
        """Take in what a frame measured."""
        self._surprises = 0
        if self._leaps(reading):
            return
        before, weather, now_s = self.belief(reading.at), self.weather, reading.at.time_s
        variance = reading.variance
        if reading.reset:
            before = before.doubted(abs(reading.error))
        elif self._wanders(reading):
            weather.wander()
            before = before.doubted(max(abs(reading.error), CLOUD_SIGMA))
        if weather.both:
            variance += max(weather.variance_at(now_s), reading.error**2 if reading.cloudy else 0.0)
        elif reading.cloudy:
            variance = max(variance, reading.error**2)
        self._update(before, reading, variance)
        departs = reading.cloudy or weather.both
        self._calm_frames = min(self._calm_frames + 1, CALM_FRAMES) if not departs else self._calm_frames
        weather.measured(self._departure(reading) if departs else 0.0, now_s)

    def _wanders(self, reading: Reading) -> bool:
        """Whether a departure shows that the law was none of a clear sky: brighter, or soon after the first frames."""
        if not reading.cloudy or self._steady or self.weather.both:
            return False
        return reading.error > 0.0 or self._calm_frames < CALM_FRAMES

    def _leaps(self, reading: Reading) -> bool:
        """Whether a frame of a sky that is known is so much brighter that the next one has to repeat it first."""
        if self._steady or self.frames == 0:
            return False
        excess = reading.error - self.weather.at(reading.at.time_s)
        usual = max(LEAP, GATE_SIGMA * self.weather.change_sigma(reading.at.time_s))
        self._doubted = reading.cloudy and excess > usual and not self._doubted
        return self._doubted

    def _departure(self, reading: Reading) -> float:
        """ln of the sky in a frame over its law as it is believed now."""
        seen = self._seen(self.belief(reading.at), reading.at, reading.exposed_s)
        return replace(reading, seen=seen).departure

    def _update(self, before: Belief, reading: Reading, variance: float) -> None:
        """The belief with a frame taken in as a measurement of the law."""
        belief, seen, error = before, reading.seen, reading.error
        for i in range(LINEARISATIONS):
            last, belief = belief, before.told(error, seen.by_log, seen.by_floor, variance)
            if not seen.by_floor or (i and abs(reading.error) < SMALL_ERROR):
                break
            if i > 1 and abs(belief.log_u - last.log_u) + abs(belief.floor - last.floor) < SETTLED:
                break
            # The logarithm of a sum is no straight line: the update is repeated about where it leads to.
            seen = self._seen(belief, reading.at, reading.exposed_s)
            error = math.log(reading.rate_e_s) - seen.log_e_s
            error += seen.by_log * (belief.log_u - before.log_u)
            error += seen.by_floor * (belief.floor - before.floor)
        hidden = reading.cloudy and not self.weather.both
        belief = self._credible.capped(self._credible.sloped(belief), cloudy=hidden)
        self._belief, self._carried = belief, None
        self.airmass = reading.at.airmass
        self.frames += 1

    def darkened(self, at: Conditions) -> None:
        """A frame without light where there was some before: the thickest cloud."""
        self.weather.measured(DARKEST, at.time_s)

    def saturated(self, middle: Conditions, exposed_s: float, dit_s: float) -> bool:
        """Take in that a DIT saturated: the rate is that or more.

        Returns whether that is a surprise; it is none where a cloud has simply gone.
        """
        bound = self.limits.signal_e(SATURATION_FRACTION) / dit_s - self.limits.dark_rate_e_s
        belief = self.belief(middle)
        seen = self._seen(belief, middle, exposed_s)
        if bound <= 0.0 or math.log(bound) <= seen.log_e_s:
            self.weather.measured(0.0, middle.time_s)
            return False
        if self.frames and not (self._steady or self._doubted):
            self._doubted = True
            return False
        self.weather.measured(0.0, middle.time_s)
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
