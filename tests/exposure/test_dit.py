"""The DIT solver against numerical quadrature and scipy."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import lambertw

from sequencer.exposure import SkyRunsOut, collected_e, lambert_w0, solve_dit
from sequencer.exposure.dit import exponential_constant_dit, exponential_dit, newton_dit

targets = st.floats(1e2, 1e6)
rates = st.floats(1e-2, 1e7)
taus = st.one_of(st.floats(10.0, 1e5), st.floats(-1e5, -10.0))
constants = st.floats(1e-3, 1e6)


def integral(rate: float, tau: float, constant: float, dit: float) -> float:
    """Quadrature in steps of a tenth of tau, where the exponential is tame."""
    changing = min(dit, 60.0 * abs(tau))
    edges = [*np.linspace(0.0, changing, 2 + int(abs(10.0 * changing / tau))), dit]
    return sum(
        quad(lambda t: rate * math.exp(-t / tau) + constant, low, high, epsrel=1e-12)[0]
        for low, high in pairwise(edges)
    )


@given(st.floats(-0.3678, 1e300))
def test_lambert_w_is_scipys(x):
    assert lambert_w0(x) == pytest.approx(
        float(lambertw(x).real), rel=1e-12, abs=2e-8 if x < -0.36 else 1e-15
    )


@pytest.mark.parametrize(
    "x", [-0.3678, -0.3, -0.1, -1e-9, 0.0, 1e-300, 1e-9, 0.1, 1.0, math.e, 10.0, 1e5, 1e300]
)
def test_lambert_w_solves_its_equation(x):
    w = lambert_w0(x)
    assert w * math.exp(w) == pytest.approx(x, rel=1e-13, abs=1e-320)


def test_lambert_w_at_its_branch_point_and_landmarks():
    assert lambert_w0(-1.0 / math.e) == pytest.approx(-1.0, abs=3e-8)
    assert lambert_w0(0.0) == 0.0
    assert lambert_w0(math.e) == pytest.approx(1.0, rel=1e-15)


@pytest.mark.parametrize("x", [-0.3679, -1.0, math.inf, math.nan])
def test_lambert_w_refuses_what_it_is_not_defined_for(x):
    with pytest.raises(ValueError, match="not defined"):
        lambert_w0(x)


@given(targets, rates, constants)
def test_a_steady_background_needs_target_over_rate(target, rate, constant):
    solution = solve_dit(target, rate, constant_e_s=constant)
    assert solution == pytest.approx(target / (rate + constant), rel=1e-12)


@settings(deadline=None)
@given(targets, rates, taus)
def test_an_exponential_background_collects_the_target(target, rate, tau):
    solution = solve_dit(target, rate, tau_s=tau)
    if isinstance(solution, SkyRunsOut):
        assert tau > 0.0
        assert target >= rate * tau * (1 - 1e-12)
        words = solution.reason.split()
        assert words[:1] + words[2:7] == ["only", "e-", "are", "still", "to", "come,"]
        assert float(words[1]) == pytest.approx(rate * tau, rel=1e-3)
        return
    assert solution > 0.0
    assert integral(rate, tau, 0.0, solution) == pytest.approx(target, rel=1e-8)


@settings(deadline=None, max_examples=200)
@given(targets, rates, taus, constants)
def test_exponential_plus_constant_collects_the_target(target, rate, tau, constant):
    solution = solve_dit(target, rate, tau_s=tau, constant_e_s=constant)
    assert not isinstance(solution, SkyRunsOut)
    assert integral(rate, tau, constant, solution) == pytest.approx(target, rel=1e-8)


@settings(deadline=None)
@given(
    st.floats(1.0, 300.0), rates, st.floats(30.0, 1000.0), st.sampled_from([1.0, -1.0]), st.floats(0.03, 30.0)
)
def test_lambert_w_and_newton_agree(steady_s, rate, efold, way, share):
    """A constant of 3 % to 30 times the twilight, exposures of 1 to 300 s did it not change."""
    sky = ((1.0 + share) * rate * steady_s, rate, way * efold, share * rate)
    assert exponential_constant_dit(*sky) == pytest.approx(newton_dit(*sky), rel=1e-9)


def test_lambert_w_serves_ordinary_twilights_and_stands_back_where_it_overflows_or_cancels():
    assert exponential_constant_dit(5e4, 1e4, 250.0, 500.0) is not None
    assert exponential_constant_dit(5e4, 1e4, -250.0, 500.0) is not None
    assert exponential_constant_dit(5e4, 1e4, 250.0, 0.01) is None
    assert exponential_constant_dit(5e4, 1e4, -250.0, 0.01) is None
    assert exponential_constant_dit(5e4, 1e4, 1e12, 9e3) is None
    assert exponential_constant_dit(1e9, 1e300, -1e-1, 1e-3) is None
    for tau in (250.0, -250.0, 1e12):
        solution = solve_dit(5e4, 1e4, tau_s=tau, constant_e_s=0.01)
        assert integral(1e4, tau, 0.01, solution) == pytest.approx(5e4, rel=1e-9)


@given(targets, rates, taus)
def test_a_vanishing_constant_changes_nothing(target, rate, tau):
    assume(tau < 0.0 or target < 0.9 * rate * tau)
    alone = solve_dit(target, rate, tau_s=tau)
    assert solve_dit(target, rate, tau_s=tau, constant_e_s=1e-9 * rate) == pytest.approx(alone, rel=1e-6)


@given(targets, rates, constants)
def test_a_very_slow_change_is_none(target, rate, constant):
    steady = solve_dit(target, rate, constant_e_s=constant)
    for tau in (1e15, -1e15):
        assert solve_dit(target, rate, tau_s=tau, constant_e_s=constant) == pytest.approx(steady, rel=1e-6)


def test_dusk_needs_longer_and_dawn_shorter():
    steady = solve_dit(5e4, 1e4)
    assert steady == 5.0
    dusk, dawn = solve_dit(5e4, 1e4, tau_s=250.0), solve_dit(5e4, 1e4, tau_s=-250.0)
    assert dusk == pytest.approx(5.0 * (1 + 5e4 / (2 * 1e4 * 250.0)), rel=1e-3)
    assert dawn == pytest.approx(5.0 * (1 - 5e4 / (2 * 1e4 * 250.0)), rel=1e-3)


def test_the_sky_runs_out_at_dusk_exactly_at_rate_times_tau():
    solution = solve_dit(5e4, 200.0, tau_s=250.0)
    assert solution == SkyRunsOut("only 5e+04 e- are still to come, 5e+04 are wanted")
    assert isinstance(solve_dit(4.9999e4, 200.0, tau_s=250.0), float)
    assert isinstance(exponential_dit(6e4, 200.0, 250.0), SkyRunsOut)
    assert isinstance(exponential_dit(6e4, 200.0, -250.0), float)


def test_less_than_an_electron_may_be_asked_for():
    assert solve_dit(0.5, 2.0) == 0.25


def test_without_light_there_is_a_reason_and_with_dark_alone_a_dit():
    assert solve_dit(5e4, 0.0) == SkyRunsOut("there is no light")
    assert solve_dit(5e4, 0.0, tau_s=250.0) == SkyRunsOut("there is no light")
    assert solve_dit(5e4, 0.0, tau_s=-250.0, constant_e_s=100.0) == 500.0
    assert solve_dit(5e4, 0.0, constant_e_s=100.0) == 500.0


@settings(deadline=None)
@given(st.floats(0.0, 1e6), taus, st.floats(0.0, 1e4), st.floats(1e-3, 300.0))
def test_what_is_collected_is_the_integral(rate, tau, constant, dit):
    assert collected_e(rate, dit, tau, constant) == pytest.approx(
        integral(rate, tau, constant, dit), rel=1e-9
    )


def test_collecting_from_a_steady_sky_and_without_bounds():
    assert collected_e(100.0, 3.0) == 300.0
    assert collected_e(100.0, 3.0, math.inf, 10.0) == 330.0
    assert collected_e(100.0, 1e6, -100.0) == math.inf
    assert collected_e(100.0, 1e9, 100.0) == pytest.approx(1e4)
    assert collected_e(1.0, 699.0, -1.0) == pytest.approx(math.expm1(699.0))
    assert collected_e(0.0, 1e6, -100.0, 2.0) == 2e6


@pytest.mark.parametrize(
    "arguments",
    [
        {"target_e": 0.0},
        {"target_e": -1.0},
        {"target_e": math.nan},
        {"target_e": math.inf},
        {"rate_e_s": -1.0},
        {"rate_e_s": math.nan},
        {"rate_e_s": math.inf},
        {"constant_e_s": -1.0},
        {"constant_e_s": math.nan},
        {"constant_e_s": math.inf},
        {"tau_s": 0.0},
        {"tau_s": math.nan},
    ],
)
def test_hostile_input_is_refused(arguments):
    with pytest.raises(ValueError, match=r"above 0|negative|tau"):
        solve_dit(**{"target_e": 5e4, "rate_e_s": 1e4, **arguments})
