"""The night's plan of an observing block: every twilight template walked through before anything moves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sequencer.config.models import Instrument
from sequencer.observing.block import TemplateCall
from sequencer.observing.planning.course import Course, Level, Pace, Programme
from sequencer.observing.planning.learned import Learned
from sequencer.observing.planning.priors import SunAltitude
from sequencer.observing.planning.rows import PlanRow
from sequencer.observing.planning.wishes import filter_wishes
from sequencer.sky import (
    NoPatch,
    PatchRules,
    Site,
    SunTrack,
    Window,
    choose_strip,
    reachable_airmass,
    twilight_window,
)

AIRMASS_SIGMA = 0.02
"""Relative 1 sigma of the rate model from one airmass to another (twilight.md 1.1: 0.01-0.03)."""

PROBE_SIGMA = 0.01
"""Relative 1 sigma of the rate after a probe: sky noise, gain, linearity (twilight.md 3.2: 0.003-0.01)."""

LISTED_SIGMA = 0.15 / math.sqrt(12.0)
"""Relative 1 sigma of a level whose DIT comes from a list of 15 % steps."""

SKIES = ("fainter", "brighter")
"""The skies beside the believed one, in the order they are walked through."""

TRACK_S = (-600.0, 8.0 * 3600.0)
"""Span of the Sun's track around the twilight."""


@dataclass(frozen=True)
class Aim:
    """Where to point for one level, from when to when (Unix s UTC), and why there; `error` when nowhere."""

    airmass: float
    requested_airmass: float
    start_s: float
    end_s: float
    altitude_deg: float = 0.0
    azimuth_deg: float = 0.0
    reasons: Sequence[str] = ()
    error: str = ""


@dataclass(frozen=True)
class TwilightPlan:
    """One twilight template: its window, its rows in order of time, where it points, when all of it is done."""

    template: str
    window: Window
    rows: Sequence[PlanRow]
    aims: Sequence[Aim]
    begin_s: float
    sky_end_s: float
    end_s: float
    warnings: Sequence[str] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        """The plan as a record of the journal, and for `--json`."""
        return {
            "template": self.template,
            "window": {"start_s": self.window.start_s, "end_s": self.window.end_s, "kind": self.window.kind},
            "needed_s": self.sky_end_s - self.begin_s,
            "ends_s": self.end_s,
            "rows": [row.plain() for row in self.rows],
            "pointing": [_plain_aim(aim) for aim in self.aims if not aim.error],
            "warnings": list(self.warnings),
        }


def plan_twilight(
    call: TemplateCall,
    instrument: Instrument,
    site: Site,
    start_s: float,
    pace: Pace,
    learned: Learned | None = None,
) -> TwilightPlan:
    """Plan one twilight template whose parameters are `complete`, from `start_s` (Unix s UTC) on.

    Its course is walked through three times: in the sky as believed, and 1 sigma brighter and fainter, for the
    uncertainty of the levels. Raises NoTwilight, and ValueError for parameters that were refused.
    """
    p = call.parameters
    window = twilight_window(site, start_s, p["SEQ.TWILIGHT"], p["SEQ.SUNALT.MIN"], p["SEQ.SUNALT.MAX"])
    begin_s = max(start_s, window.start_s - pace.preset_s)
    sun = SunTrack.over(site, begin_s + TRACK_S[0], begin_s + TRACK_S[1])
    levels, unreachable = reachable_levels(p["SEQ.AIRMASS.LIST"], instrument)
    programme = programme_of(call, instrument, window, levels, sun.altitude_deg, learned)
    middle, *others = (
        _walked(programme, pace, sun.altitude_deg, window, begin_s, sigmas) for sigmas in (0, -1, 1)
    )
    course, end_s = middle
    rows = [_with_sigma(row, course, [other for other, _ in others]) for row in course.rows]
    aims = [
        _aim(level, arrived_s, left_s, site, instrument, p["SEQ.AIRMASS.LIST"])
        for level, arrived_s, left_s in course.arrivals
    ]
    warnings = [*unreachable, *(aim.error for aim in aims if aim.error), *_remarks(rows)]
    sky_end_s = max((left_s for _, _, left_s in course.arrivals), default=begin_s)
    return TwilightPlan(
        call.name, window, rows, aims, begin_s, sky_end_s, end_s, list(dict.fromkeys(warnings))
    )


def reachable_levels(wanted: Sequence[float], instrument: Instrument) -> tuple[list[Level], list[str]]:
    """The airmasses of a block as they can be had, and why one that cannot be replaced is left out."""
    levels, left_out = list[Level](), list[str]()
    for airmass in wanted:
        listed = [other for other in (*wanted, *(level.airmass for level in levels)) if other != airmass]
        try:
            levels.append(
                Level(airmass, *reachable_airmass(airmass, instrument.telescope.altitude_deg, listed))
            )
        except NoPatch as error:
            left_out.append(f"no flats at airmass {airmass:g}: {error}")
    return levels, left_out


def programme_of(
    call: TemplateCall,
    instrument: Instrument,
    window: Window,
    levels: Sequence[Level],
    sun_altitude_deg: SunAltitude,
    learned: Learned | None,
) -> Programme:
    """What a twilight template is to do, as figures."""
    p = call.parameters
    wishes = filter_wishes(
        p,
        instrument,
        window.kind,  # type: ignore[arg-type]
        tuple(level.airmass for level in levels),
        sun_altitude_deg,
        window.start_s,
        learned,
    )
    return Programme(
        wishes,
        levels,
        p["SEQ.NEXPO"],
        p["SEQ.NCYCLES"],
        p["SEQ.LEVEL.LIST"] if p["SEQ.MODE"] in ("FIXED", "AIRMASS") else (),
        p["SEQ.LEVEL.FILT"] or (),
        p["SEQ.DARK.NEXPO"] if p["SEQ.DARK"] else 0,
        p["SEQ.DARK.WAIT"],
    )


def patch_rules(instrument: Instrument) -> PatchRules:
    """What a patch of sky must keep to with this telescope."""
    telescope = instrument.telescope
    return PatchRules(
        altitude_limits_deg=telescope.altitude_deg,
        sun_distance_deg=telescope.sun_distance_deg,
        moon_distance_deg=telescope.moon_distance_deg,
        planet_distance_deg=telescope.planet_distance_deg,
    )


def _walked(
    programme: Programme,
    pace: Pace,
    sun_altitude_deg: SunAltitude,
    window: Window,
    begin_s: float,
    sigmas: float,
) -> tuple[Course, float]:
    course = Course(programme, pace, sun_altitude_deg, window.end_s, sigmas)
    return course, course.walk(begin_s)


def _with_sigma(row: PlanRow, course: Course, others: Sequence[Course]) -> PlanRow:
    """The row with how far its level goes in a fainter or brighter sky, and what is lost there."""
    if row.kind != "flat" or not row.n:
        return row
    series = _alike(row, course)
    skies = dict(zip(SKIES, (_alike(row, other) for other in others), strict=True))
    away = [abs(_mean_level(sky) - _mean_level(series)) for sky in skies.values() if _mean_level(sky)]
    first = row.requested_airmass == course.programme.levels[0].requested
    model = LISTED_SIGMA if len(series) > 1 else PROBE_SIGMA if first else AIRMASS_SIGMA
    lost = [
        f"1 sigma {name} sky: {other.note}" for name, sky in skies.items() for other in sky if not other.n
    ]
    return replace(
        row,
        predicted_sigma=max([*away, model * row.predicted_fraction]),
        note="; ".join(text for text in (row.note, *lost) if text),
    )


def _alike(row: PlanRow, course: Course) -> list[PlanRow]:
    """The rows of the same series in a course."""
    return [
        other
        for other in course.rows
        if (other.camera, other.filter, other.requested_airmass, other.kind)
        == (row.camera, row.filter, row.requested_airmass, row.kind)
    ]


def _mean_level(rows: Sequence[PlanRow]) -> float:
    frames = sum(row.n for row in rows)
    return sum(row.n * row.predicted_fraction for row in rows) / frames if frames else 0.0


def _aim(
    level: Level, start_s: float, end_s: float, site: Site, instrument: Instrument, wanted: Sequence[float]
) -> Aim:
    listed = [other for other in wanted if other != level.requested]
    try:
        strip = choose_strip(
            start_s, max(end_s, start_s), level.airmass, site, patch_rules(instrument), listed=listed
        )
    except NoPatch as error:
        return Aim(level.airmass, level.requested, start_s, end_s, error=str(error))
    return Aim(
        strip.airmass, level.requested, start_s, end_s, strip.altitude_deg, strip.azimuth_deg, strip.reasons
    )


def _plain_aim(aim: Aim) -> dict[str, Any]:
    return {
        "airmass": aim.airmass,
        "requested_airmass": aim.requested_airmass,
        "start_s": aim.start_s,
        "end_s": aim.end_s,
        "altitude_deg": aim.altitude_deg,
        "azimuth_deg": aim.azimuth_deg,
        "reasons": list(aim.reasons),
    }


def _remarks(rows: Sequence[PlanRow]) -> list[str]:
    """What will not be as asked for."""
    return [f"{row.camera} {row.filter}: {row.note}" for row in rows if row.note]
