"""Nights of a whole year, both twilights: a patch that keeps every rule by another almanac, or a reason.

Every fortieth night, in `make nightly` every tenth. The judge here is PyEphem alone: Sun, Moon, planets, where on the
sky the telescope looks, Galactic latitude, airmass.
"""

import itertools
import math
import os

import ephem
import numpy as np
import pytest
from scipy.spatial import cKDTree

from sequencer.sky import (
    Field,
    NoPatch,
    NoTwilight,
    PatchRules,
    Strip,
    bright_ir_sources,
    choose_field,
    choose_strip,
    dither_offsets,
    separation_deg,
    twilight_window,
)

from .almanac import altaz_radec, body_altaz, star_altaz, sun_crossing_s
from .places import ARMAZONES, ROQUE, TROMSO, utc

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
pytestmark = [pytest.mark.nightly] if NIGHTLY else []
DAYS = range(0, 365, 10 if NIGHTLY else 40)
PLANETS = ("Mercury", "Venus", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune")
AIRMASSES = (1.0, 2.0, 2.5)
RULES = PatchRules()
SLACK_DEG = 0.01
"""The two almanacs differ by up to 31 arcsec for Saturn and Jupiter."""

CLOUDS = ((80.894, -69.756, 10.0), (13.187, -72.829, 5.0))


def on_sphere(ra_deg, dec_deg) -> np.ndarray:
    ra, dec = np.radians(ra_deg), np.radians(dec_deg)
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)


def trees() -> list[tuple[float, float, cKDTree]]:
    """(magnitude, distance in deg, places of the brighter sources) for each rule of the notes on blank fields."""
    rows = bright_ir_sources()
    return [
        (limit, clear_deg, cKDTree(on_sphere(rows[bright, 0], rows[bright, 1])))
        for limit, clear_deg in ((-3.0, 1.0), (-1.0, 5.0 / 60.0), (9.0, 30.0 / 3600.0))
        for bright in [rows[:, 2] < limit]
    ]


SOURCES = trees()


def twilights(site, sun_first_deg, sun_last_deg):
    """Nights of 2026: from one altitude of the Sun to the other, morning and evening."""
    for day in DAYS:
        near_s = utc("2026-01-01T15:00:00") + 86400.0 * day
        for rising in (True, False):
            yield sorted(
                sun_crossing_s(site, near_s, altitude, rising) for altitude in (sun_first_deg, sun_last_deg)
            )


def directions(patch, site, times):
    """(altitude, azimuth) and (ra, dec) of the telescope in deg at each time."""
    if isinstance(patch, Strip):
        here = (patch.altitude_deg, patch.azimuth_deg)
        return [here] * len(times), [altaz_radec(*here, site, time_s) for time_s in times]
    place = (patch.ra_deg, patch.dec_deg)
    return [star_altaz(*place, site, time_s) for time_s in times], [place] * len(times)


def moon_wanted_deg(sun, moon) -> float:
    days = 14.765 * (1.0 - separation_deg(sun[1], sun[0], moon[1], moon[0]) / 180.0)
    return 30.0 / (1.0 + (days / 6.0) ** 2)


def judge_bodies(site, times, pointed):
    tracks = {
        name: [body_altaz(name, site, time_s) for time_s in times] for name in ("Sun", "Moon", *PLANETS)
    }
    moon_deg = moon_wanted_deg(tracks["Sun"][0], tracks["Moon"][0])
    wanted = {"Sun": 30.0, "Moon": moon_deg - 0.05}  # the phase moves while the twilight lasts
    for name, track in tracks.items():
        if name != "Sun" and max(altitude for altitude, _ in track) < -1.0 + SLACK_DEG:
            continue
        apart = min(separation_deg(a[1], a[0], b[1], b[0]) for a, b in zip(track, pointed, strict=True))
        assert apart >= wanted.get(name, 1.0) - SLACK_DEG, f"{name} {apart:.2f} deg"


def judge_sky(on_sky, field_radius_deg):
    for ra, dec in on_sky:
        galactic = ephem.Galactic(ephem.Equatorial(math.radians(ra), math.radians(dec), epoch=ephem.J2000))
        assert abs(math.degrees(galactic.lat)) >= 10.0 - SLACK_DEG
        for cloud_ra, cloud_dec, clear_deg in CLOUDS:
            assert separation_deg(ra, dec, cloud_ra, cloud_dec) >= clear_deg + field_radius_deg - SLACK_DEG
    nodes = on_sphere(*np.array(on_sky).T)
    share = np.linspace(0.0, 1.0, 120, endpoint=False)[:, None, None]  # a step a second: 15 arcsec at most
    between = (nodes[:-1] * (1.0 - share) + nodes[1:] * share).reshape(-1, 3)
    between /= np.linalg.norm(between, axis=1)[:, None]
    for _, clear_deg, tree in SOURCES:
        nearest_deg = math.degrees(2.0 * math.asin(tree.query(between)[0].min() / 2.0))
        assert nearest_deg >= clear_deg + field_radius_deg - 3.0 / 3600.0


def judge(patch, airmass, site, field_radius_deg=0.0):
    """Assert every rule along the patch; the airmass is the one asked for, or named."""
    times = np.linspace(patch.start_s, patch.end_s, math.ceil((patch.end_s - patch.start_s) / 120.0) + 1)
    pointed, on_sky = directions(patch, site, times)
    judge_bodies(site, times, pointed)
    judge_sky(on_sky, field_radius_deg)
    altitudes = [altitude for altitude, _ in pointed]
    assert min(altitudes) >= 25.0 - SLACK_DEG
    assert max(altitudes) <= 85.0 + SLACK_DEG
    middle = patch.start_s + 0.5 * (patch.end_s - patch.start_s)
    found = 1.0 / math.sin(math.radians(directions(patch, site, [middle])[0][0][0]))
    assert found == pytest.approx(patch.airmass, abs=0.002)
    if airmass < 2.3:
        assert abs(found - airmass) <= 0.03
    else:
        assert any(
            reason.startswith(f"airmass {airmass:g} is below the altitude limit") for reason in patch.reasons
        )
        assert 2.2 < found < 2.37
    assert patch.requested_airmass == airmass


def printable(reasons: list[str]) -> bool:
    return 2 <= len(reasons) <= 12 and all(10 < len(reason) < 230 for reason in reasons)


def check_year(site, sun_altitudes, choose):
    """The share of twilights x airmasses with a patch; every refusal has printable reasons."""
    patches, refused = 0, []
    for (start_s, end_s), airmass in itertools.product(twilights(site, *sun_altitudes), AIRMASSES):
        try:
            patch = choose(start_s, end_s, airmass)
        except NoPatch as refusal:
            assert printable(refusal.reasons), refusal.reasons
            refused.append((airmass, str(refusal)))
            continue
        patches += 1
        assert printable(patch.reasons), patch.reasons
        judge(patch, airmass, site, 0.2 if isinstance(patch, Field) else 0.0)
    return patches, refused


@pytest.mark.parametrize("site", [ARMAZONES, ROQUE], ids=lambda site: site.name)
def test_an_untracked_strip_over_the_whole_of_every_twilight(site):
    def strip(start_s, end_s, airmass):
        return choose_strip(start_s, end_s, airmass, site, RULES, listed=AIRMASSES)

    patches, refused = check_year(site, (-18.0, -9.0), strip)
    assert patches + len(refused) == len(DAYS) * 2 * 3
    # Overhead there is only one place to look at, now and then the Milky Way.
    assert len(refused) <= 4
    assert all(airmass == 1.0 and "Galactic latitude" in text for airmass, text in refused)


def test_at_high_latitude_there_is_a_strip_or_the_sun_is_said_not_to_come_to_its_limit():
    found, never = 0, 0
    for month, kind in itertools.product(range(1, 13), ("MORNING", "EVENING")):
        try:
            window = twilight_window(TROMSO, utc(f"2026-{month:02d}-21T12:00:00"), kind, -18.0, -9.0)
        except NoTwilight as why:
            assert "the Sun stays above -9 deg, its lowest is" in str(why)
            assert month in (4, 5, 6, 7, 8)
            never += 1
            continue
        judge(choose_strip(window.start_s, window.end_s, 2.0, TROMSO, RULES), 2.0, TROMSO)
        found += 1
    assert (found, never) == (14, 10)


def test_a_tracked_field_for_ten_minutes_of_every_twilight():
    """An optical camera: a field of 0.2 deg radius, pattern included; listed fields when one fits."""
    offsets = dither_offsets(10, 10.0)
    rules = PatchRules(field_radius_deg=0.2 - 30.0 / 3600.0)
    names = []

    def field(start_s, end_s, airmass):
        middle_s = 0.5 * (start_s + end_s)
        span = (middle_s - 300.0, middle_s + 300.0)
        found = choose_field(*span, airmass, ARMAZONES, rules, offsets=offsets, listed=AIRMASSES)
        names.append(found.name)
        return found

    patches, refused = check_year(ARMAZONES, (-9.0, -5.0), field)
    assert patches == len(DAYS) * 2 * 3
    assert refused == []
    listed = sum(name != "constructed" for name in names)
    assert 0.2 * patches < listed < 0.9 * patches
