"""Which DIT to expose next: response, rate estimate, DIT solver, DIT list, ladder, verdicts. Pure functions.

Levels are electrons per single DIT as read, signals are linearised electrons; times are seconds on one scale.
"""

from sequencer.exposure.answers import Answer, Expose, Stop, Wait
from sequencer.exposure.budget import Budget, FilterLoad, window_budget
from sequencer.exposure.controller import ExposureController, Learned
from sequencer.exposure.dit import SkyRunsOut, collected_e, solve_dit
from sequencer.exposure.dit_list import DitList, Quantised, on_grid, quantise
from sequencer.exposure.estimator import (
    TWILIGHT_SLOPE_NOISE_PER_S3,
    TWILIGHT_SLOPE_SIGMA_PER_S,
    RatePrior,
    constant_rate,
)
from sequencer.exposure.fixed import FixedDit, Refused, fixed_dit, middle_airmass
from sequencer.exposure.ladder import Rung, alternating_passes, ladder
from sequencer.exposure.lambert import lambert_w0
from sequencer.exposure.limits import SATURATION_FRACTION, DetectorLimits
from sequencer.exposure.linearity import linearise, respond
from sequencer.exposure.plan import LevelPlan
from sequencer.exposure.verdict import Verdict, verdict

__all__ = [
    "SATURATION_FRACTION",
    "TWILIGHT_SLOPE_NOISE_PER_S3",
    "TWILIGHT_SLOPE_SIGMA_PER_S",
    "Answer",
    "Budget",
    "DetectorLimits",
    "DitList",
    "Expose",
    "ExposureController",
    "FilterLoad",
    "FixedDit",
    "Learned",
    "LevelPlan",
    "Quantised",
    "RatePrior",
    "Refused",
    "Rung",
    "SkyRunsOut",
    "Stop",
    "Verdict",
    "Wait",
    "alternating_passes",
    "collected_e",
    "constant_rate",
    "fixed_dit",
    "ladder",
    "lambert_w0",
    "linearise",
    "middle_airmass",
    "on_grid",
    "quantise",
    "respond",
    "solve_dit",
    "verdict",
    "window_budget",
]
