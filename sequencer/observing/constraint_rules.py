"""Rules of validation about what an OB says of itself: its status, and the sky it may run under."""

from __future__ import annotations

import math

from sequencer.clock import iso, parse_utc
from sequencer.config.models import SiteConfig
from sequencer.observing.beam import is_twilight
from sequencer.observing.exchange.constraints import Constraints
from sequencer.observing.exchange.coordinates import degrees
from sequencer.observing.exchange.particulars import Target
from sequencer.observing.exchange.status import not_runnable
from sequencer.observing.exchange.texts import respelled
from sequencer.observing.findings import Findings, Night
from sequencer.sky.angles import separation_deg
from sequencer.sky.bodies import bodies_altaz
from sequencer.sky.coordinates import radec_to_altaz
from sequencer.sky.site import Site
from sequencer.sky.sun import sun_altitude_deg

NIGHT_SUN_DEG = -18.0
"""Altitude of the Sun at the end of the astronomical evening twilight."""


def check_particulars(found: Findings, site: SiteConfig, night: Night) -> None:
    """Note what status and constraints of the OB forbid at the start of the night.

    A constraint nothing can measure beforehand (sky transparency, those of the instrument) is a warning, and so is a
    text that its header card spells otherwise.
    """
    particulars = found.ob.particulars
    if why := not_runnable(particulars.status):
        _note(found, ("status",), why)
    constraints = particulars.constraints
    place = Site(site.name, site.latitude_deg, site.longitude_deg, site.elevation_m)
    _check_airmass(found, constraints)
    _check_times(found, constraints, night)
    _check_twilight(found, constraints, place, night)
    _check_moon(found, constraints, particulars.target, place, night)
    found.warnings += respelled(found.ob.located)
    for text in not_measured(constraints):
        found.warnings.append(found.ob.located.problem(("constraints",), text))


def not_measured(constraints: Constraints) -> list[str]:
    """What is left to whoever executes the block, in words: no device here measures it."""
    given = {"sky_transparency": constraints.sky_transparency} if constraints.sky_transparency else {}
    return [
        f"constraints: {name} {value} is not measured here: who executes the block must judge it"
        for name, value in {**given, **constraints.other}.items()
    ]


def _note(found: Findings, path: tuple[str, ...], text: str) -> None:
    found.problems.append(found.ob.located.problem(path, f"{'.'.join(path)}: {text}"))


def _check_airmass(found: Findings, constraints: Constraints) -> None:
    for call in found.ob.templates:
        if constraints.airmass is None or not is_twilight(call) or not call.trusts("SEQ.AIRMASS.LIST"):
            continue
        beyond = [f"{one:g}" for one in call.parameters["SEQ.AIRMASS.LIST"] if one > constraints.airmass]
        if beyond:
            text = f"asks for airmass {', '.join(beyond)}, above the block's constraint of {constraints.airmass:g}"
            found.problem(call, "SEQ.AIRMASS.LIST", text)


def _check_times(found: Findings, constraints: Constraints, night: Night) -> None:
    windows = [(parse_utc(window.after), parse_utc(window.before)) for window in constraints.times]
    if windows and not any(after_s <= night.start_s < before_s for after_s, before_s in windows):
        later = [f"; the next begins {iso(after_s, 0)}" for after_s, _ in sorted(windows) if after_s > night.start_s]
        text = f"the block must not start at {iso(night.start_s, 0)} UTC{(later or ['; none is left'])[0]}"
        _note(found, ("constraints", "times"), text)


def _check_twilight(found: Findings, constraints: Constraints, place: Site, night: Night) -> None:
    minutes = constraints.twilight_minutes
    if minutes is None:
        return
    now_deg, soon_deg = (sun_altitude_deg(night.start_s + wait_s, place) for wait_s in (0.0, 60.0))
    then_deg = sun_altitude_deg(night.start_s - 60.0 * minutes, place)
    if soon_deg < now_deg and then_deg > NIGHT_SUN_DEG:
        text = (
            f"the block must not start before {minutes:g} min after the end of the astronomical evening twilight; "
            f"the Sun is at {now_deg:.1f} deg"
        )
        _note(found, ("constraints", "twilight_minutes"), text)


def _check_moon(
    found: Findings, constraints: Constraints, target: Target, place: Site, night: Night
) -> None:
    """Nothing is minded while the Moon is below the horizon."""
    highest, nearest_deg = constraints.moon_illumination, constraints.moon_distance_deg
    if highest is None and nearest_deg is None:
        return
    bodies = bodies_altaz(night.start_s, place)
    (moon_alt, moon_az), (sun_alt, sun_az) = bodies["Moon"], bodies["Sun"]
    if moon_alt < 0.0:
        return
    lit = 0.5 * (1.0 - math.cos(math.radians(separation_deg(moon_az, moon_alt, sun_az, sun_alt))))
    if highest is not None and lit > highest:
        _note(found, ("constraints", "moon_illumination"), f"the Moon is up and lit to {lit:.2f}, above {highest:g}")
    if nearest_deg is not None and target.ra:
        ra_deg, dec_deg = degrees(target.ra, hours=True), degrees(target.dec, hours=False)
        alt, az = radec_to_altaz(ra_deg, dec_deg, night.start_s, place)
        away_deg = separation_deg(az, alt, moon_az, moon_alt)
        if away_deg < nearest_deg:
            text = f"the Moon is {away_deg:.0f} deg from {target.name}, nearer than {nearest_deg:g} deg"
            _note(found, ("constraints", "moon_distance_deg"), text)
