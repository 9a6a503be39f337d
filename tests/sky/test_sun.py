import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.sky import SunTrack, separation_deg, sun_altaz, sun_altitude_deg

from .places import ARMAZONES, LUXOR, TROMSO, utc

START_S = utc("2027-03-20T00:00:00")


def almanac_altaz(time_s: float, latitude_deg: float, longitude_deg: float) -> tuple[float, float]:
    """The Astronomical Almanac's low-precision Sun (0.01 deg), independent of astropy."""
    n = time_s / 86400.0 + 2440587.5 - 2451545.0
    mean = math.radians(280.460 + 0.9856474 * n)
    anomaly = math.radians(357.528 + 0.9856003 * n)
    longitude = mean + math.radians(1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly))
    obliquity = math.radians(23.439 - 4e-7 * n)
    ra = math.atan2(math.cos(obliquity) * math.sin(longitude), math.cos(longitude))
    declination = math.asin(math.sin(obliquity) * math.sin(longitude))
    sidereal = math.radians((18.697374558 + 24.06570982441908 * n) * 15.0 + longitude_deg)
    hour_angle, latitude = sidereal - ra, math.radians(latitude_deg)
    altitude = math.asin(
        math.sin(latitude) * math.sin(declination)
        + math.cos(latitude) * math.cos(declination) * math.cos(hour_angle)
    )
    azimuth = math.atan2(
        -math.cos(declination) * math.sin(hour_angle),
        math.sin(declination) * math.cos(latitude)
        - math.cos(declination) * math.cos(hour_angle) * math.sin(latitude),
    )
    return math.degrees(altitude), math.degrees(azimuth) % 360.0


@pytest.mark.parametrize("site", [ARMAZONES, TROMSO, LUXOR])
@pytest.mark.parametrize("day", [20.3, 111.45, 202.6, 260.99])
def test_the_sun_is_where_the_almanac_says(site, day):
    time_s = utc("2027-01-01T00:00:00") + 86400.0 * day
    altitude, azimuth = sun_altaz(time_s, site)
    expected = almanac_altaz(time_s, site.latitude_deg, site.longitude_deg)
    assert separation_deg(azimuth, altitude, expected[1], expected[0]) < 0.02
    assert sun_altitude_deg(time_s, site) == altitude


def test_scalars_give_floats_and_arrays_give_arrays():
    altitude, azimuth = sun_altaz(START_S, ARMAZONES)
    assert isinstance(altitude, float)
    assert isinstance(azimuth, float)
    altitudes, azimuths = sun_altaz([START_S, START_S + 600.0], ARMAZONES)
    assert altitudes.shape == azimuths.shape == (2,)
    assert altitudes[0] == pytest.approx(altitude, abs=1e-9)


@pytest.mark.parametrize("time_s", [math.nan, math.inf, [0.0, math.nan]])
def test_a_time_that_is_no_number_is_refused(time_s):
    with pytest.raises(ValueError, match="not finite"):
        sun_altaz(time_s, ARMAZONES)


def separations_arcsec(track: SunTrack, times: np.ndarray, site) -> np.ndarray:
    looked_up = np.array([track.altaz(time_s) for time_s in times.tolist()])
    altitude, azimuth = sun_altaz(times, site)
    return 3600.0 * separation_deg(looked_up[:, 1], looked_up[:, 0], azimuth, altitude)


@pytest.mark.parametrize("site", [ARMAZONES, TROMSO])
@pytest.mark.parametrize("step_s", [300.0, 1800.0])
def test_the_track_agrees_with_astropy(site, step_s):
    """Over a whole day, azimuth wrap and near-zenith passage of the equinox Sun included."""
    track = SunTrack.over(site, START_S, START_S + 86400.0 + 7.0, step_s)
    times = np.linspace(track.start_s, track.end_s, 701)
    assert separations_arcsec(track, times, site).max() < (0.01 if step_s == 300.0 else 1.0)


def test_the_default_step_is_fine_enough_and_nodes_are_exact():
    track = SunTrack.over(ARMAZONES, START_S, START_S + 1200.0)
    assert separations_arcsec(track, np.linspace(START_S, START_S + 1200.0, 50), ARMAZONES).max() < 0.01
    assert separations_arcsec(track, START_S + 300.0 * np.arange(5), ARMAZONES).max() < 1e-6
    assert len(track.nodes) == 8
    assert track.altitude_deg(START_S + 77.0) == track.altaz(START_S + 77.0)[0]


@settings(max_examples=50)
@given(st.floats(0.0, 1.0))
def test_azimuth_is_always_in_one_turn(share):
    track = TRACK
    assert 0.0 <= track.altaz(track.start_s + share * (track.end_s - track.start_s))[1] < 360.0


TRACK = SunTrack.over(ARMAZONES, START_S, START_S + 86400.0)


@pytest.mark.parametrize("offset_s", [-0.001, 86400.001, math.nan])
def test_outside_its_window_the_track_says_so(offset_s):
    with pytest.raises(ValueError, match="outside the Sun's track"):
        TRACK.altaz(START_S + offset_s)


@pytest.mark.parametrize(
    ("end_s", "step_s"),
    [(START_S, 300.0), (START_S - 1.0, 300.0), (math.nan, 300.0), (START_S + 1, 0.0), (START_S + 1, 1801.0)],
)
def test_a_track_without_extent_is_refused(end_s, step_s):
    with pytest.raises(ValueError, match="no track"):
        SunTrack.over(ARMAZONES, START_S, end_s, step_s)
