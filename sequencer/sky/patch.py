"""Which patch of sky to point at for flats: opposite the Sun, at the wanted airmass, away from everything
bright."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike

from sequencer.sky.airmass import AIRMASS_TOLERANCE, pointing_altitude_deg
from sequencer.sky.airmass import airmass as airmass_at
from sequencer.sky.angles import separation_deg
from sequencer.sky.bodies import bodies_altaz
from sequencer.sky.coordinates import radec_to_altaz
from sequencer.sky.site import Site
from sequencer.sky.sources import bright_ir_sources, source_violations

AZIMUTH_STEPS_DEG = (0, 5, -5, 15, -15, 30, -30, 50, -50, 75, -75, 105, -105, 140, -140, 180)
"""Turns away from the anti-solar azimuth, tried in this order: outward, in growing steps, all around."""

MIN_DISTANCE_ALTITUDE_DEG = -1.0
"""Moon and planets further below the horizon than this send no light into the telescope and are not
minded."""


class NoPatch(Exception):
    """No direction satisfies every rule; `reasons` holds one text for each direction and rule."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = list(reasons)
        super().__init__("no empty patch of sky: " + "; ".join(self.reasons))


@dataclass(frozen=True)
class Patch:
    """A direction fixed in altitude and azimuth (the sky drifts through it), with the reasons for the choice.

    `airmass` is that of `altitude_deg`; `requested_airmass` the one asked for.
    """

    altitude_deg: float
    azimuth_deg: float
    airmass: float
    requested_airmass: float
    reasons: list[str]


@dataclass(frozen=True)
class _Sky:
    """Everything to keep away from at one moment: bodies by name with their distance, and sources as
    arrays."""

    bodies: dict[str, tuple[float, float, float]]
    sources: tuple[Any, Any, Any]

    def violations(self, altitude_deg: float, azimuth_deg: float) -> list[str]:
        found = []
        for name, (altitude, azimuth, wanted) in self.bodies.items():
            distance = separation_deg(azimuth_deg, altitude_deg, azimuth, altitude)
            if distance < wanted:
                found.append(f"{name} is {distance:.1f} deg away, at least {wanted:g} are wanted")
        return found + source_violations(altitude_deg, azimuth_deg, *self.sources)


def choose_patch(
    time_s: float,
    airmass: float,
    site: Site,
    *,
    altitude_limits_deg: tuple[float, float] = (25.0, 88.0),
    sun_distance_deg: float = 30.0,
    moon_distance_deg: float = 30.0,
    planet_distance_deg: float = 1.0,
    bright_sources: ArrayLike | None = None,
    listed: Sequence[float] = (),
) -> Patch:
    """The patch for an airmass at a time: opposite the Sun, or as little beside that as the rules need.

    Azimuth steps outward from anti-solar until Sun, Moon, planets and bright sources are all far enough.
    `altitude_limits_deg` are the telescope's; an airmass they forbid becomes the highest reachable one not
    among `listed` (the OB's airmasses and those already used), and a reason says so. `bright_sources` has
    rows (ra_deg, dec_deg, mag); None takes the packaged list, an empty one checks none. The default limits
    and distances are assumed. Raises NoPatch with every reason, ValueError for an airmass below 1 or NaN.
    """
    altitude, reasons = _altitude(airmass, altitude_limits_deg, listed)
    distances = {"Sun": sun_distance_deg, "Moon": moon_distance_deg}
    bodies = {
        name: (*position, distances.get(name, planet_distance_deg))
        for name, position in bodies_altaz(time_s, site).items()
        if name == "Sun" or position[0] > MIN_DISTANCE_ALTITUDE_DEG
    }
    sky = _Sky(bodies, _sources_altaz(bright_sources, time_s, site))
    azimuth, why = _free_azimuth(sky, altitude)
    return Patch(altitude, azimuth, airmass_at(altitude), airmass, reasons + why)


def reachable_airmass(
    wanted_airmass: float, altitude_limits_deg: tuple[float, float], listed: Sequence[float] = ()
) -> tuple[float, str]:
    """The airmass `choose_patch` will really use for a wanted one, and why if it is another (else empty).

    Arguments and errors as there: raises NoPatch when no airmass is left, ValueError for one below 1 or NaN.
    """
    altitude, reasons = _altitude(wanted_airmass, altitude_limits_deg, listed)
    return (float(airmass_at(altitude)), reasons[0]) if reasons else (wanted_airmass, "")


def _free_azimuth(sky: _Sky, altitude_deg: float) -> tuple[float, list[str]]:
    """The azimuth nearest to anti-solar without a violation, and the reasons. Raises NoPatch."""
    anti_solar = (sky.bodies["Sun"][1] + 180.0) % 360.0
    objections: list[str] = []
    for turn in AZIMUTH_STEPS_DEG:
        azimuth = (anti_solar + turn) % 360.0
        found = sky.violations(altitude_deg, azimuth)
        if not found:
            where = f"opposite the Sun, azimuth {anti_solar:.1f} deg"
            if turn:
                where = f"azimuth turned {turn:+d} deg from opposite the Sun to {azimuth:.1f} deg"
            return azimuth, [where, *objections]
        objections += [f"at azimuth {azimuth:.1f} deg {text}" for text in found]
    raise NoPatch([f"altitude {altitude_deg:.1f} deg, {text}" for text in objections])


def _sources_altaz(bright_sources: ArrayLike | None, time_s: float, site: Site) -> tuple[Any, Any, Any]:
    """Altitudes, azimuths and magnitudes of the sources."""
    import numpy as np

    given = bright_ir_sources() if bright_sources is None else np.asarray(bright_sources, dtype=float)
    rows = given.reshape(-1, 3)
    return (*radec_to_altaz(rows[:, 0], rows[:, 1], time_s, site), rows[:, 2])


def _altitude(
    wanted: float, limits_deg: tuple[float, float], listed: Sequence[float]
) -> tuple[float, list[str]]:
    """The altitude to point at and, if it is not the wanted airmass's, why. Raises NoPatch."""
    low, high = limits_deg
    altitude = pointing_altitude_deg(wanted)
    if low <= altitude <= high:
        return altitude, []
    if altitude > high:
        reachable = airmass_at(high)
        reason = f"airmass {wanted:g} is above the altitude limit of {high:g} deg: {reachable:.3f} instead"
        return high, [reason]
    reachable = _not_listed(airmass_at(low), wanted, listed)
    altitude = pointing_altitude_deg(reachable) if reachable >= 1.0 else 91.0
    if not low <= altitude <= high:
        raise NoPatch([f"airmass {wanted:g} is below the altitude limit of {low:g} deg and no other is left"])
    reason = f"airmass {wanted:g} is below the altitude limit of {low:g} deg: {reachable:.3f} instead"
    return altitude, [f"{reason}, the highest reachable and not listed"]


def _not_listed(highest: float, wanted: float, listed: Sequence[float]) -> float:
    """The highest airmass up to `highest` whose tolerance overlaps with that of no other listed one."""
    for other in sorted(listed, reverse=True):
        overlaps = abs(other - highest) < 2.0 * AIRMASS_TOLERANCE
        if overlaps and abs(other - wanted) > AIRMASS_TOLERANCE:
            highest = other - 2.0 * AIRMASS_TOLERANCE
    return highest
