"""What strips and fields have in common: the best direction there could be, the way there, and the words for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sequencer.sky.airmass import airmass as airmass_at
from sequencer.sky.angles import shortest_turn_deg
from sequencer.sky.bodies import PLANETS
from sequencer.sky.choice import AltAz, Choice
from sequencer.sky.drift import Path, altaz_of, hour_angle_dec
from sequencer.sky.hazards import Hazards
from sequencer.sky.judge import Objection
from sequencer.sky.reach import reachable_altitude_deg
from sequencer.sky.site import Site
from sequencer.sky.slew import Slew, sun_on_the_way
from sequencer.sky.sun import sun_altaz


@dataclass(frozen=True)
class Aim:
    """The best direction: opposite the Sun at the middle of the time, at the airmass that can be had; and why that
    is another than the one asked for, if it is.

    `airmass` is what the tolerance is about: "1.0" is pointed at 1.0038, clear of the zenith, and ends at 1.03.
    """

    altitude_deg: float
    azimuth_deg: float
    airmass: float
    why: list[str]

    @property
    def altaz(self) -> AltAz:
        """Altitude and azimuth in deg."""
        return self.altitude_deg, self.azimuth_deg


def aim(hazards: Hazards, airmass: float, listed: Sequence[float], rate_deg_s: float) -> Aim:
    """The best direction for an airmass; `rate_deg_s` as in `Path`.

    Tracked, the lower altitude limit is raised by what the field sinks or has to rise in half the time. Raises
    NoPatch and ValueError as `reachable_altitude_deg`.
    """
    rules = hazards.rules
    low, high = rules.altitude_limits_deg
    azimuth = (sun_altaz(0.5 * (hazards.start_s + hazards.end_s), hazards.site)[1] + 180.0) % 360.0
    if rate_deg_s:
        low = _raised(low, azimuth, 0.5 * rate_deg_s * (hazards.end_s - hazards.start_s), hazards.site)
    altitude, why = reachable_altitude_deg(airmass, (low, high), listed, rules.zenith_clearance_deg)
    return Aim(altitude, azimuth, float(airmass_at(altitude)) if why else airmass, [why] if why else [])


def _raised(low_deg: float, azimuth_deg: float, half_turn_deg: float, site: Site) -> float:
    """The altitude in deg in the middle of a tracked field's time that keeps its ends above a limit."""
    altitude = low_deg
    for _ in range(2):  # the way down at the limit, then at what that gives: good to 0.01 deg
        ha, dec = hour_angle_dec(altitude, azimuth_deg, site.latitude_deg)
        ends = (altaz_of(ha + turn, dec, site.latitude_deg)[0] for turn in (-half_turn_deg, half_turn_deg))
        altitude = low_deg + altitude - float(min(ends))
    return altitude + 0.01


def way_to(slew: Slew | None, site: Site, sun_distance_deg: float) -> Callable[[Path], Objection | None]:
    """What is against slewing to the start of a path; nothing where no slew is given."""
    if slew is None:
        return lambda path: None
    why_not = sun_on_the_way(slew, site, sun_distance_deg)

    def objection(path: Path) -> Objection | None:
        altitude, azimuth = altaz_of(path.ha_deg, path.dec_deg, site.latitude_deg)
        text = why_not((float(altitude), float(azimuth)))
        return Objection("slew", text) if text else None

    return objection


def told_direction(best: Aim, chosen: AltAz) -> str:
    """The direction chosen, as against the best one."""
    turn = shortest_turn_deg(best.azimuth_deg, chosen[1])
    where = f"opposite the Sun, azimuth {chosen[1]:.1f} deg"
    if abs(turn) > 0.05:
        where = f"azimuth turned {turn:+.0f} deg from opposite the Sun to {chosen[1]:.1f} deg"
    if abs(chosen[0] - best.altitude_deg) > 0.05:
        where += f", altitude {chosen[0]:.1f} deg (airmass {airmass_at(chosen[0]):.3f})"
    return where


def told_surroundings(hazards: Hazards, choice: Choice) -> str:
    """How far the path stays from what matters most."""
    distances = hazards.distances_deg(choice.path)
    great = [
        f"{name} {value:.0f} deg" for name, value in distances.items() if name.startswith(("Sun", "Moon"))
    ]
    planets = sorted((value, name) for name, value in distances.items() if name in PLANETS)
    nearest = [f"nearest planet {name} {value:.0f} deg" for value, name in planets[:1]]
    plane = f"at least {choice.galactic_latitude_deg:.0f} deg from the Galactic plane"
    return ", ".join([plane, *great, *nearest])


def told_preference(hazards: Hazards, best: Aim, choice: Choice) -> list[str]:
    """That a direction was taken for its Galactic latitude, where nothing else was against the best one."""
    least = hazards.rules.galactic_preferred_deg
    if choice.index == 0 or choice.rejected:
        return []
    away = f"not opposite the Sun, azimuth {best.azimuth_deg:.1f} deg"
    return [f"{away}: too near the Galactic plane, {least:g} deg are preferred"]
