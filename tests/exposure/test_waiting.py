"""Waits that grow, the Sun that turns back, the overhead as measured, the cloud that is expected to go."""

import math

import numpy as np
import pytest

from sequencer.exposure import ExposureController, LevelPlan, RatePrior, Stop, Wait
from sequencer.exposure.overhead import Overhead
from sequencer.exposure.waiting import SunWatch
from sequencer.exposure.weather import DARKEST, USUAL_MEMORY_S, Weather

from .nights import LM, lp


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


def wandering(sigma, memory_s, gap_s, frames, seed):
    """Departures every `gap_s` of an Ornstein-Uhlenbeck process."""
    draws, kept, value = np.random.default_rng(seed).standard_normal(frames), math.exp(-gap_s / memory_s), 0.0
    for draw in draws.tolist():
        value = kept * value + math.sqrt(1.0 - kept * kept) * sigma * draw
        yield value


@pytest.mark.parametrize("memory_s", [4.0, 40.0, 160.0])
def test_how_far_the_sky_wanders_and_how_soon_it_comes_back_is_learned(memory_s):
    """To the nearest of four memories, or its neighbour; over many nights mostly the right one."""
    found = []
    for seed in range(10):
        weather = Weather()
        for i, departure in enumerate(wandering(0.2, memory_s, 12.0, 60, seed)):
            weather.measured(departure, 12.0 * i)
        found.append(weather.memory_s)
        assert 0.05 < weather.sigma < 0.5
    assert np.median(found) == memory_s


def test_a_cloud_that_stays_is_expected_to_stay():
    weather = Weather()
    weather.measured(-1.0, 0.0)
    assert weather.at(USUAL_MEMORY_S) == pytest.approx(-math.exp(-1.0), rel=0.01)
    for i in range(30):
        weather.measured(-1.0, 10.0 * i)
    assert weather.at(300.0) == pytest.approx(-1.0, abs=0.02)


def test_no_cloud_is_deeper_than_the_darkest_and_calm_is_told_from_weather():
    weather = Weather()
    weather.measured(0.0, 0.0)
    assert (weather.sigma, weather.at(10.0)) == (0.0, 0.0)
    weather.measured(-50.0, 10.0)
    assert weather.departure == DARKEST
    for i in range(2, 600):
        weather.measured(0.001, 10.0 * i)
    assert (weather.sigma, weather.departure, weather.both) == (0.0, 0.0, False)
