"""Positions against events everybody can look up: eclipses and conjunctions."""

import numpy as np
import pytest

from sequencer.sky import bodies_altaz, body_separations_deg, moon_altaz, separation_deg, sun_altaz

from .places import ARMAZONES, LUXOR, utc


def test_in_a_total_eclipse_the_moon_covers_the_sun():
    """2 August 2027, totality at Luxor about 10:05 UTC: the centres within the Sun's radius of 0.26 deg."""
    time_s = utc("2027-08-02T10:05:00")
    sun, moon = sun_altaz(time_s, LUXOR), moon_altaz(time_s, LUXOR)
    assert separation_deg(sun[1], sun[0], moon[1], moon[0]) < 0.02
    assert body_separations_deg(*sun, time_s, LUXOR)["Moon"] < 0.02


def test_jupiter_and_saturn_met_in_december_2020():
    """21 December 2020, 18:20 UTC: 6.1 arcmin apart."""
    bodies = bodies_altaz(utc("2020-12-21T18:20:00"), LUXOR)
    jupiter, saturn = bodies["Jupiter"], bodies["Saturn"]
    apart = separation_deg(jupiter[1], jupiter[0], saturn[1], saturn[0])
    assert 60.0 * apart == pytest.approx(6.1, abs=0.2)


def test_venus_crossed_the_sun_in_june_2012_and_mercury_in_november_2019():
    sun = sun_altaz(utc("2012-06-06T01:30:00"), ARMAZONES)
    assert body_separations_deg(*sun, utc("2012-06-06T01:30:00"), ARMAZONES)["Venus"] < 0.27
    sun = sun_altaz(utc("2019-11-11T15:20:00"), ARMAZONES)
    assert body_separations_deg(*sun, utc("2019-11-11T15:20:00"), ARMAZONES)["Mercury"] < 0.03


def test_mars_uranus_and_neptune_stood_opposite_the_sun_at_their_oppositions():
    for name, time in (
        ("Mars", "2025-01-16T02:30"),
        ("Uranus", "2025-11-21T12:00"),
        ("Neptune", "2025-09-23T12:00"),
    ):
        time_s = utc(time + ":00")
        sun = sun_altaz(time_s, ARMAZONES)
        assert body_separations_deg(*sun, time_s, ARMAZONES)[name] > 175.0


def test_all_nine_bodies_are_named_and_the_direction_counts():
    time_s = utc("2027-03-20T09:00:00")
    bodies = bodies_altaz(time_s, ARMAZONES)
    assert list(bodies) == "Sun Moon Mercury Venus Mars Jupiter Saturn Uranus Neptune".split()
    for name, position in bodies.items():
        assert body_separations_deg(*position, time_s, ARMAZONES)[name] == pytest.approx(0.0, abs=1e-9)
    assert bodies["Sun"] == pytest.approx(sun_altaz(time_s, ARMAZONES), abs=1e-5)
    assert bodies["Moon"] == pytest.approx(moon_altaz(time_s, ARMAZONES), abs=1e-9)


def test_the_moon_takes_arrays():
    altitude, azimuth = moon_altaz(np.array([0.0, 3600.0]) + utc("2027-03-20T00:00:00"), ARMAZONES)
    assert altitude.shape == azimuth.shape == (2,)


def test_every_body_is_where_astropys_own_get_body_has_it():
    """Within 0.5 arcsec: light time is taken to first order, and once."""
    from astropy.coordinates import get_body

    from sequencer.sky.site import horizontal_frame

    for month in range(1, 13):
        time_s = utc(f"2026-{month:02d}-07T09:00:00")
        frame = horizontal_frame(time_s, ARMAZONES)
        for name, (altitude, azimuth) in bodies_altaz(time_s, ARMAZONES).items():
            place = get_body(name.lower(), frame.obstime, frame.location, ephemeris="builtin").transform_to(
                frame
            )
            assert 3600.0 * separation_deg(azimuth, altitude, place.az.deg, place.alt.deg) < 0.5, name
