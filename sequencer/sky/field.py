"""The field a tracking telescope looks at: one of the list when it fits, else any empty place at the airmass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from sequencer.sky.aim import Aim, aim, told_direction, told_preference, told_surroundings, way_to
from sequencer.sky.airmass import airmass as airmass_at
from sequencer.sky.angles import separation_deg
from sequencer.sky.blank_fields import BlankField, blank_fields
from sequencer.sky.choice import AltAz, Choice, choose, directions_around
from sequencer.sky.constraints import always_observable, observing_constraints
from sequencer.sky.coordinates import altaz_to_radec, radec_to_altaz
from sequencer.sky.dither import Offset, dither_radius_deg, offset_position
from sequencer.sky.drift import SIDEREAL_DEG_S, altaz_of
from sequencer.sky.hazards import Hazards, hazards_over
from sequencer.sky.judge import altitude_range_deg
from sequencer.sky.reach import NoPatch
from sequencer.sky.rules import PatchRules
from sequencer.sky.site import Site
from sequencer.sky.slew import Slew
from sequencer.sky.strip import DEFAULT_RULES

LISTED_TURN_DEG = 60.0
"""A listed field is taken up to this far from opposite the Sun, beyond it a constructed one is better (assumed)."""


@dataclass(frozen=True)
class Field:
    """A place on the sky (ICRS, deg) to track from `start_s` to `end_s` (Unix s UTC).

    `name` is that of the list, or "constructed". Altitude and azimuth are those at the start, `airmass` that at the
    middle of the time; `requested_airmass` and `reasons` as for a strip. `offsets` (east, north in arcsec) are those
    the field is clear for.
    """

    name: str
    ra_deg: float
    dec_deg: float
    altitude_deg: float
    azimuth_deg: float
    airmass: float
    requested_airmass: float
    reasons: list[str]
    start_s: float
    end_s: float
    offsets: tuple[Offset, ...] = ()

    @property
    def positions_deg(self) -> list[tuple[float, float]]:
        """Where to point frame by frame: ICRS right ascension and declination in deg, one for each offset."""
        return [
            offset_position(self.ra_deg, self.dec_deg, offset) for offset in self.offsets or ((0.0, 0.0),)
        ]


def choose_field(
    start_s: float,
    end_s: float,
    airmass: float,
    site: Site,
    rules: PatchRules = DEFAULT_RULES,
    *,
    offsets: Sequence[Offset] = (),
    fields: Sequence[BlankField] | None = None,
    bright_sources: ArrayLike | None = None,
    listed: Sequence[float] = (),
    slew: Slew | None = None,
) -> Field:
    """A field to track between two times that keeps every rule, at the wanted airmass in the middle of the time.

    From `fields` (None: the packaged list) when one fits: airmass within the tolerance, within 60 deg of opposite
    the Sun, clear of stars over the detector and all `offsets` (arcsec, see `dither_offsets`). Otherwise constructed:
    any place that passes, nearest to opposite the Sun. Other arguments and errors as `choose_strip`.
    """
    hazards = hazards_over(site, start_s, end_s, with_offsets(rules, offsets), bright_sources)
    best = aim(hazards, airmass, listed, SIDEREAL_DEG_S)
    way = way_to(slew, site, rules.sun_distance_deg)
    candidates, places, told = _listed(hazards, best, blank_fields() if fields is None else fields)
    choice = choose(hazards, places, best.altaz, SIDEREAL_DEG_S, way) if places else []
    if isinstance(choice, Choice):
        taken = candidates[choice.index]
        where = f"blank field {taken.name} ({taken.kind})"
        reasons = [f"{where}, {told_direction(best, places[choice.index])}", *best.why]
        position = (taken.ra_deg, taken.dec_deg)
        return _field(hazards, taken.name, position, choice, airmass, reasons, offsets)
    places = directions_around(hazards, *best.altaz, best.airmass)
    found = choose(hazards, places, best.altaz, SIDEREAL_DEG_S, way)
    if isinstance(found, list):
        raise NoPatch(
            [f"airmass {airmass:g}: {len(places)} directions tried", *best.why, told, *choice, *found]
        )
    position = altaz_to_radec(*places[found.index], 0.5 * (start_s + end_s), site)
    reasons = [f"constructed, {told_direction(best, places[found.index])}", *best.why, told, *choice]
    reasons += told_preference(hazards, best, found)
    return _field(hazards, "constructed", position, found, airmass, reasons, offsets)


def with_offsets(rules: PatchRules, offsets: Sequence[Offset]) -> PatchRules:
    """The rules for a field that is looked at with offsets (arcsec): as if the detector reached that much further."""
    return replace(rules, field_radius_deg=rules.field_radius_deg + dither_radius_deg(offsets))


def _field(
    hazards: Hazards,
    name: str,
    position_deg: tuple[float, float],
    choice: Choice,
    airmass: float,
    reasons: list[str],
    offsets: Sequence[Offset],
) -> Field:
    path, latitude = choice.path, hazards.site.latitude_deg
    altitude, azimuth = altaz_of(path.ha_deg, path.dec_deg, latitude)
    middle = altaz_of(path.ha_at(0.5 * (hazards.start_s + hazards.end_s)), path.dec_deg, latitude)[0]
    low, high = altitude_range_deg(hazards, path)
    along = f"airmass {airmass_at(high):.2f} to {airmass_at(low):.2f}, {told_surroundings(hazards, choice)}"
    return Field(
        name,
        *position_deg,
        float(altitude),
        float(azimuth),
        float(airmass_at(middle)),
        airmass,
        [reasons[0], along, *reasons[1:], *choice.rejected],
        hazards.start_s,
        hazards.end_s,
        tuple(offsets),
    )


def _listed(
    hazards: Hazards, best: Aim, fields: Sequence[BlankField]
) -> tuple[list[BlankField], list[AltAz], str]:
    """The fields that fit, where they stand in the middle of the time, and why there are not more."""
    if not fields:
        return [], [], "no field is listed"
    rules, site = hazards.rules, hazards.site
    times = np.linspace(hazards.start_s, hazards.end_s, 3)
    positions = np.array([(field.ra_deg, field.dec_deg) for field in fields])
    altitude, azimuth = radec_to_altaz(positions[:, 0], positions[:, 1], times[1], site)
    clear = np.array([field.clear_arcmin / 60.0 for field in fields])
    at_airmass = np.abs(airmass_at(altitude) - best.airmass) <= rules.airmass_tolerance
    apart = separation_deg(azimuth, altitude, best.azimuth_deg, best.altitude_deg)
    opposite = at_airmass & (apart <= LISTED_TURN_DEG)
    index = np.flatnonzero(opposite & (clear >= rules.field_radius_deg))
    constraints = observing_constraints(rules, hazards.moon_clear_deg)
    index = index[always_observable(positions[index], site, times, constraints)]
    told = (
        f"of {len(fields)} listed fields {np.sum(at_airmass)} stand at airmass {best.airmass:.2f} +- "
        f"{rules.airmass_tolerance:g}, {np.sum(opposite)} of them within {LISTED_TURN_DEG:g} deg of opposite the "
        f"Sun, {len(index)} with altitude, Sun, Moon, Galaxy and stars as they should be"
    )
    rows = index.tolist()
    return [fields[i] for i in rows], [(float(altitude[i]), float(azimuth[i])) for i in rows], told
