"""A series of flats in one filter: probe, expose at the DIT the controller answers, judge, count the good ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from sequencer.acquisition import Levels, StoredFrame
from sequencer.engine.context import RunContext
from sequencer.engine.exposing import Exposer, Ready
from sequencer.engine.frame_log import finite, log_frame
from sequencer.engine.rates import rate_prior
from sequencer.engine.shot import Shot
from sequencer.exposure import (
    DetectorLimits,
    DitList,
    Expose,
    ExposureController,
    LevelPlan,
    RatePrior,
    Rung,
    Stop,
    Verdict,
    Wait,
    ladder,
)

STARRY_SHARE = 0.001
"""Share of pixels more than 5 sigma above the background that makes a frame starry (ESO-style patch check)."""

SATURATED_SHARE = 0.01
"""Share of saturated pixels that makes a frame saturated; hot pixels alone stay below (assumed)."""

SPARE_ATTEMPTS = 10
"""Attempts beyond twice the frames wanted before a series gives up: no loop without a bound."""


class FlatSeries:
    """One filter of one camera tonight: its rate, its controller, the frames it took.

    `label` is a Shot with everything a series shares (camera, filter, mode, NDIT, DPR); `taken` collects
    (mode, DIT, NDIT) of all frames, for the darks; `stopped` says why the filter was given up.
    """

    def __init__(self, run: RunContext, exposer: Exposer, label: Shot, plan: LevelPlan) -> None:
        self.label = label
        self.plan = plan
        self.taken: set[tuple[str, float, int]] = set()
        self.stopped = ""
        self._run = run
        self._exposer = exposer
        camera = run.instrument.cameras[label.camera]
        detector = run.instrument.detectors[camera.detector]
        mode = detector.modes[label.mode]
        self.overhead_s = mode.overhead_s
        self.limits = DetectorLimits(
            full_well_e=mode.full_well_e,
            min_dit_s=mode.min_dit_s,
            max_dit_s=mode.max_dit_s,
            read_noise_e=mode.read_noise_e,
            linearity_k=detector.nonlinearity_k,
            dark_rate_e_s=mode.dark_e_s,
            dit_grid_s=mode.dit_grid_s,
        )
        self._scale = run.learned.get(label.camera, 1.0)
        begins_s = max(run.clock.now(), run.window.start_s) if run.window else run.clock.now()
        transmission = _transmission(run, label.camera)
        self._prior = rate_prior(run, label.camera, camera.filters[label.filter], transmission, begins_s)
        self.controller = self._new_controller(plan, self._prior)
        self._rung_dits: list[float] = []
        self._taken_dits: list[float] = []

    async def take(self, n: int, level_number: int, airmass_level: float, ready: Ready) -> int:
        """Take `n` good frames of one illumination level, or as many as the sky gives; returns how many."""
        good = 0
        for _ in range(2 * n + SPARE_ATTEMPTS):
            if good >= n:
                break
            answer = await self._next_exposure()
            if isinstance(answer, Stop):
                self.stopped = answer.reason
                break
            shot = self._shot(answer, good, n, airmass_level)
            if answer.probe:
                await self._probe(shot, ready)
            else:
                shot = replace(shot, kind="flat", level_number=level_number)
                good += (await self._expose(shot, good, ready)).good
        if self.controller.learned(self._run.clock.now()).frames:
            self._run.learned[self.label.camera] = (
                self._scale * self.controller.learned(self._run.clock.now()).throughput
            )
        return good

    async def take_ladder(
        self, levels: Sequence[float], passes: int, airmass_level: float, ready: Ready
    ) -> int:
        """Climb a DIT ladder up and down `passes` times; every rung out of reach is left out."""
        self._rung_dits = sorted(rung.dit_s for rung in self.rungs(levels) if rung.reachable)
        self._taken_dits = []
        n = len(self._rung_dits) * passes
        plan = replace(self.plan, mode="LADDER", levels=tuple(levels), passes=passes)
        flat = (self._prior, self.controller)
        self._prior = self._taught_prior()
        self.controller = self._new_controller(plan, self._prior)
        try:
            return await self._climb(n, airmass_level, ready)
        finally:
            self._rung_dits = []
            self._prior, self.controller = flat

    async def _climb(self, n: int, airmass_level: float, ready: Ready) -> int:
        good = 0
        for i in range(n + SPARE_ATTEMPTS):
            answer = await self._next_exposure()
            if isinstance(answer, Stop):
                break
            shot = self._shot(answer, i, n, airmass_level)
            if answer.probe:
                await self._probe(shot, ready)
            else:
                rung, number = self._rung(answer.dit_s)
                shot = replace(shot, kind="ladder", level_number=rung, ladder_pass=number)
                good += (await self._expose(shot, good, ready)).good
        return good

    def rungs(self, levels: Sequence[float]) -> list[Rung]:
        """The DIT ladder through the wanted levels at the present airmass."""
        limits = self.limits
        rate_e_s = self.rate_e_s() + limits.dark_rate_e_s
        return ladder(
            levels, rate_e_s, limits.full_well_e, limits.linearity_k, limits.min_dit_s, limits.max_dit_s
        )

    def rate_e_s(self, airmass: float | None = None) -> float:
        """Background rate of this filter now, here or at an airmass, as far as learned, without dark."""
        here, ambient_k = self._conditions()
        throughput = self.controller.learned(self._run.clock.now()).throughput
        return throughput * self._prior.rate_e_s(airmass or here, ambient_k)

    async def _next_exposure(self) -> Expose | Stop:
        """Ask the controller until it wants an exposure or gives up; its waits are bounded by the twilight."""
        while True:
            await self._run.control.checkpoint()
            now_s = self._run.clock.now()
            answer = self.controller.next(now_s, self._run.sun_altitude_deg(now_s), *self._conditions())
            if not isinstance(answer, Wait):
                return answer
            self._run.status.step = f"waiting: {answer.reason}"
            await self._run.control.wait(answer.seconds, f"{self.label.camera}.wait")

    async def _expose(self, shot: Shot, good: int, ready: Ready) -> Verdict:
        frame, verdict = await self._exposer.take(shot, self._judge, ready)
        self.taken.add((shot.mode, shot.dit_s, shot.ndit))
        self._tell(shot, frame, verdict, good + verdict.good)
        return verdict

    async def _probe(self, shot: Shot, ready: Ready) -> None:
        start_s, levels = await self._exposer.probe(replace(shot, kind="probe"), ready)
        verdict = self._judge(start_s, shot.dit_s, levels, probe=True)
        self._run.log(
            "probe",
            camera=shot.camera,
            detector=self._run.devices.detectors[shot.camera].name,
            filter=shot.filter,
            dit_s=shot.dit_s,
            level_e=finite(levels.level_e),
            level_fraction=finite(levels.level_e / self.limits.full_well_e),
            verdict=verdict.name,
            reason=verdict.reason,
        )

    def _judge(self, start_s: float, dit_s: float, levels: Levels, *, probe: bool = False) -> Verdict:
        airmass, ambient_k = self._conditions()
        share = levels.starry_share
        return self.controller.record(
            start_s,
            dit_s,
            levels.level_e,
            probe=probe,
            saturated=levels.saturated_share > SATURATED_SHARE,
            airmass=airmass,
            temperature_k=ambient_k,
            p99_e=levels.p99_e,
            starry=f"{100 * share:.2f} % of the pixels stand out like stars" if share > STARRY_SHARE else "",
        )

    def _shot(self, answer: Expose, good: int, n: int, airmass_level: float) -> Shot:
        predicted = self.controller.predict_fraction(answer.dit_s, self._run.clock.now(), *self._conditions())
        shot = replace(
            self.label,
            dit_s=answer.dit_s,
            ndit=answer.ndit if self.plan.integration_s else self.label.ndit,
            sequence_mode=self.controller.plan.mode,
            predicted_fraction=predicted,
            level_target=round(predicted, 4) if self._rung_dits else self.plan.target_fraction,
            airmass_level=airmass_level,
            i=good + 1,
            n=n,
        )
        self._announce(shot, good)
        return shot

    def _announce(self, shot: Shot, good: int) -> None:
        status = self._run.status
        status.camera, status.filter, status.airmass = shot.camera, shot.filter, self._run.airmass
        status.exposure_i, status.exposure_n, status.good, status.wanted = shot.i, shot.n, good, shot.n
        status.next_dit_s, status.predicted_fraction = shot.dit_s, shot.predicted_fraction

    def _tell(self, shot: Shot, frame: StoredFrame, verdict: Verdict, good: int) -> None:
        self._run.status.good = good
        self._run.status.level_fraction = finite(frame.levels.level_e / self.limits.full_well_e)
        log_frame(self._run, shot, frame, verdict, good, self.limits.full_well_e)

    def _rung(self, dit_s: float) -> tuple[int, int]:
        """Number of the rung (from 1, by rising DIT) and of the pass (from 1) of the exposure now due."""
        nearest = min(self._rung_dits, key=lambda rung: abs(math.log(rung / dit_s)))
        self._taken_dits.append(nearest)
        return self._rung_dits.index(nearest) + 1, self._taken_dits.count(nearest)

    def _conditions(self) -> tuple[float, float | None]:
        """(airmass, ambient temperature in K) as the telescope tells them."""
        telescope = self._run.devices.telescope
        return (
            (1.0, None)
            if telescope is None
            else (max(1.0, telescope.state.airmass), telescope.state.ambient_k)
        )

    def _taught_prior(self) -> RatePrior:
        learned, model = self.controller.learned(self._run.clock.now()), self._prior.rate_e_s
        return replace(
            self._prior,
            rate_e_s=lambda airmass, ambient_k: learned.throughput * model(airmass, ambient_k),
            relative_sigma=learned.relative_sigma,
        )

    def _new_controller(self, plan: LevelPlan, prior: RatePrior) -> ExposureController:
        listed = DitList.log_spaced(self.limits) if plan.mode == "LEVEL" else None
        return ExposureController(self.limits, prior, plan, dit_list=listed)


def _transmission(run: RunContext, camera: str) -> float:
    config, mechanisms = run.instrument.cameras[camera], run.devices.mechanisms
    if mechanisms is None or not config.nd_keyword:
        return 1.0
    return config.nd_transmission.get(mechanisms.state.positions.get(config.nd_keyword, ""), 1.0)
