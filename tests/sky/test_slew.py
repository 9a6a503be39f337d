import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.sky import Slew, separation_deg, slew_is_safe, slew_separation_deg, sun_altaz
from sequencer.sky.slew import sun_on_the_way

from .places import ARMAZONES, utc

directions = st.tuples(st.floats(20.0, 88.0), st.floats(0.0, 360.0))


def walked(start, end, sun, speeds, seconds: float) -> float:
    """The same slew walked second by second."""
    altitude, azimuth = start
    turn = (end[1] - azimuth + 180.0) % 360.0 - 180.0
    nearest, elapsed = math.inf, 0.0
    while True:
        rise_done = math.copysign(min(speeds[0] * elapsed, abs(end[0] - altitude)), end[0] - altitude)
        turn_done = math.copysign(min(speeds[1] * elapsed, abs(turn)), turn)
        nearest = min(nearest, separation_deg(azimuth + turn_done, altitude + rise_done, sun[1], sun[0]))
        if elapsed > max(abs(end[0] - altitude) / speeds[0], abs(turn) / speeds[1]):
            return nearest
        elapsed += seconds


@settings(max_examples=30, deadline=None)
@given(directions, directions, st.tuples(st.floats(-20.0, 60.0), st.floats(0.0, 360.0)))
def test_the_nearest_point_is_that_of_the_two_axes_moving_at_once(start, end, sun):
    expected = walked(start, end, sun, (0.5, 1.0), 0.5)
    assert slew_separation_deg(start, end, sun) == pytest.approx(expected, abs=0.3)


def test_the_way_matters_not_only_the_ends():
    """Both ends 60 deg and more from a Sun that stands in the middle of the way."""
    start, end, sun = (30.0, 100.0), (30.0, 240.0), (30.0, 170.0)
    assert separation_deg(start[1], start[0], sun[1], sun[0]) > 59.0
    assert slew_separation_deg(start, end, sun) == pytest.approx(0.0, abs=0.2)
    assert not slew_is_safe(start, end, sun)
    assert not slew_is_safe(start, end, sun, sun_distance_deg=0.3, steps=720)


def test_altitude_first_when_it_is_the_quicker_axis():
    """Altitude arrives long before azimuth: most of the way runs at the final altitude."""
    sun = (60.0, 90.0)
    quick = slew_separation_deg((20.0, 0.0), (60.0, 170.0), sun, speeds_deg_s=(10.0, 1.0))
    slow = slew_separation_deg((20.0, 0.0), (60.0, 170.0), sun, speeds_deg_s=(0.1, 1.0))
    assert quick == pytest.approx(0.0, abs=0.2)
    assert slow > 30.0


def test_azimuth_takes_the_short_way_over_north():
    assert slew_separation_deg((30.0, 350.0), (30.0, 10.0), (30.0, 0.0)) == pytest.approx(0.0, abs=0.1)
    assert slew_separation_deg((30.0, 350.0), (30.0, 10.0), (30.0, 180.0)) > 100.0


def test_ends_count_and_standing_still_is_a_slew_too():
    assert slew_separation_deg((40.0, 10.0), (40.0, 10.0), (50.0, 10.0)) == pytest.approx(10.0)
    assert slew_separation_deg((40.0, 10.0), (80.0, 10.0), (85.0, 10.0), 1) == pytest.approx(5.0)
    assert slew_separation_deg((40.0, 10.0), (80.0, 10.0), (35.0, 10.0), 1) == pytest.approx(5.0)


def test_exactly_the_wanted_distance_is_safe():
    start, end, sun = (30.0, 10.0), (30.0, 10.0), (0.0, 10.0)
    nearest = slew_separation_deg(start, end, sun)
    assert slew_is_safe(start, end, sun, sun_distance_deg=nearest)
    assert not slew_is_safe(start, end, sun, sun_distance_deg=math.nextafter(nearest, 99.0))
    assert slew_is_safe((35.0, 10.0), (31.0, 10.0), sun)
    assert not slew_is_safe((35.0, 10.0), (29.0, 10.0), sun)


@pytest.mark.parametrize("speeds", [(0.0, 1.0), (1.0, -1.0), (math.nan, 1.0)])
def test_an_axis_that_does_not_move_is_refused(speeds):
    with pytest.raises(ValueError, match="speeds above 0"):
        slew_separation_deg((30.0, 0.0), (40.0, 0.0), (0.0, 0.0), speeds_deg_s=speeds)


def test_no_steps_and_nan_are_refused():
    with pytest.raises(ValueError, match="at least one step"):
        slew_separation_deg((30.0, 0.0), (40.0, 0.0), (0.0, 0.0), 0)
    with pytest.raises(ValueError, match="not finite"):
        slew_separation_deg((30.0, 0.0), (40.0, np.nan), (0.0, 0.0))


def test_what_is_against_a_slew_is_said_while_the_sun_is_up_only():
    """20 May 2026 at Armazones: the Sun sets about 22:05 UTC."""
    up_s, down_s = utc("2026-05-20T21:30:00"), utc("2026-05-20T22:30:00")
    sun = sun_altaz(up_s, ARMAZONES)
    beside, far = (30.0, sun[1] - 60.0), (30.0, sun[1] + 60.0)
    why_not = sun_on_the_way(Slew(beside, up_s), ARMAZONES, 30.0)
    nearest = slew_separation_deg(beside, far, sun)
    assert why_not(far) == f"the slew passes the Sun at {nearest:.1f} deg, at least 30 are wanted"
    assert why_not((40.0, sun[1] - 90.0)) == ""
    assert sun_on_the_way(Slew(beside, down_s), ARMAZONES, 30.0)(far) == ""


def test_the_mounts_speeds_decide_which_way_the_slew_goes():
    """Rising quickly first, it passes high over the Sun; slowly, below."""
    at_s = utc("2026-05-20T21:30:00")
    azimuth = sun_altaz(at_s, ARMAZONES)[1]
    start, end = (30.0, azimuth - 60.0), (80.0, azimuth + 60.0)
    assert sun_on_the_way(Slew(start, at_s, (10.0, 1.0)), ARMAZONES, 30.0)(end) == ""
    assert sun_on_the_way(Slew(start, at_s, (0.01, 1.0)), ARMAZONES, 30.0)(end) != ""
