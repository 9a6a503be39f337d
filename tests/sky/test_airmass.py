import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.sky import airmass, altitude_for_airmass, pointing_altitude_deg


@pytest.mark.parametrize(("wanted", "altitude"), [(1.0, 90.0), (1.5, 41.81), (2.0, 30.0), (2.5, 23.58)])
def test_altitudes_of_the_usual_airmasses(wanted, altitude):
    assert altitude_for_airmass(wanted) == pytest.approx(altitude, abs=0.005)
    assert airmass(altitude_for_airmass(wanted)) == pytest.approx(wanted)


@given(st.floats(1.0, 40.0))
def test_altitude_and_airmass_are_inverse(wanted):
    assert airmass(altitude_for_airmass(wanted)) == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("altitude", [0.0, -1.0, -90.0])
def test_at_and_below_the_horizon_the_airmass_is_infinite(altitude):
    assert airmass(altitude) == math.inf


def test_arrays_and_nan():
    assert airmass(np.array([90.0, 30.0, -5.0])) == pytest.approx([1.0, 2.0, math.inf])
    assert math.isnan(airmass(math.nan))
    assert isinstance(airmass(30), float)


@pytest.mark.parametrize("wanted", [0.999, -2.0, math.inf, math.nan])
def test_an_airmass_that_does_not_exist_is_refused(wanted):
    with pytest.raises(ValueError, match="does not exist"):
        altitude_for_airmass(wanted)


def test_airmass_one_stays_clear_of_the_zenith_and_below_1_03():
    assert pointing_altitude_deg(1.0) == 85.0
    assert airmass(pointing_altitude_deg(1.0)) == pytest.approx(1.00382, abs=1e-5)
    assert pointing_altitude_deg(1.5) == altitude_for_airmass(1.5)
