"""What is believed of one filter tonight: the prior, what frames taught, and what to expose next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sequencer.config.models import CameraConfig
from sequencer.engine.context import RunContext
from sequencer.engine.shot import Shot
from sequencer.exposure import ExposureController, Learned, LevelPlan, RatePrior
from sequencer.observing.planning import RISK_SIGMAS, rate_prior
from sequencer.observing.prediction import detector_limits


class Belief:
    """Rate of one filter of one camera, and the controller that its frames teach.

    `nd` is the neutral density that will be in the beam (empty: the one that is). `limits` are those of the
    detector in the mode of `label`, `overhead_s` the time of one read-out.
    """

    def __init__(self, run: RunContext, label: Shot, plan: LevelPlan, nd: str = "") -> None:
        self._run = run
        self._label = label
        self._plan = plan
        self._nd = nd
        self._begun = False
        detector = run.instrument.detectors[run.instrument.cameras[label.camera].detector]
        mode = detector.modes[label.mode]
        self.overhead_s = mode.overhead_s
        self.limits = detector_limits(detector, mode)
        self._scale = 1.0
        self._prior: RatePrior
        self.controller: ExposureController
        self._take_up()

    def begin(self) -> None:
        """The filter's turn has come: start from what the camera's other filters have taught by now."""
        if not self._begun:
            self._begun = True
            self._take_up()

    def teach(self) -> None:
        """Tell the camera's other filters, and the nights to come, what the frames of this one taught."""
        label, learned = self._label, self._learned
        self._run.rates.teach(label.camera, label.filter, self._scale, learned)

    @contextmanager
    def for_ladder(self, plan: LevelPlan) -> Iterator[None]:
        """Meanwhile the controller is one for a DIT ladder, which starts from what the flats taught."""
        flats = (self._scale, self._prior, self.controller)
        learned = self._learned
        self._scale *= learned.throughput
        self._prior = self._prior.taught(learned)
        self.controller = self._new_controller(plan, self._prior)
        try:
            yield
            self.teach()
        finally:
            self._scale, self._prior, self.controller = flats

    @property
    def _learned(self) -> Learned:
        return self.controller.learned(self._run.clock.now())

    def conditions(self) -> tuple[float, float | None]:
        """(airmass, ambient temperature in K) as the telescope tells them."""
        telescope = self._run.devices.telescope
        if telescope is None:
            return 1.0, None
        return max(1.0, telescope.state.airmass), telescope.state.ambient_k

    def rate_e_s(self) -> float:
        """Background rate of this filter here and now, as far as learned, without dark."""
        return self.controller.rate_e_s(self._run.clock.now(), *self.conditions())

    def floor_e_s(self) -> float | None:
        """Predicted rate of the light that does not follow the twilight, dark excluded; None without a twilight."""
        if self._prior.log_shape is None:
            return None
        return self._learned.floor_factor * self._prior.floor(*self.conditions())

    @property
    def fading(self) -> bool:
        """Whether waiting makes the light fainter."""
        return self._plan.mode == "LEVEL" and self._plan.direction == "EVENING"

    def too_bright(self) -> str:
        """Why this filter would overfill the detector, exposed or idle, as is believed now; empty if not.

        An idle detector is reset as often as the shortest DIT allows: nothing is darker. Where the light fades
        anyway, the first look waits until it is harmless even at `RISK_SIGMAS` above what is believed.
        """
        now_s, most = self._run.clock.now(), self._plan.max_fraction
        level = self.controller.predict_fraction(self.limits.min_dit_s, now_s, *self.conditions())
        if self.fading and not self._learned.frames:
            level *= self._risk
        if level <= most:
            return ""
        return (
            f"{100 * level:.0f} % of full well expected at the minimum DIT {self.limits.min_dit_s:g} s, "
            f"the limit is {100 * most:.0f} %"
        )

    @property
    def _risk(self) -> float:
        """How much brighter than believed a filter may be."""
        return 1.0 + RISK_SIGMAS * self._prior.relative_sigma

    def _take_up(self) -> None:
        run, label = self._run, self._label
        begins_s = max(run.clock.now(), run.window.start_s) if run.window else run.clock.now()
        self._scale, sigma = run.rates.expected(label.camera, label.filter)
        self._prior = rate_prior(
            self._config.filters[label.filter],
            run.sun_altitude_deg,
            relative_sigma=sigma,
            scale=self._scale * self._transmission(),
            time_s=begins_s,
        )
        self.controller = self._new_controller(self._plan, self._prior)

    def _new_controller(self, plan: LevelPlan, prior: RatePrior) -> ExposureController:
        return ExposureController(self.limits, prior, plan, dit_list=plan.dits(self.limits))

    def _transmission(self) -> float:
        config, mechanisms = self._config, self._run.devices.mechanisms
        here = mechanisms.state.positions.get(config.nd_keyword, "") if mechanisms else ""
        return config.nd_transmission.get(self._nd or here, 1.0)

    @property
    def _config(self) -> CameraConfig:
        return self._run.instrument.cameras[self._label.camera]
