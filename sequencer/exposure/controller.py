"""One filter's exposures: asked what to do next, told what came of it. Pure: no clock, no device."""

from __future__ import annotations

import math

from sequencer.exposure.answers import Answer, Expose, Stop, Wait
from sequencer.exposure.conditions import Conditions
from sequencer.exposure.dit_list import DitList
from sequencer.exposure.estimator import RatePrior
from sequencer.exposure.held import HeldDits
from sequencer.exposure.judge import Frame, judge
from sequencer.exposure.learned import Learned
from sequencer.exposure.level import ConstantLevel
from sequencer.exposure.limits import SATURATION_FRACTION, DetectorLimits
from sequencer.exposure.overhead import Overhead
from sequencer.exposure.plan import LevelPlan
from sequencer.exposure.probes import Probes
from sequencer.exposure.rate import LARGEST_LOG, Background
from sequencer.exposure.reading import Reading
from sequencer.exposure.rungs import Rungs
from sequencer.exposure.verdict import Verdict
from sequencer.exposure.waiting import Patience, SunWatch

MAX_UNUSABLE = 10
"""Saturated or unstable frames in a row, after which the filter is given up. Assumed."""

LONGEST_WAIT_S = 18_000.0
"""Wait for the sky without an exposure after which the filter is given up. Waits for the Sun do not count. Assumed."""


class ExposureController:
    """Chooses DIT and NDIT for one filter so that frames reach the planned level.

    `limits` is the detector, `plan` the wish, `prior` what is believed of the sky, `overhead_s` the time
    from the question to the opening until it has been measured, `dit_list` the DITs to choose from (None: any
    on the grid). `next` is a query: how often it is asked changes no answer, time and `record` do. A clock that jumps
    is survived. All is bounded in exposures and in time: probes by `Probes`, unusable frames by `MAX_UNUSABLE`, waits
    by `LONGEST_WAIT_S`, a ladder by its rungs; the number of frames wanted is the caller's. In LEVEL with a least
    share of twilight a floor nobody told of is learned as well. Raises ValueError for a negative overhead, or a list
    with DITs outside the detector's limits.
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
        self.limits, self.plan, self.dit_list = limits, plan or LevelPlan(), dit_list
        self._overhead = Overhead(overhead_s)
        if dit_list is not None:
            dit_list.check(limits)
        if self.plan.mode == "LEVEL" and self.plan.twilight_share_min > 0.0:
            prior = prior.with_floor(limits.signal_e(self.plan.target_fraction) / limits.max_dit_s)
        self._sky = Background(limits, prior, steady=self.plan.mode != "LEVEL")
        wishes = (self._sky, self.plan, dit_list)
        self._level, self._held, self._rungs = ConstantLevel(*wishes), HeldDits(*wishes), Rungs(*wishes)
        self._sun, self._probes = SunWatch(self.plan.direction), Probes(self._sky)
        self._stop: Stop | None = None
        self._patience = Patience()
        self._unusable = 0

    @property
    def overhead_s(self) -> float:
        """The time from question to opening, as measured by now."""
        return self._overhead.seconds

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
        if self._stop is not None:
            return self._stop
        answer = self._sun_objection(time_s, sun_altitude_deg) or self._bounded(self._expose(opening, time_s), time_s)
        if isinstance(answer, Stop):
            self._stop = answer
        elif isinstance(answer, Expose):
            self._overhead.asked(time_s)
        return answer

    def record(
        self,
        start_s: float,
        dit_s: float,
        level_e: float,
        *,
        ndit: int = 1,
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
        is. A level that is no number, not above 0 or not above the dark is "unstable" and teaches nothing; one at
        full well teaches that the rate is that or more. `saturated`: the detector says so; that is the verdict,
        but what the frame teaches is its level.
        """
        opening = Conditions(start_s, airmass, temperature_k)
        if not (opening.valid() and 0.0 < dit_s < math.inf and ndit >= 1):
            return Verdict("unstable", f"out of range: {opening}, DIT {dit_s} s, NDIT {ndit}")
        self._overhead.opened(start_s)
        censored = level_e / self.limits.full_well_e >= SATURATION_FRACTION
        frame = Frame(opening, dit_s, ndit, level_e, probe, saturated or censored, p99_e, starry)
        objection = "" if censored else self._sky.objection(dit_s, level_e)
        reading = None
        if not (censored or objection):
            reading = self._sky.read(frame.middle, frame.exposed_s, dit_s, level_e)
        judged = judge(frame, self._sky, self.plan, reading, objection)
        self._take_in(frame, reading, judged.name not in ("saturated", "unstable"), censored)
        if judged.name == "saturated":
            self._held.forget()
        return judged

    def predict_fraction(
        self,
        dit_s: float,
        time_s: float,
        airmass: float = 1.0,
        temperature_k: float | None = None,
        ndit: int = 1,
    ) -> float:
        """The level in full wells, as it would be read (at most 1), of a DIT (mean of `ndit`) that opens at a time."""
        opening = Conditions(time_s, airmass, temperature_k)
        return self._sky.outlook(opening, span_s=dit_s).level_fraction(dit_s, ndit)

    def rate_e_s(self, time_s: float, airmass: float = 1.0, temperature_k: float | None = None) -> float:
        """Rate of the background in e-/s/pixel under a clear sky at a time, floor included, dark excluded."""
        outlook = self._sky.outlook(Conditions(time_s, airmass, temperature_k), clear=True)
        return outlook.rate_e_s + outlook.floor_e_s

    def learned(self, time_s: float) -> Learned:
        """What the frames have taught by a time; before the first, the prior."""
        belief = self._sky.belief(Conditions(time_s, self._sky.airmass))
        return Learned(
            math.exp(min(max(belief.log_u, -LARGEST_LOG), LARGEST_LOG)),
            math.hypot(belief.sigma, self._sky.weather.departure),
            belief.slope_per_s,
            self._sky.frames,
            time_s,
            belief.floor,
            math.sqrt(belief.var_floor),
        )

    def _sun_objection(self, time_s: float, sun_altitude_deg: float) -> Wait | Stop | None:
        objection = self.plan.sun_objection(sun_altitude_deg)
        if self._sun.turned(time_s, sun_altitude_deg) and isinstance(objection, Wait):
            return Stop(f"the Sun has turned back, it does not reach the twilight: {objection.reason}")
        return objection

    def _expose(self, opening: Conditions, time_s: float) -> Answer:
        if self._unusable >= MAX_UNUSABLE:
            return Stop(f"{self._unusable} frames in a row had no usable level")
        level = self.plan.mode == "LEVEL"
        known = self._level.known(opening) if level else self._sky.sigma(opening) <= self.plan.tolerance
        if self._probes.due or not known:
            return (self._level.unsure(opening) if level else None) or self._probes.answer(opening)
        if level:
            return self._level.answer(opening, time_s) or self._probes.look(opening)
        return (self._rungs if self.plan.mode == "LADDER" else self._held).answer(opening)

    def _bounded(self, answer: Answer, time_s: float) -> Answer:
        """The answer, unless the wait has come to nothing for too long, or what is waited for does not change."""
        self._patience.asked(time_s, waiting=isinstance(answer, Wait))
        if isinstance(answer, Wait) and self._sky.prior.unchanging:
            return Stop(f"{answer.reason}; it is believed not to change: neither a slope nor a shape was given")
        hours = LONGEST_WAIT_S / 3600.0
        return answer if self._patience.waited_s <= LONGEST_WAIT_S else Stop(f"waited {hours:g} h for the sky in vain")

    def _take_in(self, frame: Frame, reading: Reading | None, usable: bool, censored: bool) -> None:
        """Learn, and keep the bounds: unusable frames in a row, probes since the last flat."""
        self._patience.exposed()
        if not frame.probe:
            self._rungs.taken()
        elif not (self._sky.weather.sigma or (censored and self._fading and self._shortest(frame.dit_s))):
            self._probes.taken()
        self._level.recorded(frame, taught=usable)
        self._unusable = 0 if usable else self._unusable + 1
        if usable and not frame.probe:
            self._probes.flat()
        if reading is not None:
            self._sky.learn(reading)
            self._probes.taught()
        elif censored:
            self._shorten(frame)
        else:
            self._lengthen(frame)

    def _shorten(self, frame: Frame) -> None:
        """After saturation: a shorter probe, a wait while the sky fades, or the end of this filter."""
        surprise = self._sky.saturated(frame.middle, frame.exposed_s, frame.dit_s)
        if surprise:
            self._probes.saturated(frame.dit_s)
        if not self._shortest(frame.dit_s):
            return
        if self._fading:
            self._level.saturated()
        elif surprise:
            self._stop = Stop("saturates at the minimum DIT")

    @property
    def _fading(self) -> bool:
        """Whether waiting makes the light fainter."""
        return self.plan.mode == "LEVEL" and self.plan.direction == "EVENING"

    def _shortest(self, dit_s: float) -> bool:
        return dit_s <= self.limits.min_dit_s * (1.0 + 1e-6)

    def _lengthen(self, frame: Frame) -> None:
        """After a level that taught nothing: the probe again, longer if there was no light; or a cloud."""
        if math.isnan(frame.level_e):
            return
        if self._sky.frames == 0:
            self._probes.dark(frame.dit_s)
        elif self.plan.mode == "LEVEL":
            self._sky.darkened(frame.middle)
            self._unusable -= 1
