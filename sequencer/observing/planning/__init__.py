"""The plan of a night, made from an observing block before anything moves: priors, times, pointing, levels."""

from sequencer.observing.planning.course import Course, Level, Pace, Programme, pace_of
from sequencer.observing.planning.learned import Throughput, merged, read_learned, write_learned
from sequencer.observing.planning.night import Aim, TwilightPlan, plan_twilight, reachable_levels
from sequencer.observing.planning.priors import rate_prior
from sequencer.observing.planning.request import NightPlan, PlanRequest, plan_night
from sequencer.observing.planning.rows import PlanRow

__all__ = [
    "Aim",
    "Course",
    "Level",
    "NightPlan",
    "Pace",
    "PlanRequest",
    "PlanRow",
    "Programme",
    "Throughput",
    "TwilightPlan",
    "merged",
    "pace_of",
    "plan_night",
    "plan_twilight",
    "rate_prior",
    "reachable_levels",
    "read_learned",
    "write_learned",
]
