import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.sky import NoPatch, airmass, reachable_airmass
from sequencer.sky.reach import reachable_altitude_deg

LIMITS = (25.0, 88.0)


@pytest.mark.parametrize(("wanted", "altitude"), [(1.0, 85.0), (1.5, 41.81), (2.0, 30.0)])
def test_what_can_be_reached_stays_as_it_is(wanted, altitude):
    found, why = reachable_altitude_deg(wanted, LIMITS)
    assert found == pytest.approx(altitude, abs=0.005)
    assert why == ""
    assert reachable_airmass(wanted, LIMITS) == (wanted, "")


@pytest.mark.parametrize(
    ("listed", "expected"), [((1.0, 2.0, 2.5), 2.3662), ((), 2.3662), ((1.0, 2.35, 2.5), 2.29)]
)
def test_an_airmass_below_the_altitude_limit_becomes_the_highest_reachable_one(listed, expected):
    found, why = reachable_airmass(2.5, LIMITS, listed)
    assert found == pytest.approx(expected, abs=1e-4)
    assert why == (
        f"airmass 2.5 is below the altitude limit of 25 deg: {expected:.3f} instead, "
        "the highest reachable and not listed"
    )


def test_a_listed_airmass_just_beyond_the_limit_is_avoided_too_and_a_chain_of_them():
    """2.366 is reachable; 2.40 and then 2.35 and 2.30 are listed: 2.24 is the next free one."""
    assert reachable_airmass(3.0, LIMITS, (3.0, 2.30, 2.40, 2.35))[0] == pytest.approx(2.24, abs=1e-6)
    assert reachable_airmass(3.0, LIMITS, (3.0, 2.43, 2.30))[0] == pytest.approx(2.3662, abs=1e-4)


@given(st.floats(5.0, 80.0))
def test_whatever_the_limit_its_own_airmass_can_be_reached(low):
    """Rounding put the airmass of the limit just below it for one limit in five."""
    altitude, _ = reachable_altitude_deg(20.0, (low, 88.0))
    assert altitude >= low
    assert airmass(altitude) == pytest.approx(airmass(low))


def test_the_limits_themselves_are_reachable():
    assert reachable_airmass(2.0, (29.999999, 88.0)) == (2.0, "")
    assert reachable_altitude_deg(1.0, (25.0, 85.0)) == (85.0, "")


def test_an_airmass_above_the_upper_limit_becomes_the_lowest_reachable_one():
    altitude, why = reachable_altitude_deg(1.0, (25.0, 80.0))
    assert altitude == 80.0
    assert why == "airmass 1 is above the altitude limit of 80 deg: 1.015 instead"


def test_the_blind_spot_at_the_zenith_is_configurable():
    assert reachable_altitude_deg(1.0, (25.0, 89.0), zenith_clearance_deg=2.0)[0] == 88.0


def test_when_no_airmass_is_left_there_is_no_patch():
    with pytest.raises(NoPatch, match="below the altitude limit of 79 deg and no other is left"):
        reachable_airmass(2.0, (79.0, 88.0), (1.0, 2.0))
    with pytest.raises(NoPatch, match="no other is left"):
        reachable_airmass(2.0, (60.0, 61.0), (1.15, 2.0))


@pytest.mark.parametrize("wanted", [0.5, math.nan, math.inf])
def test_impossible_airmasses_are_refused(wanted):
    with pytest.raises(ValueError, match="does not exist"):
        reachable_airmass(wanted, LIMITS)
