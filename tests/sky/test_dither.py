import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.sky import dither_offsets, offset_position, separation_deg
from sequencer.sky.dither import dither_radius_deg


@pytest.mark.parametrize("count", [1, 2, 10, 25, 200])
def test_no_two_frames_are_nearer_than_the_step_and_none_far_out(count):
    offsets = dither_offsets(count, 3.0)
    assert len(offsets) == count
    assert offsets[0] == (0.0, 0.0)
    apart = [math.dist(a, b) for i, a in enumerate(offsets) for b in offsets[:i]]
    assert min(apart, default=3.0) >= 3.0 - 1e-9
    assert 3600.0 * dither_radius_deg(offsets) == pytest.approx(3.0 * math.sqrt(count - 1))


def test_the_same_every_time_and_none_for_no_frames():
    assert dither_offsets(12, 5.0) == dither_offsets(12, 5.0)
    assert dither_offsets(0) == ()
    assert dither_radius_deg(()) == 0.0


@pytest.mark.parametrize(("count", "step"), [(-1, 1.0), (3, 0.0), (3, math.nan), (3, math.inf)])
def test_what_is_no_pattern_is_refused(count, step):
    with pytest.raises(ValueError, match="no dither"):
        dither_offsets(count, step)


@given(
    st.floats(0.0, 359.0),
    st.floats(-89.9, 89.9),
    st.tuples(st.floats(-600.0, 600.0), st.floats(-600.0, 600.0)),
)
def test_an_offset_is_as_long_on_the_sky_as_it_says(ra, dec, offset):
    """On the tangent plane: its length is the tangent of the distance."""
    moved = offset_position(ra, dec, offset)
    expected = math.degrees(math.atan(math.radians(math.hypot(*offset) / 3600.0)))
    assert separation_deg(ra, dec, *moved) == pytest.approx(expected, abs=1e-9)
    assert 0.0 <= moved[0] < 360.0


def test_east_is_more_right_ascension_and_north_more_declination():
    assert offset_position(10.0, 60.0, (3600.0, 0.0))[0] == pytest.approx(12.0, abs=0.01)
    assert offset_position(10.0, 60.0, (0.0, 3600.0)) == pytest.approx((10.0, 61.0), abs=1e-3)
    assert offset_position(0.0, 0.0, (-36.0, 0.0))[0] == pytest.approx(359.99)
