import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.exposure import Rung, alternating_passes, ladder, respond

LEVELS = (0.1, 0.3, 0.5, 0.7, 0.85)


def test_every_rung_reaches_its_level():
    rungs = ladder(LEVELS, 2.4e5, 1e5, 0.03, 0.04, 100.0)
    assert [rung.level for rung in rungs] == list(LEVELS)
    for rung in rungs:
        assert respond(2.4e5 * rung.dit_s, 1e5, 0.03) == pytest.approx(1e5 * rung.level)
    assert [rung.reachable for rung in rungs] == [True] * 5 or rungs[0].reason


def test_rungs_out_of_reach_say_why():
    rungs = ladder((0.1, 0.5, 0.9), 1e4, 1e5, 0.0, 2.0, 8.0)
    assert rungs[0] == Rung(0.1, 1.0, False, "needs DIT 1 s, the minimum is 2 s")
    assert rungs[1] == Rung(0.5, 5.0, True, "")
    assert rungs[2] == Rung(0.9, 9.0, False, "needs DIT 9 s, the maximum is 8 s")


def test_the_limits_themselves_are_reachable():
    assert all(rung.reachable for rung in ladder((0.25, 0.5), 1e4, 1e5, 0.0, 2.5, 5.0))


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf])
def test_a_rate_that_is_none_is_refused(rate):
    with pytest.raises(ValueError, match="rate"):
        ladder(LEVELS, rate, 1e5, 0.03, 0.04, 100.0)


@pytest.mark.parametrize("level", [0.0, 1.0, -0.1, math.nan])
def test_a_level_that_is_none_is_refused(level):
    with pytest.raises(ValueError, match="between 0 and 1"):
        ladder((0.5, level), 1e5, 1e5, 0.03, 0.04, 100.0)


def test_passes_go_up_and_down():
    rungs = ladder((0.5, 0.1, 0.3), 1e4, 1e5, 0.0, 0.04, 100.0)
    assert [rung.level for rung in alternating_passes(rungs, 3)] == [
        0.1,
        0.3,
        0.5,
        0.5,
        0.3,
        0.1,
        0.1,
        0.3,
        0.5,
    ]
    assert alternating_passes([], 2) == []
    with pytest.raises(ValueError, match="0 passes"):
        alternating_passes(rungs, 0)


@given(
    st.lists(st.floats(0.01, 0.99), min_size=1, max_size=8, unique=True),
    st.integers(1, 5),
    st.floats(1e3, 1e6),
    st.floats(0.0, 20.0),
    st.floats(-1e-3, 1e-3),
)
def test_with_an_even_number_of_passes_linear_drift_cancels(levels, pairs, rate, overhead, drift):
    """Every rung's mean illumination over its mid-exposures is the same, whatever DITs and overhead."""
    order = alternating_passes(ladder(levels, rate, 1e5, 0.03, 1e-9, 1e9), 2 * pairs)
    time_s, factors = 0.0, {}
    for rung in order:
        factors.setdefault(rung.level, []).append(1.0 + drift * (time_s + rung.dit_s / 2))
        time_s += rung.dit_s + overhead
    means = [sum(values) / len(values) for values in factors.values()]
    assert all(len(values) == 2 * pairs for values in factors.values())
    assert means == pytest.approx([means[0]] * len(means), rel=1e-9)
