"""Forecasts in closed form: sums, spreads, Student's t, waits and ends."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sequencer.durations import (
    ASSUMED_SIGMA,
    BETWEEN_RUNS_SIGMA,
    KEPT_RUNS,
    Durations,
    Forecast,
    Spread,
    Work,
    kept,
)
from sequencer.durations.student import two_sided

TOLD = st.tuples(st.integers(1, 20), st.floats(0.0, 1e4), st.floats(0.0, 1e4))
"""Number, mean and standard deviation of a run."""


@given(st.floats(1.0, 3000.0))
def test_the_quantile_is_that_of_students_t(dof: float) -> None:
    assert two_sided(dof) == pytest.approx(stats.t.ppf(0.95, dof), rel=1e-3)


def test_certain_work_is_certain() -> None:
    forecast = Durations({}, {}).forecast(Work(60.0))
    assert forecast == Forecast(60.0, 60.0, 60.0, None)


def test_what_always_took_the_same_may_take_a_moment_more() -> None:
    """An interval of no width would miss by a rounding."""
    runs = {name: {"preset": Spread(5, 60.0, 0.0)} for name in ("one", "two", "three")}
    forecast = Durations(runs, {}).forecast(Work(counts={"preset": 1}))
    assert (forecast.low_s, forecast.expected_s, forecast.high_s) == (59.5, 60.0, 60.5)


def test_what_nobody_taught_is_the_instruments_figure_with_an_assumed_spread() -> None:
    forecast = Durations({}, {"preset": 100.0}).forecast(Work(10.0, {"preset": 2}))
    assert forecast.expected_s == 210.0
    assert forecast.high_s - 210.0 == pytest.approx(1.645 * ASSUMED_SIGMA * 200.0, rel=1e-3)
    assert forecast.runs == 0


def test_one_total_after_n_runs_of_the_same_work_is_students_prediction() -> None:
    """Runs of one slew each, that took 50, 60, 70 and 80 s: mean 65, t with 3 degrees, s sqrt(1 + 1/4)."""
    runs = {str(s): {"slew": Spread(1, s, 0.0)} for s in (50.0, 60.0, 70.0, 80.0)}
    forecast = Durations(runs, {}).forecast(Work(0.0, {"slew": 1}))
    half_s = stats.t.ppf(0.95, 3) * math.sqrt(500.0 / 3.0) * math.sqrt(1.25)
    assert (forecast.low_s, forecast.expected_s, forecast.high_s) == pytest.approx(
        (65 - half_s, 65, 65 + half_s), rel=1e-4
    )
    assert forecast.runs == 4


def test_one_run_alone_says_nothing_of_how_runs_differ() -> None:
    """A slew of 50 s, once: the next run differs from the mean of all by 1 sigma as assumed, and so did that one."""
    forecast = Durations({"only": {"slew": Spread(1, 50.0, 0.0)}}, {}).forecast(Work(0.0, {"slew": 1}))
    assert forecast.high_s - 50.0 == pytest.approx(
        1.645 * BETWEEN_RUNS_SIGMA * 50.0 * math.sqrt(2.0), rel=1e-3
    )
    assert forecast.runs == 1


def test_many_runs_and_steps_leave_only_the_scatter_of_what_is_to_come() -> None:
    """30 runs of 100 equal means, 2 s scatter each: 9 steps scatter by 6 s."""
    runs = {str(r): {"read": Spread(100, 10.0 + 0.2 * (-1) ** r, 2.0)} for r in range(30)}
    forecast = Durations(runs, {}).forecast(Work(0.0, {"read": 9}))
    assert forecast.expected_s == pytest.approx(90.0)
    assert forecast.high_s - 90.0 == pytest.approx(1.645 * 6.0, rel=0.08)


def test_a_fainter_sky_lengthens_the_high_end_only() -> None:
    durations = Durations({}, {})
    forecast = durations.forecast(Work(100.0), fainter_s=30.0, brighter_s=-10.0)
    assert forecast.high_s == pytest.approx(100.0 + 1.645 * 30.0, rel=1e-3)
    assert forecast.low_s == pytest.approx(100.0 - 1.645 * 10.0, rel=1e-3)


def test_who_waits_for_a_twilight_ends_when_it_ends() -> None:
    early = Forecast(50.0, 40.0, 60.0, 3).not_before(100.0)
    assert (early.low_s, early.expected_s, early.high_s) == (100.0, 100.0, 100.0)
    late = Forecast(90.0, 80.0, 120.0, 3).not_before(100.0)
    assert (late.low_s, late.expected_s, late.high_s) == (100.0, 100.0, 120.0)
    broken_off = Forecast(90.0, 80.0, 120.0, 3).at_most(85.0)
    assert (broken_off.low_s, broken_off.expected_s, broken_off.high_s) == (80.0, 85.0, 85.0)


def test_one_after_the_other_the_spreads_add_up_in_squares() -> None:
    both = Forecast(50.0, 47.0, 53.0, 5).then(Forecast(20.0, 16.0, 24.0, 2))
    assert (both.low_s, both.expected_s, both.high_s, both.runs) == (65.0, 70.0, 75.0, 2)


@given(
    st.dictionaries(st.sampled_from("abc"), st.lists(TOLD, max_size=6)),
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 200)),
    st.floats(0.0, 1e5),
)  # fmt: skip
def test_a_forecast_is_always_an_interval_that_begins_not_before_now(
    told: dict[str, list[tuple[int, float, float]]], counts: dict[str, int], fixed_s: float
) -> None:
    runs = {f"{key}{i}": {key: Spread(*one)} for key, many in told.items() for i, one in enumerate(many)}
    forecast = Durations(runs, {"d": 3.0}).forecast(Work(fixed_s, counts))
    assert 0.0 <= forecast.low_s <= forecast.expected_s <= forecast.high_s < math.inf


def test_the_newest_runs_are_kept_and_a_run_that_taught_nothing_is_not() -> None:
    runs: dict[str, dict[str, Spread]] = {}
    for number in range(KEPT_RUNS + 5):
        runs = dict(kept(runs, f"run {number:02d}", {"read": Spread(1, 1.0, 0.0)}))
    assert list(runs) == [f"run {number:02d}" for number in range(5, KEPT_RUNS + 5)]
    assert kept(runs, "empty", {}) == runs
    again = kept(runs, "run 20", {"read": Spread(2, 9.0, 0.0)})
    assert again["run 20"]["read"].n == 2 and len(again) == KEPT_RUNS
