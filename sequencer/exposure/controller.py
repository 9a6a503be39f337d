"""One filter's exposures: asked what to do next, told what came of it. Pure: no clock, no device."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sequencer.exposure.answers import Answer, Expose, Stop, Wait
from sequencer.exposure.dit_list import DitList, on_grid, quantise
from sequencer.exposure.estimator import RatePrior
from sequencer.exposure.fixed import Refused, fixed_dit
from sequencer.exposure.ladder import alternating_passes, ladder
from sequencer.exposure.limits import SATURATION_FRACTION, DetectorLimits
from sequencer.exposure.plan import MAX_WAIT_S, LevelPlan
from sequencer.exposure.rate import AIRMASS_STEP, Background, Conditions
from sequencer.exposure.verdict import Verdict, verdict

PROBE_FRACTION = 0.25
"""Level a probe aims at: survives a sky 1.8 times as bright as believed (+2 sigma), unsaturated up to 4
times."""

PROBE_STEP = 4.0
"""Factor on the DIT after a probe that saturated (shorter) or saw nothing (longer)."""

MAX_PROBES = 6
"""Probes in a row without a usable frame; five quarterings span a factor of 1000 in DIT."""

MAX_UNUSABLE = 10
"""Saturated or unstable frames in a row, after which the filter is given up. Assumed."""

FIRST_HOLD_S = 30.0
"""Wait in a fading sky that saturates the minimum DIT, doubled each time. Assumed."""


@dataclass(frozen=True)
class Learned:
    """What frames taught: the factor on the prior's rate, its relative sigma, d ln(rate)/dt, and how many
    frames."""

    throughput: float
    relative_sigma: float
    log_slope_per_s: float
    frames: int


class ExposureController:
    """Chooses DIT and NDIT for one filter so that frames reach the planned level.

    `limits` is the detector, `plan` the wish, `prior` what is believed of the sky, `overhead_s` the time
    from the question to the opening, `dit_list` the DITs to choose from (None: any on the grid). A clock
    that jumps back is survived. Every loop is bounded: probes by `MAX_PROBES`, unusable frames by
    `MAX_UNUSABLE`, a ladder by its rungs; the number of frames wanted is the caller's. With NDIT > 1 in
    LEVEL mode the first DIT is at the target. Raises ValueError for a negative overhead.
    """

    def __init__(
        self,
        limits: DetectorLimits,
        prior: RatePrior,
        plan: LevelPlan | None = None,
        *,
        overhead_s: float = 0.0,
        dit_list: DitList | None = None,
    ) -> None:
        if not 0.0 <= overhead_s < math.inf:
            raise ValueError(f"overhead {overhead_s} s must not be negative")
        self.limits, self.plan = limits, plan or LevelPlan()
        self.overhead_s, self.dit_list = overhead_s, dit_list
        self._sky = Background(limits, prior)
        self._stop: Stop | None = None
        self._hold_until_s, self._hold_s = -math.inf, FIRST_HOLD_S
        self._probe_dit_s: float | None = None
        self._probes = self._unusable = 0
        self._held: dict[float, Expose] = {}
        self._rungs: list[float] | None = None
        self._ndit = 1

    def next(
        self,
        time_s: float,
        sun_altitude_deg: float,
        airmass: float = 1.0,
        temperature_k: float | None = None,
    ) -> Answer:
        """What to do at a time: Expose (opening `overhead_s` later), Wait, or Stop with the reason.

        Raises ValueError for a time or Sun altitude not finite, or an airmass below 1.
        """
        opening = Conditions(time_s + self.overhead_s, airmass, temperature_k)
        if not (opening.valid() and math.isfinite(sun_altitude_deg)):
            raise ValueError(f"out of range: {opening}, Sun at {sun_altitude_deg} deg")
        if self._stop is None:
            objection = self.plan.sun_objection(sun_altitude_deg) or self._holding(time_s)
            answer = objection or self._expose(opening)
            self._stop = answer if isinstance(answer, Stop) else None
        else:
            answer = self._stop
        if isinstance(answer, Expose):
            self._ndit = answer.ndit
        return answer

    def record(
        self,
        start_s: float,
        dit_s: float,
        level_e: float,
        *,
        probe: bool = False,
        saturated: bool = False,
        airmass: float = 1.0,
        temperature_k: float | None = None,
        p99_e: float | None = None,
        starry: str = "",
    ) -> Verdict:
        """Learn from a frame and judge it.

        `start_s` is the start of its first DIT; `level_e` the robust median per DIT in electrons above
        bias, dark included, not linearised; `p99_e` the 99th percentile likewise; `starry` why it is, if it
        is. A level that is no number, not above 0 or not above the dark is "unstable" and teaches nothing;
        a saturated one teaches only to try a shorter DIT.
        """
        start = Conditions(start_s, airmass, temperature_k)
        if not (start.valid() and 0.0 < dit_s < math.inf):
            return Verdict("unstable", f"out of range: {start}, DIT {dit_s} s")
        fraction = level_e / self.limits.full_well_e
        censored = saturated or fraction >= SATURATION_FRACTION
        judged = verdict(
            fraction,
            fraction if probe else self._expected_fraction(start, dit_s),
            self.plan.tolerance,
            self._limit_fraction(),
            p99_fraction=None if p99_e is None else p99_e / self.limits.full_well_e,
            saturated=censored,
            starry=starry,
            unstable="" if censored else self._sky.objection(dit_s, level_e),
        )
        if self._rungs and not probe:
            self._rungs.pop(0)
        self._count(judged)
        if judged.name == "saturated":
            self._held.clear()
        if censored:
            self._shorten(start_s, dit_s)
        elif judged.name == "unstable":
            self._lengthen(dit_s, level_e)
        else:
            ndit = 1 if probe else self._ndit
            middle = Conditions(start_s + 0.5 * ndit * dit_s, airmass, temperature_k)
            self._sky.learn(middle, dit_s, level_e)
            self._probe_dit_s = None
        return judged

    def predict_level_e(
        self, dit_s: float, time_s: float, airmass: float = 1.0, temperature_k: float | None = None
    ) -> float:
        """The level in electrons, as it would be read (at most full well), of a DIT that opens at a time."""
        return self.predict_fraction(dit_s, time_s, airmass, temperature_k) * self.limits.full_well_e

    def predict_fraction(
        self, dit_s: float, time_s: float, airmass: float = 1.0, temperature_k: float | None = None
    ) -> float:
        """The same as a fraction of full well."""
        return self._sky.level_fraction(Conditions(time_s, airmass, temperature_k), dit_s)

    def learned(self, time_s: float) -> Learned:
        """What the frames have taught by a time; before the first, the prior."""
        belief = self._sky.belief(Conditions(time_s, self._sky.airmass))
        return Learned(math.exp(belief.log_u), belief.sigma, belief.slope_per_s, self._sky.frames)

    def _expose(self, opening: Conditions) -> Answer:
        if self._unusable >= MAX_UNUSABLE:
            return Stop(f"{self._unusable} frames in a row had no usable level")
        if self._probe_dit_s is not None or self._sky.belief(opening).sigma > self.plan.tolerance:
            return self._probe(opening)
        if self.plan.mode == "LEVEL":
            return self._constant_level(opening)
        if self.plan.mode == "LADDER":
            return self._next_rung(opening)
        return self._held_dit(opening)

    def _holding(self, time_s: float) -> Wait | None:
        """Whether to go on waiting for a fading sky. A wait longer than begun means the clock jumped: no
        wait."""
        left_s = self._hold_until_s - time_s
        if not 0.0 < left_s <= self._hold_s:
            return None
        return Wait(min(left_s, MAX_WAIT_S), "the sky saturates the minimum DIT, it is fading")

    def _probe(self, opening: Conditions) -> Answer:
        if self._probes >= MAX_PROBES:
            return Stop(f"{self._probes} probes in a row had no usable level")
        self._probes += 1
        again = self._probe_dit_s
        dit_s = self._sky.dit_for(opening, PROBE_FRACTION) if again is None else again
        return Expose(on_grid(dit_s, self.limits), 1, True, f"probe {self._probes} of at most {MAX_PROBES}")

    def _held_dit(self, opening: Conditions) -> Answer:
        """FIXED and AIRMASS: the DIT chosen once, for all airmasses or for this one, and then kept."""
        fixed, here = self.plan.mode == "FIXED", opening.airmass
        key = 0.0 if fixed else next((x for x in self._held if abs(x - here) <= AIRMASS_STEP), here)
        if key not in self._held:
            airmasses = self.plan.airmasses if fixed else (here,)
            at = [Conditions(opening.time_s, airmass, opening.temperature_k) for airmass in airmasses]
            chosen = fixed_dit(
                {c.airmass: self._sky.rate_e_s(c) + self._sky.prior.floor_e_s for c in at},
                self.limits,
                target_fraction=self.plan.target_fraction,
                tolerance=self.plan.tolerance,
                max_fraction=self.plan.max_fraction,
                dit_list=self.dit_list,
            )
            if isinstance(chosen, Refused):
                return Stop(chosen.reason)
            self._held[key] = self._series(chosen.dit_s, "; ".join(chosen.warnings))
        return self._held[key]

    def _next_rung(self, opening: Conditions) -> Answer:
        """LADDER: the rungs, worked out once, in passes of alternating direction."""
        if self._rungs is None:
            limits, rate = self.limits, self._sky.rate_e_s(opening) + self._sky.constant_e_s
            well, dits = (limits.full_well_e, limits.linearity_k), (limits.min_dit_s, limits.max_dit_s)
            rungs = ladder(self.plan.levels, rate, *well, *dits)
            reachable = [rung for rung in rungs if rung.reachable]
            if not reachable:
                return Stop("no rung of the ladder is reachable: " + "; ".join(r.reason for r in rungs))
            self._rungs = [
                quantise(rung.dit_s, limits, lambda dit_s: rate * dit_s, self.dit_list).dit_s
                for rung in alternating_passes(reachable, self.plan.passes)
            ]
        return self._series(self._rungs[0]) if self._rungs else Stop("the ladder is complete")

    def _constant_level(self, opening: Conditions) -> Answer:
        """LEVEL: the DIT that holds the target in a changing sky, while the limits of the DIT allow it."""
        target, tolerance = self.plan.target_fraction, self.plan.tolerance
        wanted_s = self._sky.dit_for(opening, target)
        chosen = quantise(
            wanted_s, self.limits, lambda dit_s: self._sky.signal_e(opening, dit_s), self.dit_list
        )
        reached = f"{100 * chosen.level_fraction:.1f} % of full well at the {chosen.clipped} DIT"
        bright = chosen.clipped == "minimum" and chosen.level_fraction > target * (1.0 + tolerance)
        faint = chosen.clipped == "maximum" and chosen.level_fraction < target * (1.0 - tolerance)
        if not (bright or faint):
            return self._series(chosen.dit_s)
        reason = f"{'the sky is too bright' if bright else 'the sky runs out'}: {reached}"
        early = bright == (self.plan.direction == "EVENING")
        edge = target * (1.0 + tolerance if bright else 1.0 - tolerance)
        return Wait(self._until(opening, chosen.level_fraction, edge), reason) if early else Stop(reason)

    def _until(self, opening: Conditions, level_fraction: float, wanted_fraction: float) -> float:
        """Seconds, 1 to `MAX_WAIT_S`, until the sky has changed as much as a level has to."""
        ratio = self.limits.signal_e(level_fraction) / self.limits.signal_e(wanted_fraction)
        return min(max(abs(self._sky.tau_s(opening) * math.log(ratio)), 1.0), MAX_WAIT_S)

    def _series(self, dit_s: float, note: str = "") -> Expose:
        return Expose(dit_s, self.plan.ndit(dit_s), False, note)

    def _count(self, judged: Verdict) -> None:
        """Keep the bounds: unusable frames in a row, probes and waits since the last usable frame."""
        if judged.name in ("saturated", "unstable"):
            self._unusable += 1
            return
        self._unusable = self._probes = 0
        self._hold_s = FIRST_HOLD_S

    def _shorten(self, start_s: float, dit_s: float) -> None:
        """After saturation: a shorter probe, a wait while the sky fades, or the end of this filter."""
        self._probe_dit_s = max(dit_s / PROBE_STEP, self.limits.min_dit_s)
        if dit_s > self.limits.min_dit_s * (1.0 + 1e-6):
            return
        if self.plan.mode == "LEVEL" and self.plan.direction == "EVENING":
            self._hold_until_s = start_s + dit_s + self._hold_s
            self._hold_s *= 2.0
        else:
            self._stop = Stop("saturates at the minimum DIT")

    def _lengthen(self, dit_s: float, level_e: float) -> None:
        """After a first level that taught nothing: the probe again, longer if there was no light."""
        if self._sky.frames == 0:
            longer = dit_s if math.isnan(level_e) else dit_s * PROBE_STEP
            self._probe_dit_s = min(longer, self.limits.max_dit_s)

    def _expected_fraction(self, start: Conditions, dit_s: float) -> float:
        """What a frame is measured against: the level predicted in FIXED and LADDER, else the target.

        In AIRMASS and LEVEL the prediction too where a limit of the DIT keeps the target out of reach.
        """
        at_limit = not self.limits.min_dit_s < dit_s < self.limits.max_dit_s
        if self.plan.mode in ("FIXED", "LADDER") or at_limit:
            return self._sky.level_fraction(start, dit_s)
        return self.plan.target_fraction

    def _limit_fraction(self) -> float:
        """The level above which a frame counts as saturated; a ladder's top rung may use its tolerance."""
        if self.plan.mode != "LADDER":
            return self.plan.max_fraction
        top = max(self.plan.levels) * (1.0 + self.plan.tolerance)
        return max(self.plan.max_fraction, min(top, SATURATION_FRACTION))
