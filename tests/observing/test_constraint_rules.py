"""Status and constraints of a block are enforced: what they forbid at the start is a problem, at its line."""

from __future__ import annotations

import math

import astropy.units as u
import pytest
from astropy.coordinates import AltAz, EarthLocation, SkyCoord, get_body
from astropy.time import Time

from sequencer.clock import parse_utc

from .blocks import DUSK_S, MORNING_S, block, check, texts

HEAD = "name: x\ninstrument: METIS\n"
DARK = (
    "templates: [{template: METIS_all_cal_Dark, parameters: {DET1.DIT: 1, SEQ.NEXPO2: 0, SEQ.NEXPO3: 0}}]\n"
)
FLAT = (
    "templates: [{template: METIS_img_lm_cal_TwilightFlat,"
    " parameters: {SEQ.DIT.FILT.LIST: [Lp], SEQ.LEVEL.LIST: []}}]\n"
)
ARMAZONES = EarthLocation(lat=-24.589 * u.deg, lon=-70.192 * u.deg, height=3046 * u.m)


def told(text: str, start_s: float = MORNING_S, templates: str = DARK) -> list[str]:
    return [str(problem) for problem in check(block(HEAD + text + templates), start_s=start_s).problems]


@pytest.mark.parametrize("letter", ["P", "-", "S", "X", "C", "A", "F", "K"])
def test_a_block_whose_status_forbids_it_does_not_run(letter: str) -> None:
    (problem,) = told(f"status: '{letter}'\n")
    assert problem.startswith(f"ob.yaml:3: status: has status {letter} (")


@pytest.mark.parametrize("letter", ["D", "+", "M"])
def test_a_block_that_is_ready_runs(letter: str) -> None:
    assert told(f"status: '{letter}'\n") == []


def test_airmasses_above_the_constraint_are_refused() -> None:
    (problem,) = told("constraints: {airmass: 1.9}\n", templates=FLAT)
    assert "SEQ.AIRMASS.LIST: asks for airmass 2, 2.5, above the block's constraint of 1.9" in problem
    assert told("constraints: {airmass: 2.5}\n", templates=FLAT) == []


def test_a_block_starts_inside_its_windows_only() -> None:
    windows = "constraints: {times: [{after: 2027-03-20T09:00:00, before: 2027-03-20T09:15:00}]}\n"
    assert told(windows, parse_utc("2027-03-20T09:00:00")) == []
    (late,) = told(windows, parse_utc("2027-03-20T09:15:00"))
    assert "must not start at 2027-03-20T09:15:00 UTC; none is left" in late
    (early,) = told(windows, parse_utc("2027-03-20T08:59:59"))
    assert "the next begins 2027-03-20T09:00:00" in early


def test_a_block_waits_for_its_share_of_the_evening_twilight() -> None:
    times = Time(DUSK_S, format="unix") + range(120) * u.min
    altitudes = get_body("sun", times).transform_to(AltAz(obstime=times, location=ARMAZONES)).alt.deg
    end_s = float(times[int((altitudes > -18.0).sum())].unix)
    for minutes in (-20, 0, 30):
        text = f"constraints: {{twilight_minutes: {minutes}}}\n"
        (problem,) = told(text, end_s + 60.0 * (minutes - 2))
        assert "must not start before" in problem
        assert told(text, end_s + 60.0 * (minutes + 2)) == []
    assert told("constraints: {twilight_minutes: 0}\n", MORNING_S) == []


def moon_up_s() -> float:
    """When the Moon is high over Armazones in March 2027, by astropy alone."""
    times = Time(MORNING_S, format="unix") + range(0, 24 * 20, 2) * u.hour
    moon = get_body("moon", times, ARMAZONES).transform_to(AltAz(obstime=times, location=ARMAZONES))
    return float(times[int(moon.alt.deg.argmax())].unix)


def test_a_moon_that_is_up_and_too_bright_forbids_the_block() -> None:
    start_s = moon_up_s()
    moment = Time(start_s, format="unix")
    moon, sun = (get_body(name, moment, ARMAZONES) for name in ("moon", "sun"))
    lit = (1.0 - math.cos(moon.separation(sun, origin_mismatch="ignore").radian)) / 2.0
    assert told(f"constraints: {{moon_illumination: {min(lit + 0.01, 1.0):.3f}}}\n", start_s) == []
    (problem,) = told(f"constraints: {{moon_illumination: {lit - 0.01:.3f}}}\n", start_s)
    assert f"the Moon is up and lit to {lit:.2f}" in problem
    assert told("constraints: {moon_illumination: 0}\n", start_s + 12 * 3600) == []


def test_a_moon_too_near_the_target_forbids_the_block() -> None:
    start_s = moon_up_s()
    moon = get_body("moon", Time(start_s, format="unix"), ARMAZONES)
    place = SkyCoord(moon.ra, moon.dec).directional_offset_by(0 * u.deg, 20 * u.deg)
    ra = place.ra.to_string(u.hour, sep=":", pad=True, precision=2)
    dec = place.dec.to_string(u.deg, sep=":", pad=True, alwayssign=True, precision=1)
    target = f"target: {{name: X, ra: '{ra}', dec: '{dec}'}}\n"
    assert told(target + "constraints: {moon_distance_deg: 18}\n", start_s) == []
    (problem,) = told(target + "constraints: {moon_distance_deg: 22}\n", start_s)
    assert "the Moon is 20 deg from X, nearer than 22 deg" in problem
    assert told(target + "constraints: {moon_distance_deg: 22}\n", start_s + 12 * 3600) == []


def test_what_nothing_measures_is_a_warning() -> None:
    text = "constraints: {sky_transparency: Clear, other: {waterVapour: 5.0}}\n"
    found = texts(check(block(HEAD + text + DARK)).warnings)
    assert found == [
        f"constraints: {what} is not measured here: who executes the block must judge it"
        for what in ("sky_transparency Clear", "waterVapour 5.0")
    ]
