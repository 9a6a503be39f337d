import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.exposure import DetectorLimits, DitList, Quantised, on_grid, quantise

LIMITS = DetectorLimits(1e5, 0.04, 30.0, linearity_k=0.03)
GRID = DetectorLimits(1e5, 0.04, 30.0, dit_grid_s=0.01)


def test_log_spaced_from_end_to_end_in_steps_of_15_per_cent():
    dits = DitList.log_spaced(LIMITS).dits_s
    assert dits[0] == 0.04
    assert dits[-1] == pytest.approx(30.0)
    ratios = [b / a for a, b in pairwise(dits)]
    assert max(ratios) == pytest.approx(min(ratios))
    assert ratios[0] == pytest.approx(1.15, abs=0.005)
    assert len(dits) == 48


def test_the_number_of_steps_is_the_nearest_whole_one():
    limits = DetectorLimits(1e5, 1.0, 8.0)
    assert DitList.log_spaced(limits, step=1.0).dits_s == pytest.approx((1.0, 2.0, 4.0, 8.0))
    nine = DitList.log_spaced(DetectorLimits(1e5, 1.0, 9.0), step=1.0).dits_s
    assert nine == pytest.approx((1.0, 9 ** (1 / 3), 9 ** (2 / 3), 9.0))
    assert DitList.log_spaced(DetectorLimits(1e5, 1.0, 1.01)).dits_s == (1.0, 1.01)


def test_from_1_to_30_s_there_are_25():
    assert len(DitList.log_spaced(DetectorLimits(1e5, 1.0, 30.0)).dits_s) == 25


def test_a_single_dit_is_a_list():
    assert DitList.log_spaced(DetectorLimits(1e5, 1.3, 1.3)).dits_s == (1.3,)


def test_on_a_coarse_grid_equal_entries_merge():
    dits = DitList.log_spaced(DetectorLimits(1e5, 0.1, 0.5, dit_grid_s=0.1)).dits_s
    assert dits == (0.1, 0.2, 0.3, 0.4, 0.5)


@pytest.mark.parametrize("step", [0.0, -0.1, math.nan, math.inf])
def test_a_step_that_is_none_is_refused(step):
    with pytest.raises(ValueError, match="step"):
        DitList.log_spaced(LIMITS, step)


@pytest.mark.parametrize(
    "dits", [(), (2.0, 1.0), (1.0, 1.0), (0.0, 1.0), (-1.0,), (1.0, math.inf), (math.nan,)]
)
def test_what_is_no_list_of_dits_is_refused(dits):
    with pytest.raises(ValueError, match="must rise"):
        DitList(dits)


@given(st.floats(0.04, 30.0))
def test_the_nearest_is_never_further_than_half_a_step(dit):
    nearest = DitList.log_spaced(LIMITS).nearest(dit)
    assert abs(math.log(nearest / dit)) <= 0.5 * math.log(30.0 / 0.04) / 47 + 1e-12


def test_nearness_is_in_ratio():
    dits = DitList((1.0, 4.0))
    assert dits.nearest(1.99) == 1.0
    assert dits.nearest(2.01) == 4.0
    assert dits.nearest(2.0) == 1.0
    assert dits.nearest(1e-3) == 1.0
    assert dits.nearest(1e3) == 4.0


@given(st.floats(1e-4, 1e3))
def test_the_grid_is_kept_and_the_limits_too(dit):
    gridded = on_grid(dit, GRID)
    assert 0.04 <= gridded <= 30.0
    assert gridded == round(gridded / 0.01) * 0.01 or gridded == float(f"{gridded:.12g}")
    assert abs(gridded / 0.01 - round(gridded / 0.01)) < 1e-9
    assert abs(gridded - min(max(dit, 0.04), 30.0)) <= 0.005 + 1e-12
    assert on_grid(gridded, GRID) == gridded


def test_limits_off_the_grid_are_never_crossed_by_rounding():
    limits = DetectorLimits(1e5, 0.14, 0.96, dit_grid_s=0.1)
    assert on_grid(0.0001, limits) == 0.2
    assert on_grid(5.0, limits) == 0.9
    assert on_grid(0.3000000001, limits) == 0.3
    assert on_grid(0.17, limits) == 0.2


def test_limits_on_the_grid_survive_rounding_of_the_quotient():
    """0.3 / 0.1 is 2.9999999999999996 in binary, 0.6 / 0.2 the same, 0.7 / 0.1 is 6.999999999999999."""
    limits = DetectorLimits(1e5, 0.3, 0.7, dit_grid_s=0.1)
    assert on_grid(0.1, limits) == 0.3
    assert on_grid(1.0, limits) == 0.7


def test_without_a_grid_or_a_grid_point_the_limit_itself():
    assert on_grid(0.001, LIMITS) == 0.04
    assert on_grid(1.23456789, LIMITS) == 1.23456789
    assert on_grid(math.inf, LIMITS) == 30.0
    assert on_grid(5.0, DetectorLimits(1e5, 0.12, 0.18, dit_grid_s=0.1)) == 0.18
    assert on_grid(5.0, DetectorLimits(1e5, 0.12, 0.20, dit_grid_s=0.1)) == 0.2


@pytest.mark.parametrize("dit", [0.0, -1.0, math.nan])
def test_a_dit_that_is_none_is_refused(dit):
    with pytest.raises(ValueError, match="above 0"):
        on_grid(dit, LIMITS)
    with pytest.raises(ValueError, match="above 0"):
        quantise(dit, LIMITS)


def test_a_wanted_dit_becomes_one_of_the_grid_or_of_the_list():
    assert quantise(1.4142, GRID) == Quantised(1.41, "")
    assert quantise(1.4142, LIMITS, DitList((1.0, 2.1))) == Quantised(1.0, "")


def test_binding_limits_are_named():
    assert quantise(0.039, LIMITS).clipped == "minimum"
    assert quantise(0.04, LIMITS).clipped == ""
    assert quantise(30.0, LIMITS).clipped == ""
    assert quantise(math.inf, LIMITS) == Quantised(30.0, "maximum")
