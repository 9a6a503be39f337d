import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.exposure import DetectorLimits, linearise, respond

wells, ks = st.floats(1e3, 1e7), st.floats(0.0, 0.25)


@given(wells, ks, st.floats(-0.1, 1.0))
def test_what_is_read_leads_back_to_the_signal(full_well, k, share):
    level = share * full_well
    assert respond(linearise(level, full_well, k), full_well, k) == pytest.approx(level, rel=1e-9, abs=1e-6)


@given(wells, st.floats(1e-3, 0.25), st.floats(0.0, 0.99))
def test_the_inverse_is_the_closed_form(full_well, k, share):
    level = share * full_well
    expected = full_well / (2 * k) * (1 - math.sqrt(1 - 4 * k * level / full_well))
    assert linearise(level, full_well, k) == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_three_per_cent_at_full_signal():
    assert respond(1e5, 1e5, 0.03) == pytest.approx(0.97e5)
    assert linearise(0.97e5, 1e5, 0.03) == pytest.approx(1e5)
    assert respond(5e4, 1e5, 0.03) == pytest.approx(5e4 * (1 - 0.015))


def test_without_non_linearity_nothing_changes():
    assert respond(7e4, 1e5, 0.0) == 7e4
    assert linearise(7e9, 1e5, 0.0) == 7e9


def test_tiny_k_loses_no_digits():
    assert linearise(5e4, 1e5, 1e-15) == pytest.approx(5e4, rel=1e-14)


def test_arrays_keep_their_shape_and_nan_stays_nan():
    levels = np.array([[0.0, 1e4], [5e4, math.nan]])
    signals = linearise(levels, 1e5, 0.03)
    assert signals.shape == (2, 2)
    assert math.isnan(signals[1, 1])
    assert respond(signals, 1e5, 0.03)[:, 0] == pytest.approx(levels[:, 0])
    assert isinstance(linearise(1, 1e5, 0.03), float)
    assert isinstance(respond(1, 1e5, 0.03), float)


def test_beyond_the_turn_of_the_response_there_is_an_error():
    top = 1e5 / (2 * 0.03)
    assert respond(top, 1e5, 0.03) == pytest.approx(top / 2)
    assert linearise(top / 2, 1e5, 0.03) == pytest.approx(top)
    with pytest.raises(ValueError, match=r"beyond 1\.66667e\+06 e-, where the response turns over"):
        respond(np.array([1.0, top * 1.001]), 1e5, 0.03)
    with pytest.raises(ValueError, match=r"beyond 833333 e-: no signal gives it"):
        linearise(np.array([1.0, top / 2 * 1.001]), 1e5, 0.03)


@pytest.mark.parametrize("function", [linearise, respond])
@pytest.mark.parametrize(
    ("full_well", "k"),
    [(0.0, 0.0), (-1.0, 0.0), (math.nan, 0), (math.inf, 0), (1e5, -0.1), (1e5, math.nan), (1e5, math.inf)],
)
def test_impossible_detectors_are_refused(function, full_well, k):
    with pytest.raises(ValueError, match=r"full well|non-linearity"):
        function(1.0, full_well, k)


LIMITS = {"full_well_e": 1e5, "min_dit_s": 0.04, "max_dit_s": 100.0}


@pytest.mark.parametrize(
    "wrong",
    [
        {"full_well_e": 0.0},
        {"full_well_e": math.inf},
        {"full_well_e": math.nan},
        {"min_dit_s": 0.0},
        {"min_dit_s": 101.0},
        {"max_dit_s": math.inf},
        {"max_dit_s": math.nan},
        {"read_noise_e": -1.0},
        {"read_noise_e": math.inf},
        {"dark_rate_e_s": math.nan},
        {"dark_rate_e_s": -1.0},
        {"dit_grid_s": -0.1},
        {"linearity_k": 0.2501},
        {"linearity_k": -0.01},
        {"linearity_k": math.nan},
    ],
)
def test_detector_limits_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="DetectorLimits"):
        DetectorLimits(**{**LIMITS, **wrong})


def test_a_detector_of_which_nothing_else_is_told_is_perfect():
    perfect = {"read_noise_e": 0.0, "linearity_k": 0.0, "dark_rate_e_s": 0.0, "dit_grid_s": 0.0}
    assert DetectorLimits(**LIMITS) == DetectorLimits(**LIMITS, **perfect)


def test_levels_and_signals_of_a_detector():
    limits = DetectorLimits(**LIMITS, linearity_k=0.03)
    assert limits.level_fraction(limits.signal_e(0.5)) == pytest.approx(0.5)
    assert limits.signal_e(0.5) == linearise(5e4, 1e5, 0.03)
    assert limits.level_fraction(limits.signal_e(1.0)) == 1.0
    assert limits.level_fraction(1e12) == 1.0
    assert limits.level_fraction(math.inf) == 1.0
    assert limits.level_fraction(9.99e4) == pytest.approx(0.999 * (1 - 0.03 * 0.999))
    assert DetectorLimits(0.5, 0.04, 0.04).signal_e(1.0) == 0.5
    assert DetectorLimits(1e5, 0.04, 0.04, linearity_k=0.25).signal_e(1.0) == pytest.approx(2e5)
