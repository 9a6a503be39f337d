"""A series of flats in one filter: probe, expose at the DIT the controller answers, judge, count the good ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from sequencer.acquisition import Levels, is_saturated
from sequencer.engine.beam import CameraBeam
from sequencer.engine.belief import Belief
from sequencer.engine.context import RunContext
from sequencer.engine.exposing import EndedForPause, Exposer
from sequencer.engine.frame_log import finite
from sequencer.engine.shot import Shot
from sequencer.exposure import (
    STARRY_SHARE,
    Answer,
    Expose,
    LevelPlan,
    Rung,
    SkyJumps,
    Stop,
    Verdict,
    Wait,
    ladder,
)

KNOWN_NOISES = 5.0
"""Read noises of a pixel above which a level says how bright the light is (assumed)."""

KNOWN_SIGMA = 0.5
"""Doubt of a filter's rate up to which a leap of it is one: that of an instrument file is 0.3 (assumed)."""

SPARE_ATTEMPTS = 10
"""Attempts beyond twice the frames wanted before a series gives up: no loop without a bound."""

FADING_S = 30.0
"""Wait, in the dark, for a fading sky that would overfill the detector (assumed)."""


class FlatSeries:
    """One filter of one camera tonight: what is believed of it, and the frames it took.

    `label` is a Shot with everything a series shares (camera, filter, mode, NDIT, DPR); `taken` collects
    (mode, DIT, NDIT) of the good frames, for the darks; `stopped` says why the filter was given up,
    `ladder_ended` why a ladder was over.
    """

    def __init__(self, run: RunContext, exposer: Exposer, label: Shot, plan: LevelPlan, nd: str = "") -> None:
        self.label = label
        self.plan = plan
        self.belief = Belief(run, label, plan, nd)
        self.taken: set[tuple[str, float, int]] = set()
        self.stopped = ""
        self.ladder_ended = ""
        self._run = run
        self._exposer = exposer
        self._jumps = SkyJumps()
        self._rung_dits: list[float] = []
        self._taken_dits: list[float] = []

    def begin(self) -> bool:
        """The filter's turn: start from what others have taught; whether it may be exposed (else `stopped`)."""
        self.belief.begin()
        if not self.stopped and not self.belief.fading:
            self.stopped = self.belief.too_bright()
        return not self.stopped

    async def take(self, n: int, level_number: int, airmass_level: float, beam: CameraBeam) -> int:
        """Take `n` good frames of one illumination level, or as many as the sky gives; returns how many."""
        good = 0
        for _ in range(2 * n + SPARE_ATTEMPTS):
            if good >= n:
                break
            answer = await self._next_exposure(beam)
            if isinstance(answer, Stop):
                self.stopped = answer.reason
                break
            shot = self._shot(answer, good + 1, n, good, airmass_level)
            shot = replace(shot, kind="flat", level_number=level_number)
            good += await self._expose(shot, beam, probe=answer.probe)
        self.belief.teach()
        return good

    async def take_ladder(
        self, levels: Sequence[float], passes: int, airmass_level: float, beam: CameraBeam
    ) -> int:
        """Climb a DIT ladder up and down `passes` times, rungs out of reach left out; returns the good frames."""
        self._rung_dits = sorted(rung.dit_s for rung in self.rungs(levels) if rung.reachable)
        if not self._rung_dits:
            return 0
        self._taken_dits = []
        n = len(self._rung_dits) * passes
        plan = replace(self.plan, mode="LADDER", levels=tuple(levels), passes=passes)
        try:
            with self.belief.for_ladder(plan):
                return await self._climb(n, airmass_level, beam)
        finally:
            self._rung_dits = []

    def rungs(self, levels: Sequence[float]) -> list[Rung]:
        """The DIT ladder through the wanted levels, at the present airmass."""
        limits = self.belief.limits
        rate_e_s = self.belief.rate_e_s() + limits.dark_rate_e_s
        return ladder(
            levels, rate_e_s, limits.full_well_e, limits.linearity_k, limits.min_dit_s, limits.max_dit_s
        )

    async def _climb(self, n: int, airmass_level: float, beam: CameraBeam) -> int:
        good = 0
        for _ in range(n + SPARE_ATTEMPTS):
            answer = await self._next_exposure(beam)
            if isinstance(answer, Stop):
                self.ladder_ended = answer.reason
                break
            shot = self._shot(answer, len(self._taken_dits) + 1, n, good, airmass_level)
            rung, number = self._rung(answer.dit_s)
            shot = replace(shot, kind="ladder", level_number=rung, ladder_pass=number)
            good += await self._expose(shot, beam, probe=answer.probe)
        return good

    async def _next_exposure(self, beam: CameraBeam) -> Expose | Stop:
        """Ask the controller until it wants an exposure or gives up; its waits are bounded by the twilight."""
        while True:
            await self._run.control.checkpoint()
            answer = self._answer()
            if not isinstance(answer, Wait):
                return answer
            await beam.rest()
            with self._run.doing(f"{self.label.camera} waits: {answer.reason}"):
                await self._run.control.wait(answer.seconds, f"{self.label.camera}.wait")

    def _answer(self) -> Answer:
        """What to do next; the controller is not asked while any light would be too much."""
        now_s, belief = self._run.clock.now(), self.belief
        if too_bright := belief.too_bright():
            return Wait(FADING_S, too_bright) if belief.fading else Stop(too_bright)
        return belief.controller.next(now_s, self._run.sun_altitude_deg(now_s), *belief.conditions())

    async def _expose(self, shot: Shot, beam: CameraBeam, *, probe: bool) -> bool:
        """Whether a good frame came of it; none does when the operator wants a pause at once."""
        try:
            if probe:
                await self._probe(replace(shot, kind="probe", level_number=0, ladder_pass=0), beam)
                return False
            _, verdict = await self._exposer.take_once(shot, partial(self._judge, ndit=shot.ndit), beam.ready)
        except EndedForPause:
            return False
        if verdict.name != "impossible":
            self._taken_dits.append(shot.dit_s)
        if verdict.good:
            self.taken.add((shot.mode, shot.dit_s, shot.ndit))
            await self._run.time_left.taken(shot)
        return verdict.good

    async def _probe(self, shot: Shot, beam: CameraBeam) -> None:
        levels, verdict = await self._exposer.probe(shot, partial(self._judge, ndit=shot.ndit, probe=True), beam.ready)
        level_e = levels.level_e if levels else math.nan
        self._run.log(
            "probe",
            camera=shot.camera,
            detector=self._run.devices.detectors[shot.camera].name,
            filter=shot.filter,
            dit_s=shot.dit_s,
            level_e=finite(level_e),
            level_fraction=finite(level_e / self.belief.limits.full_well_e),
            verdict=verdict.name,
            reason=verdict.reason,
        )

    def _judge(self, start_s: float, dit_s: float, levels: Levels, *, ndit: int, probe: bool = False) -> Verdict:
        if over := self._run.control.window_over:
            return Verdict("unstable", f"the light stop closed in mid-exposure: {over}")
        airmass, ambient_k = self.belief.conditions()
        saturated = is_saturated(levels)
        if not saturated and (leap := self._leap(start_s, dit_s, levels)):
            return Verdict("impossible", leap)
        share = levels.starry_share
        return self.belief.controller.record(
            start_s,
            dit_s,
            levels.level_e,
            ndit=ndit,
            probe=probe,
            saturated=saturated,
            airmass=airmass,
            temperature_k=ambient_k,
            p99_e=levels.p99_e,
            starry=f"{100 * share:.2f} % of the pixels stand out like stars" if share > STARRY_SHARE else "",
        )

    def _leap(self, start_s: float, dit_s: float, levels: Levels) -> str:
        """Why a level is more than any sky gives by what is believed of the filter; empty if it is not."""
        controller, limits = self.belief.controller, self.belief.limits
        unsure = controller.learned(start_s).relative_sigma > KNOWN_SIGMA
        if unsure or not levels.level_e > KNOWN_NOISES * limits.read_noise_e:
            return ""
        clear_e_s = controller.rate_e_s(start_s, *self.belief.conditions()) + limits.dark_rate_e_s
        return self._jumps.objection(levels.level_e / dit_s, clear_e_s)

    def _shot(self, answer: Expose, i: int, n: int, good: int, airmass_level: float) -> Shot:
        controller = self.belief.controller
        opening_s = self._run.clock.now() + controller.overhead_s
        predicted = controller.predict_fraction(answer.dit_s, opening_s, *self.belief.conditions(), answer.ndit)
        return replace(
            self.label,
            dit_s=answer.dit_s,
            ndit=answer.ndit,
            sequence_mode=controller.plan.mode,
            predicted_fraction=predicted,
            floor_e_s=self.belief.floor_e_s(),
            level_target=round(predicted, 4) if self._rung_dits else self.plan.target_fraction,
            airmass_level=airmass_level,
            i=i,
            n=n,
            good=good,
        )

    def _rung(self, dit_s: float) -> tuple[int, int]:
        """Number of the rung (from 1, by rising DIT) and of the pass (from 1) of an exposure now due."""
        rung = self._nearest(dit_s)
        return rung + 1, 1 + sum(self._nearest(taken) == rung for taken in self._taken_dits)

    def _nearest(self, dit_s: float) -> int:
        return min(range(len(self._rung_dits)), key=lambda rung: abs(math.log(self._rung_dits[rung] / dit_s)))
