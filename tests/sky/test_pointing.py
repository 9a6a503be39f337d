"""Where the telescope is told to look, against an almanac that shares no code with astropy.

What is left between the two: astropy's built-in planets are good to 31 arcsec (against DE421) and its Moon to 11,
PyEphem takes UT1 for UTC (under 0.1 s in 2026, 1 arcsec) and leaves out polar motion (0.5 arcsec). Both without
refraction: a telescope adds its own (34 arcmin at the horizon, 2 at altitude 25 deg).
"""

import numpy as np
import pytest

from sequencer.sky import altaz_to_radec, bodies_altaz, radec_to_altaz, separation_deg, sun_crossing

from .almanac import altaz_radec, body_altaz, star_altaz, sun_crossing_s
from .places import ARMAZONES, ROQUE, utc

PLACES = pytest.mark.parametrize("site", [ARMAZONES, ROQUE], ids=lambda site: site.name)
TIMES = [utc("2026-01-01T00:00:00") + day * 86400.0 for day in np.linspace(0.0, 364.0, 40)]


def arcsec(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Between two directions given as (latitude, longitude) in deg."""
    return 3600.0 * separation_deg(one[1], one[0], other[1], other[0])


@PLACES
def test_a_place_on_the_sky_is_found_within_3_arcsec(site):
    random = np.random.default_rng(7)
    for time_s in TIMES:
        ra, dec = random.uniform(0.0, 360.0), float(np.degrees(np.arcsin(random.uniform(-1.0, 1.0))))
        assert arcsec(radec_to_altaz(ra, dec, time_s, site), star_altaz(ra, dec, site, time_s)) < 3.0


@PLACES
def test_a_direction_is_found_on_the_sky_within_3_arcsec(site):
    random = np.random.default_rng(8)
    for time_s in TIMES:
        altitude, azimuth = random.uniform(20.0, 88.0), random.uniform(0.0, 360.0)
        ra, dec = altaz_to_radec(altitude, azimuth, time_s, site)
        other_ra, other_dec = altaz_radec(altitude, azimuth, site, time_s)
        assert arcsec((dec, ra), (other_dec, other_ra)) < 3.0


@PLACES
def test_sun_moon_and_planets_stand_where_the_almanac_has_them(site):
    wanted = {"Sun": 3.0, "Moon": 12.0}
    for time_s in TIMES:
        for name, position in bodies_altaz(time_s, site).items():
            assert arcsec(position, body_altaz(name, site, time_s)) < wanted.get(name, 32.0), name


@PLACES
@pytest.mark.parametrize("rising", [True, False])
def test_the_sun_passes_the_limits_of_twilight_within_half_a_second(site, rising):
    for time_s in TIMES[::8]:
        for altitude in (-18.0, -9.0):
            expected = sun_crossing_s(site, time_s, altitude, rising)
            assert sun_crossing(site, altitude, time_s, rising) == pytest.approx(expected, abs=0.5)
