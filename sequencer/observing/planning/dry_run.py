"""One series, exposed in thought: the controller that will run it answers, the sky it believes in replies."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sequencer.clock import iso
from sequencer.exposure import DetectorLimits, Expose, ExposureController, RatePrior, Stop, Wait
from sequencer.exposure.outlook import Outlook
from sequencer.observing.planning.priors import SunAltitude

SLOPE_STEP_S = 10.0
"""Time over which the slope of the sky is taken."""

SPARE_ANSWERS = 1000
"""Answers asked of one controller beyond the frames wanted: more than any series needs (1000 waits of a minute are
17 hours)."""


@dataclass(frozen=True)
class ThoughtSky:
    """The sky of a prior, `factor` times as bright as believed, seen by a detector."""

    prior: RatePrior
    limits: DetectorLimits
    factor: float = 1.0

    def level_fraction(self, opening_s: float, dit_s: float, ndit: int, airmass: float) -> float:
        """Level of an exposure, in full wells per DIT."""
        floor = self.prior.floor_e_s
        outlook = Outlook(
            self.limits,
            self.factor * self.prior.rate_e_s(airmass, None) * math.exp(self._log_shape(opening_s)),
            (self._log_shape(opening_s + SLOPE_STEP_S) - self._log_shape(opening_s)) / SLOPE_STEP_S,
            self.factor * (floor(airmass, None) if callable(floor) else floor),
        )
        return outlook.level_fraction(dit_s, ndit)

    def _log_shape(self, time_s: float) -> float:
        return 0.0 if self.prior.log_shape is None else self.prior.log_shape(time_s)


@dataclass
class ThoughtDetector:
    """A detector's time: `overhead_s` to read out, and `settle` reads thrown away whenever the DIT changes.

    `reads` counts the read-outs, the one of the exposure that follows included.
    """

    overhead_s: float
    settle: int = 0
    last_dit_s: float | None = None
    reads: int = 0

    def settled_s(self, dit_s: float, ndit: int) -> float:
        """How long it settles before an exposure."""
        settling = 0 if dit_s == self.last_dit_s else self.settle
        self.last_dit_s = dit_s
        self.reads += settling + 1
        return settling * (dit_s * ndit + self.overhead_s)


@dataclass(frozen=True)
class ThoughtFrame:
    """One frame: opening in s (Unix, UTC), DIT, NDIT, level in full wells."""

    start_s: float
    dit_s: float
    ndit: int
    level_fraction: float


@dataclass(frozen=True)
class ThoughtSeries:
    """The good frames of a series, when it is over, and why it has fewer frames or other levels than wished.

    `late`: frames are missing because the time was over.
    """

    frames: tuple[ThoughtFrame, ...]
    ended_s: float
    note: str = ""
    late: bool = False


def expose_series(
    controller: ExposureController,
    sky: ThoughtSky,
    detector: ThoughtDetector,
    sun_altitude_deg: SunAltitude,
    *,
    begin_s: float,
    end_s: float,
    n: int,
    airmass: float,
) -> ThoughtSeries:
    """Expose `n` good frames from `begin_s`, none closing after `end_s`."""
    now_s, frames, note = begin_s, list[ThoughtFrame](), ""
    for _ in range(n + SPARE_ANSWERS):
        if len(frames) >= n:
            return ThoughtSeries(tuple(frames), now_s, note)
        if now_s >= end_s:
            return ThoughtSeries(tuple(frames), end_s, note, late=True)
        answer = controller.next(now_s, sun_altitude_deg(now_s), airmass)
        if isinstance(answer, Stop):
            return ThoughtSeries(tuple(frames), now_s, f"{answer.reason} ({iso(now_s, 0)[11:16]})")
        if isinstance(answer, Wait):
            now_s += answer.seconds
            note = note or f"waits: {answer.reason}"
            continue
        opens_s = now_s + detector.settled_s(answer.dit_s, answer.ndit)
        closes_s = opens_s + answer.dit_s * answer.ndit
        if closes_s > end_s:
            return ThoughtSeries(tuple(frames), now_s, note, late=True)
        frame = ThoughtFrame(opens_s, answer.dit_s, answer.ndit, _level(sky, answer, opens_s, airmass))
        verdict = controller.record(
            opens_s,
            answer.dit_s,
            frame.level_fraction * sky.limits.full_well_e,
            ndit=answer.ndit,
            probe=answer.probe,
            airmass=airmass,
        )
        if verdict.good and not answer.probe:
            frames.append(frame)
            note = note or answer.note
        now_s = closes_s + detector.overhead_s
    return ThoughtSeries(tuple(frames), now_s, f"given up after {n + SPARE_ANSWERS} answers")


def _level(sky: ThoughtSky, answer: Expose, opening_s: float, airmass: float) -> float:
    return sky.level_fraction(opening_s, answer.dit_s, answer.ndit, airmass)
