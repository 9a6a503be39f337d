import math

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import angular_separation
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.sky import altaz_to_radec, radec_to_altaz, separation_deg
from sequencer.sky.angles import shortest_turn_deg

from .places import ARMAZONES, utc

longitudes, latitudes = st.floats(-400.0, 400.0), st.floats(-90.0, 90.0)
TIME_S = utc("2027-03-20T09:30:00")


@given(longitudes, latitudes, longitudes, latitudes)
def test_separations_agree_with_astropy(lon_1, lat_1, lon_2, lat_2):
    expected = angular_separation(lon_1 * units.deg, lat_1 * units.deg, lon_2 * units.deg, lat_2 * units.deg)
    assert separation_deg(lon_1, lat_1, lon_2, lat_2) == pytest.approx(expected.to_value(units.deg), abs=1e-7)


def test_tiny_and_antipodal_separations_are_exact():
    assert separation_deg(10.0, 0.0, 10.0 + 1e-9, 0.0) == pytest.approx(1e-9, rel=1e-5)
    assert separation_deg(10.0, 20.0, 190.0, -20.0) == pytest.approx(180.0)
    assert separation_deg(0.0, 90.0, 77.0, 30.0) == pytest.approx(60.0)


def test_separations_broadcast():
    assert separation_deg(0.0, 0.0, np.array([0.0, 90.0]), 0.0) == pytest.approx([0.0, 90.0])
    assert isinstance(separation_deg(0.0, 0.0, 1.0, 0.0), float)


@pytest.mark.parametrize(
    ("start", "end", "turn"),
    [(10, 30, 20), (350, 10, 20), (10, 350, -20), (0, 180, -180), (0, 179, 179), (5, 5, 0)],
)
def test_a_turn_takes_the_short_way(start, end, turn):
    assert shortest_turn_deg(start, end) == turn


@settings(max_examples=20, deadline=None)
@given(st.floats(1.0, 89.0), st.floats(0.0, 359.9))
def test_there_and_back_between_sky_and_telescope(altitude, azimuth):
    ra, dec = altaz_to_radec(altitude, azimuth, TIME_S, ARMAZONES)
    back = radec_to_altaz(ra, dec, TIME_S, ARMAZONES)
    assert separation_deg(azimuth, altitude, back[1], back[0]) < 1e-6
    assert 0.0 <= ra < 360.0


def test_the_south_celestial_pole_stands_at_the_latitude_in_the_south():
    """Within precession and aberration since 2000: 27 years x 20 arcsec/year."""
    altitude, azimuth = radec_to_altaz(0.0, -90.0, TIME_S, ARMAZONES)
    assert altitude == pytest.approx(24.5899, abs=0.17)
    assert azimuth == pytest.approx(180.0, abs=0.2)


def test_right_ascension_in_the_zenith_is_the_sidereal_time():
    """GMST of 20 March 2027, 09:30 UTC by the almanac's formula, plus longitude, precessed back to 2000."""
    days = TIME_S / 86400.0 + 2440587.5 - 2451545.0
    sidereal = (18.697374558 + 24.06570982441908 * days) * 15.0 - 70.1918
    ra, dec = altaz_to_radec(90.0, 0.0, TIME_S, ARMAZONES)
    years = days / 365.25
    precession = years * (46.1 + 20.0 * math.sin(math.radians(ra)) * math.tan(math.radians(dec))) / 3600.0
    assert shortest_turn_deg(ra, sidereal - precession) == pytest.approx(0.0, abs=0.03)
    assert dec == pytest.approx(-24.59, abs=0.16)


def test_arrays_of_directions():
    ra, dec = altaz_to_radec(np.array([30.0, 60.0]), np.array([10.0, 20.0]), TIME_S, ARMAZONES)
    assert ra.shape == dec.shape == (2,)
    altitude, azimuth = radec_to_altaz(ra, dec, TIME_S, ARMAZONES)
    assert altitude == pytest.approx([30.0, 60.0])
    assert azimuth == pytest.approx([10.0, 20.0])
