"""The plan of a twilight, made from an observing block before anything moves: priors, times, pointing, levels."""

from sequencer.observing.planning.course import Course
from sequencer.observing.planning.learned import (
    Runs,
    Throughput,
    merged,
    read_taught,
    write_learned,
)
from sequencer.observing.planning.levels import Level, reachable_levels
from sequencer.observing.planning.night import (
    Begun,
    Outset,
    TwilightPlan,
    Walked,
    plan_of,
    plan_twilight,
    walk_through,
)
from sequencer.observing.planning.order import RISK_SIGMAS, in_order
from sequencer.observing.planning.pointing import Aim, choose_patch, patch_rules
from sequencer.observing.planning.priors import rate_prior
from sequencer.observing.planning.programme import Pace, Programme, pace_of, programme_of
from sequencer.observing.planning.rows import PlanRow
from sequencer.observing.planning.series import Series
from sequencer.observing.planning.time_needed import (
    DarkSeries,
    figures_of,
    longest,
    matching_darks,
    sky_forecast,
)
from sequencer.observing.planning.wishes import level_plan

__all__ = [
    "RISK_SIGMAS",
    "Aim",
    "Begun",
    "Course",
    "DarkSeries",
    "Level",
    "Outset",
    "Pace",
    "PlanRow",
    "Programme",
    "Runs",
    "Series",
    "Throughput",
    "TwilightPlan",
    "Walked",
    "choose_patch",
    "figures_of",
    "in_order",
    "level_plan",
    "longest",
    "matching_darks",
    "merged",
    "pace_of",
    "patch_rules",
    "plan_of",
    "plan_twilight",
    "programme_of",
    "rate_prior",
    "reachable_levels",
    "read_taught",
    "sky_forecast",
    "walk_through",
    "write_learned",
]
