"""Waits that grow, the Sun that turns back, the overhead as measured, the cloud that is expected to go."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.exposure import ExposureController, LevelPlan, RatePrior, Stop, Wait
from sequencer.exposure.hold import Hold
from sequencer.exposure.overhead import Overhead
from sequencer.exposure.sun_watch import SunWatch
from sequencer.exposure.veil import DARKEST, SHORTEST_MEMORY_S, USUAL_MEMORY_S, Veil

from .nights import LM, lp


def test_a_wait_doubles_up_to_the_longest_and_starts_anew_after_success():
    hold, lengths = Hold(10.0, 100.0), []
    for _ in range(6):
        hold.begin(0.0, "cloud")
        lengths.append(next(s for s in range(200) if hold.left(float(s)) is None))
        hold.end()
    assert lengths == [10, 20, 40, 80, 100, 100]
    hold.reset()
    hold.begin(5.0, "cloud")
    assert hold.begun
    assert hold.left(6.0) == Wait(9.0, "cloud")


def test_a_clock_that_jumps_back_does_not_prolong_a_wait():
    hold = Hold(30.0, 480.0)
    hold.begin(10_000.0, "bright")
    assert hold.left(10_001.0) == Wait(29.0, "bright")
    assert hold.left(3_000.0) is None
    assert hold.left(20_000.0) is None


def summer_night(time_s):
    """The Sun at 60 deg north in June: never below -6.6 deg."""
    return -6.6 + 12.0 * (1.0 - math.cos(2.0 * math.pi * (time_s - 14_400.0) / 86_400.0))


@pytest.mark.parametrize(("direction", "low"), [("EVENING", -18.0), ("MORNING", -18.0)])
def test_a_sun_that_never_reaches_the_limit_ends_the_wait_when_it_turns(direction, low):
    plan = LevelPlan(direction=direction, sun_limits_deg=(low, -9.0))
    altitude = summer_night if direction == "EVENING" else lambda t: -50.0 - summer_night(t)
    watched, time_s = ExposureController(LM, RatePrior(lp), plan), 0.0
    while isinstance(answer := watched.next(time_s, altitude(time_s)), Wait):
        time_s += answer.seconds
        assert time_s < 20_000.0
    assert isinstance(answer, Stop)
    assert answer.reason.startswith("the Sun has turned back, it does not reach the twilight: the Sun is at ")
    assert 14_400.0 < time_s < 18_000.0


def test_before_dawn_the_sun_may_sink_all_evening():
    watch = SunWatch("MORNING")
    assert not any(watch.turned(60.0 * i, -0.2 * i) for i in range(100))
    assert not any(watch.turned(60.0 * i, -20.0 + 0.2 * (i - 100)) for i in range(100, 150))
    assert watch.turned(60.0 * 150, -10.3)


def test_a_clock_that_jumps_is_not_a_sun_that_turns():
    watch = SunWatch("EVENING")
    for i in range(10):
        watch.turned(60.0 * i, -0.2 * i)
    assert not watch.turned(100.0, -0.3)
    assert not watch.turned(50_000.0, 20.0)


def test_the_overhead_is_what_was_measured_whatever_one_was_told():
    overhead = Overhead(5.0)
    assert overhead.seconds == 5.0
    for i, seen in enumerate((16.0, 15.0, 17.0, 170.0, 16.0)):
        overhead.asked(100.0 * i)
        overhead.opened(100.0 * i + seen)
    assert overhead.seconds == 16.0


@pytest.mark.parametrize("start_s", [-1.0, 99.0, 281.0, 1e9])
def test_openings_before_the_question_or_after_a_pause_are_no_overhead(start_s):
    overhead = Overhead(5.0)
    overhead.asked(100.0)
    overhead.opened(start_s)
    overhead.opened(107.0)
    assert overhead.seconds == 5.0


@given(st.floats(-3.0, -1.0), st.floats(60.0, 400.0))
def test_the_pace_at_which_clouds_go_is_learned(depth, memory_s):
    veil, time_s = Veil(), 0.0
    for i in range(40):
        time_s = 10.0 * i
        veil.measured(depth * math.exp(-time_s / memory_s), time_s)
    left = veil.at(time_s + 10.0) / (depth * math.exp(-time_s / memory_s))
    assert left == pytest.approx(math.exp(-10.0 / memory_s), abs=0.05)


def test_a_cloud_that_stays_is_expected_to_stay():
    veil = Veil()
    veil.measured(-1.0, 0.0)
    assert veil.at(USUAL_MEMORY_S) == pytest.approx(-math.exp(-1.0), rel=0.01)
    for i in range(30):
        veil.measured(-1.0, 10.0 * i)
    assert veil.at(300.0) == pytest.approx(-1.0, abs=0.02)


def test_no_cloud_is_deeper_than_the_darkest_or_gone_at_once():
    veil = Veil()
    veil.measured(-50.0, 0.0)
    assert veil.depth == DARKEST
    for i in range(1, 9):
        veil.measured(-1.0 if i % 2 else -1e-9, 10.0 * i)
    veil.measured(-1.0, 100.0)
    assert veil.at(110.0) <= -math.exp(-10.0 / SHORTEST_MEMORY_S) * 0.99
    assert veil.at(50.0) == -1.0
