"""The plan of one twilight template: its course walked through before anything moves, and where to point."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

from sequencer.config.models import Instrument
from sequencer.observing.block import TemplateCall
from sequencer.observing.planning.course import Course
from sequencer.observing.planning.learned import Nights
from sequencer.observing.planning.levels import reachable_levels
from sequencer.observing.planning.pointing import Aim, aim_at
from sequencer.observing.planning.programme import Pace, Programme, programme_of
from sequencer.observing.planning.remarks import remarks
from sequencer.observing.planning.rows import PlanRow
from sequencer.observing.planning.series import Series
from sequencer.observing.planning.shortfall import Shortfall
from sequencer.observing.planning.spread import AIRMASS_SIGMA, with_sigmas
from sequencer.observing.planning.twilight import Twilight, twilight_in, window_of
from sequencer.observing.planning.wishes import FilterWish
from sequencer.sky import Site, Window


@dataclass(frozen=True)
class Begun:
    """How far a template has come in its `window`: good frames of each series, the series that are over for good or
    ill, and the level (airmass asked for) at which the telescope points, if at any."""

    window: Window
    taken: Mapping[Series, int]
    over: Set[Series] = frozenset()
    here: float | None = None


@dataclass(frozen=True)
class TwilightPlan:
    """One twilight template: its window, its rows in order of time, where it points, when all of it is done.

    `order` are the filters of each camera in the order of their turns, `missing` the series with fewer frames than
    asked for.
    """

    template: str
    window: Window
    order: Mapping[str, Sequence[str]]
    rows: Sequence[PlanRow]
    aims: Sequence[Aim]
    begin_s: float
    sky_end_s: float
    end_s: float
    warnings: Sequence[str] = field(default_factory=list)
    missing: Sequence[Shortfall] = ()

    @property
    def asked(self) -> int:
        """How many flats and ladder frames are asked for, whether they fit or not."""
        planned = sum(row.n for row in self.rows if row.kind != "dark")
        return planned + sum(item.asked - item.taken for item in self.missing)

    def plain(self) -> dict[str, Any]:
        """The plan as a record of the journal, and for `--json`."""
        return {
            "template": self.template,
            "window": {"start_s": self.window.start_s, "end_s": self.window.end_s, "kind": self.window.kind},
            "begins_s": self.begin_s,
            "needed_s": self.sky_end_s - self.begin_s,
            "ends_s": self.end_s,
            "asked": self.asked,
            "rows": [row.plain() for row in self.rows],
            "pointing": [aim.plain() for aim in self.aims if not aim.error],
            "warnings": list(self.warnings),
        }


def plan_twilight(
    call: TemplateCall,
    instrument: Instrument,
    site: Site,
    start_s: float,
    pace: Pace,
    learned: Nights | None = None,
    begun: Begun | None = None,
    ambient_k: float | None = None,
    until_s: float | None = None,
    moon_least_deg: float = 0.0,
) -> TwilightPlan:
    """Plan one twilight template whose parameters are `complete`, from `start_s` (Unix s UTC) on; of one that has
    begun, what is left. `ambient_k` is the ambient temperature, if it is known, `until_s` the latest end,
    `moon_least_deg` the distance the block wants from the Moon.

    Its course is walked through three times: in the sky as believed, and 1 sigma brighter and fainter, for the
    uncertainty of the levels. Raises NoTwilight, and ValueError for parameters that were refused.
    """
    outset = Outset(start_s, until_s, ambient_k, learned or {}, begun)
    told = walk_through(call, instrument, site, pace, outset)
    return plan_of(call, told, instrument, site, moon_least_deg)


def plan_of(
    call: TemplateCall, told: Walked, instrument: Instrument, site: Site, moon_least_deg: float = 0.0
) -> TwilightPlan:
    """The plan of a twilight that was walked through; `moon_least_deg` is the distance wanted from the Moon."""
    course, wanted = told.course, call.parameters["SEQ.AIRMASS.LIST"]
    rows = with_sigmas(course, [told.fainter, told.brighter])
    aims = [aim_at(*arrival, site, instrument, wanted, moon_least_deg) for arrival in course.arrivals]
    warnings = [*told.unreachable, *(aim.error for aim in aims if aim.error), *remarks(rows)]
    return TwilightPlan(
        call.name,
        told.twilight.window,
        course.programme.order,
        rows,
        aims,
        told.twilight.begin_s,
        told.sky_end_s,
        told.end_s,
        warnings,
        course.shortfalls(),
    )


@dataclass(frozen=True)
class Walked:
    """A twilight walked through in three skies, from `twilight.begin_s`; `end_s` is when the darks of the believed
    one end, `unreachable` says which airmasses cannot be had."""

    twilight: Twilight
    course: Course
    fainter: Course
    brighter: Course
    end_s: float
    unreachable: Sequence[str] = ()

    @property
    def sky_end_s(self) -> float:
        """When the last level is over in the sky as believed; its beginning where nothing is left to do."""
        return max(self.course.sky_end_s, self.twilight.begin_s)


@dataclass(frozen=True)
class Outset:
    """What a walk through a twilight starts from: when (Unix s UTC), until when at most, the ambient temperature if
    known, what nights taught, and how far the template has come."""

    start_s: float
    until_s: float | None = None
    ambient_k: float | None = None
    learned: Nights = field(default_factory=dict)
    begun: Begun | None = None


def walk_through(
    call: TemplateCall, instrument: Instrument, site: Site, pace: Pace, outset: Outset
) -> Walked:
    """Walk through a twilight template, or what is left of it, as `plan_twilight` does; nowhere is pointed at."""
    start_s, begun, learned = outset.start_s, outset.begun, outset.learned
    window = begun.window if begun else window_of(call.parameters, site, start_s)
    latest_s = math.inf if outset.until_s is None else outset.until_s
    twilight = twilight_in(window, site, start_s, pace.sets_out_s, latest_s)
    levels, unreachable = reachable_levels(call.parameters["SEQ.AIRMASS.LIST"], instrument)
    programme = programme_of(
        call, instrument, window, levels, twilight.sun_altitude_deg, learned, outset.ambient_k
    )
    if begun:
        wishes = [_seen(wish, begun.taken, learned) for wish in programme.wishes]
        programme = replace(programme, wishes=wishes, taken=begun.taken, over=begun.over, here=begun.here)
    course, end_s = walked(programme, pace, twilight)
    fainter, brighter = (walked(programme, pace, twilight, sigmas)[0] for sigmas in (-1.0, 1.0))
    return Walked(twilight, course, fainter, brighter, end_s, unreachable)


def _seen(wish: FilterWish, taken: Mapping[Series, int], learned: Nights) -> FilterWish:
    """A filter that has frames tonight is as sure as they made it: it is not probed again at another airmass."""
    known = learned.get(wish.camera, {}).get(wish.filter)
    frames = sum(n for one, n in taken.items() if (one.camera, one.filter) == (wish.camera, wish.filter))
    if known is None or not frames:
        return wish
    sigma = math.hypot(known.relative_sigma, AIRMASS_SIGMA)
    return replace(wish, prior=replace(wish.prior, relative_sigma=sigma))


def walked(programme: Programme, pace: Pace, twilight: Twilight, sigmas: float = 0.0) -> tuple[Course, float]:
    """The course of a programme in a twilight, `sigmas` brighter than believed, and when its darks end."""
    course = Course(
        programme,
        pace,
        twilight.sun_altitude_deg,
        twilight.end_s,
        sigmas,
        twilight.ends,
        twilight.window.start_s,
    )
    return course, course.walk(twilight.begin_s)
