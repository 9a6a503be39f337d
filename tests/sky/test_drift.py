import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.sky import altaz_to_radec, radec_to_altaz, separation_deg
from sequencer.sky.drift import SIDEREAL_DEG_S, Objects, Path, altaz_of, hour_angle_dec, nearest

from .places import ARMAZONES, utc

declinations = st.floats(-89.0, 89.0)
hour_angles = st.floats(-180.0, 180.0)


def one(ha, turn, dec, dec_end, duration_s, clear=1.0) -> Objects:
    columns = (np.array([float(value)]) for value in (0.0, duration_s, ha, turn, dec, dec_end, clear))
    return Objects(("thing",), *columns)


def walked(path: Path, thing: Objects, times: np.ndarray) -> np.ndarray:
    """Distance at each time, both positions worked out then."""
    share = times / thing.duration_s[0]
    dec = thing.dec_start_deg[0] + share * (thing.dec_end_deg[0] - thing.dec_start_deg[0])
    ha = thing.ha_deg[0] + share * thing.turn_deg[0]
    return separation_deg(path.ha_at(times), path.dec_deg, ha, dec)


@settings(max_examples=200, deadline=None)
@given(hour_angles, declinations, hour_angles, declinations, st.floats(60.0, 21600.0), st.booleans())
def test_the_nearest_moment_is_that_of_a_walk_in_small_steps(ha, dec, path_ha, path_dec, duration_s, tracked):
    thing = one(ha, duration_s * SIDEREAL_DEG_S, dec, dec, duration_s)
    path = Path(0.0, path_ha, path_dec, SIDEREAL_DEG_S if tracked else 0.0)
    times = np.linspace(0.0, duration_s, 2001)
    steps = walked(path, thing, times)
    distance, time_s = nearest(path, thing)
    assert distance[0] <= steps.min() + 1e-9
    assert distance[0] == pytest.approx(steps.min(), abs=0.5 * duration_s / 2000 * SIDEREAL_DEG_S + 1e-9)
    assert walked(path, thing, time_s)[0] == pytest.approx(distance[0], abs=1e-9)


def test_a_body_with_a_motion_of_its_own():
    """In hour angle slower than the stars and with changing declination, as the Moon."""
    thing = one(-10.0, 14.5, 5.0, 5.4, 3600.0)
    times = np.linspace(0.0, 3600.0, 36001)
    path = Path(0.0, 0.0, 12.0)
    # Where the declination changes, the meeting of hour angles is not quite the nearest moment.
    assert nearest(path, thing)[0][0] == pytest.approx(walked(path, thing, times).min(), abs=0.005)


def test_many_paths_at_once_give_what_each_gives_alone():
    thing = one(-10.0, 14.5, 5.0, 5.4, 3600.0)
    ha, dec = np.array([[-5.0], [3.0], [40.0]]), np.array([[0.0], [10.0], [-60.0]])
    together = nearest(Path(0.0, ha, dec), thing)[0]
    alone = [nearest(Path(0.0, h, d), thing)[0] for h, d in zip(ha[:, 0], dec[:, 0], strict=True)]
    assert np.array_equal(together, np.array(alone))


@given(declinations, declinations, st.floats(0.1, 5.0))
def test_what_declination_leaves_out_is_far_enough(dec, path_dec, clear):
    thing, path = one(0.0, 10.0, dec, dec, 2400.0, clear), Path(0.0, 5.0, path_dec)
    assert len(thing.near(path).names) == 1 or nearest(path, thing)[0][0] >= clear - 1e-9


@given(st.floats(-89.9, 89.9), st.floats(0.0, 359.9), st.floats(-90.0, 90.0))
def test_hour_angle_and_declination_and_back(altitude, azimuth, latitude):
    back = altaz_of(*hour_angle_dec(altitude, azimuth, latitude), latitude)
    assert separation_deg(back[1], back[0], azimuth, altitude) < 1e-9


def test_the_sky_turns_by_hour_angle_alone():
    """Over 40 minutes a place on the sky moves as astropy has it, within an arcsecond."""
    start_s = utc("2026-06-20T10:00:00")
    ra, dec = altaz_to_radec(35.0, 120.0, start_s, ARMAZONES)
    ha, dec_of_date = hour_angle_dec(35.0, 120.0, ARMAZONES.latitude_deg)
    for later_s in (600.0, 2400.0):
        there = altaz_of(ha + later_s * SIDEREAL_DEG_S, dec_of_date, ARMAZONES.latitude_deg)
        altitude, azimuth = radec_to_altaz(ra, dec, start_s + later_s, ARMAZONES)
        assert 3600.0 * separation_deg(azimuth, altitude, there[1], there[0]) < 1.0


def test_an_untracked_telescope_sees_14_arcsec_a_second_pass():
    """At declination -24 deg, for METIS' 14 arcsec/s."""
    assert 3600.0 * SIDEREAL_DEG_S * np.cos(np.radians(24.0)) == pytest.approx(13.7, abs=0.05)
