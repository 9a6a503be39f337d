"""The filter against plain linear algebra, and its censored update against a sampled normal distribution."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.exposure.kalman import Belief

START = Belief(10.0, 0.1, -0.004, 1.1, 0.09, 1e-6, 0.04, 1e-5, -0.01, 2e-5)


def matrix(belief):
    return np.array(
        [
            [belief.var_log, belief.cov_log_slope, belief.cov_log_floor],
            [belief.cov_log_slope, belief.var_slope, belief.cov_slope_floor],
            [belief.cov_log_floor, belief.cov_slope_floor, belief.var_floor],
        ]
    )


def state(belief):
    return np.array([belief.log_u, belief.slope_per_s, belief.floor])


@given(st.floats(0.0, 500.0), st.floats(0.0, 1e-9))
def test_time_moves_the_state_as_a_linear_system_does(dt, noise):
    later = START.at(10.0 + dt, noise)
    step = np.array([[1.0, dt, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    added = noise * np.array([[dt**3 / 3, dt**2 / 2, 0.0], [dt**2 / 2, dt, 0.0], [0.0, 0.0, 0.0]])
    assert state(later) == pytest.approx(step @ state(START))
    assert matrix(later) == pytest.approx(step @ matrix(START) @ step.T + added)


@given(st.floats(-1.0, 1.0), st.floats(0.0, 1.0), st.floats(1e-6, 0.1))
def test_a_measurement_is_taken_in_as_the_textbook_has_it(error, share, variance):
    h = np.array([share, 0.0, 1.0 - share])
    p = matrix(START)
    gain = p @ h / (h @ p @ h + variance)
    told = START.told(error, share, 1.0 - share, variance)
    wanted = state(START) + gain * error
    wanted[2] = max(wanted[2], 0.0)
    assert state(told) == pytest.approx(wanted)
    assert matrix(told) == pytest.approx(p - np.outer(gain, h @ p), abs=1e-15)


@pytest.mark.parametrize("bound", [-2.0, -0.5, 0.0, 0.5, 1.5])
def test_a_lower_bound_cuts_the_distribution_off(bound):
    sigma = math.sqrt(START.var_log)
    drawn = START.log_u + sigma * np.random.default_rng(1).standard_normal(2_000_000)
    left = drawn[drawn > START.log_u + bound * sigma]
    bounded = START.at_least(bound * sigma, 1.0, 0.0)
    assert bounded.log_u == pytest.approx(left.mean(), abs=0.002)
    assert bounded.sigma == pytest.approx(left.std(), rel=0.01)


def test_a_bound_far_beyond_belief_is_believed_and_a_certain_state_is_not_moved():
    assert START.at_least(6.0, 1.0, 0.0).log_u == pytest.approx(START.log_u + 6.0, rel=0.01)
    sure = Belief(0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
    assert sure.at_least(1.0, 1.0, 0.0) == sure


def test_time_that_runs_backwards_changes_nothing():
    back = START.at(-1e6, 1e-9)
    assert state(back).tolist() == state(START).tolist()
    assert matrix(back).tolist() == matrix(START).tolist()


def test_a_floor_never_becomes_negative():
    assert START.told(-50.0, 0.0, 1.0, 1e-6).floor == 0.0
