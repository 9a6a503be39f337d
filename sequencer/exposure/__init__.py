"""Which DIT to expose next: response, rate estimate, DIT solver, DIT list, ladder, verdicts. Pure functions.

Levels are electrons per single DIT as read, signals are linearised electrons; times are seconds on one scale.
"""

from sequencer.exposure.answers import Answer, Expose, Stop, Wait
from sequencer.exposure.controller import ExposureController
from sequencer.exposure.dark import DarkLevel, dark_verdict
from sequencer.exposure.dit import SkyRunsOut, collected_e, solve_dit
from sequencer.exposure.dit_list import DitList, Quantised, on_grid, quantise
from sequencer.exposure.estimator import (
    SHAPED_SLOPE_NOISE_PER_S3,
    SHAPED_SLOPE_SIGMA_PER_S,
    RatePrior,
    constant_rate,
)
from sequencer.exposure.fixed import FixedDit, Refused, fixed_dit, middle_airmass
from sequencer.exposure.jump import SkyJumps
from sequencer.exposure.ladder import Rung, alternating_passes, ladder
from sequencer.exposure.lambert import lambert_w0
from sequencer.exposure.learned import Learned
from sequencer.exposure.limits import SATURATION_FRACTION, DetectorLimits
from sequencer.exposure.linearity import linearise, respond
from sequencer.exposure.outlook import Outlook
from sequencer.exposure.plan import LevelPlan
from sequencer.exposure.verdict import STARRY_SHARE, Verdict, verdict

__all__ = [
    "SATURATION_FRACTION",
    "SHAPED_SLOPE_NOISE_PER_S3",
    "SHAPED_SLOPE_SIGMA_PER_S",
    "STARRY_SHARE",
    "Answer",
    "DarkLevel",
    "DetectorLimits",
    "DitList",
    "Expose",
    "ExposureController",
    "FixedDit",
    "Learned",
    "LevelPlan",
    "Outlook",
    "Quantised",
    "RatePrior",
    "Refused",
    "Rung",
    "SkyJumps",
    "SkyRunsOut",
    "Stop",
    "Verdict",
    "Wait",
    "alternating_passes",
    "collected_e",
    "constant_rate",
    "dark_verdict",
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
]
