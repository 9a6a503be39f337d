"""The strip of sky that passes an untracked telescope: chosen so that every rule holds along all of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from sequencer.sky.aim import aim, told_direction, told_preference, told_surroundings, way_to
from sequencer.sky.airmass import airmass as airmass_at
from sequencer.sky.choice import choose, directions_around
from sequencer.sky.drift import SIDEREAL_DEG_S
from sequencer.sky.hazards import hazards_over
from sequencer.sky.reach import NoPatch
from sequencer.sky.rules import PatchRules
from sequencer.sky.site import Site
from sequencer.sky.slew import Slew

DEFAULT_RULES = PatchRules()


@dataclass(frozen=True)
class Strip:
    """A direction fixed in altitude and azimuth (deg) from the first opening to the last closing (Unix s UTC).

    The sky passes at 15.04 arcsec/s x cos(declination), a strip of `length_deg`. `airmass` is that of
    `altitude_deg`, `requested_airmass` the one asked for. `reasons` are sentences: the choice first, then what
    was in the way of a better one.
    """

    altitude_deg: float
    azimuth_deg: float
    airmass: float
    requested_airmass: float
    reasons: list[str]
    start_s: float
    end_s: float
    length_deg: float


def choose_strip(
    start_s: float,
    end_s: float,
    airmass: float,
    site: Site,
    rules: PatchRules = DEFAULT_RULES,
    *,
    bright_sources: ArrayLike | None = None,
    listed: Sequence[float] = (),
    slew: Slew | None = None,
) -> Strip:
    """The direction whose strip of sky, from first opening to last closing, keeps every rule.

    Opposite the Sun, or as little beside that as the rules need: turned in azimuth by steps of 5 deg, and in
    altitude within the airmass tolerance. An airmass the altitude limits forbid becomes the highest reachable one
    not among `listed` (the OB's airmasses and those already used), and a reason says so. `bright_sources` has rows
    (ra_deg, dec_deg, mag); None takes the packaged list, an empty one checks none. With `slew` the way there must
    keep off a Sun that is up. Times in Unix seconds UTC, at most 6 h. Raises NoPatch with what is in the way,
    ValueError for times or an airmass that cannot be.
    """
    hazards = hazards_over(site, start_s, end_s, rules, bright_sources)
    best = aim(hazards, airmass, listed, 0.0)
    directions = directions_around(hazards, *best.altaz, best.airmass)
    choice = choose(hazards, directions, best.altaz, 0.0, way_to(slew, site, rules.sun_distance_deg))
    if isinstance(choice, list):
        raise NoPatch([f"airmass {airmass:g}: {len(directions)} directions tried", *best.why, *choice])
    altitude, azimuth = directions[choice.index]
    length = (end_s - start_s) * SIDEREAL_DEG_S * math.cos(math.radians(choice.path.dec_deg))
    along = f"strip of {length:.1f} deg in {(end_s - start_s) / 60.0:.0f} min, " if length else ""
    reasons = [told_direction(best, (altitude, azimuth)), *best.why]
    reasons.append(along + told_surroundings(hazards, choice))
    reasons += [*told_preference(hazards, best, choice), *choice.rejected]
    strip_airmass = float(airmass_at(altitude))
    return Strip(altitude, azimuth, strip_airmass, airmass, reasons, start_s, end_s, length)
