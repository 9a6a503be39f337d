import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.exposure import (
    DetectorLimits,
    Expose,
    ExposureController,
    LevelPlan,
    RatePrior,
    Stop,
    Wait,
    constant_rate,
)

from .nights import LM, Night, lp, split

anything = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([0.0, -1.0, math.nan, 1e5, 5e4, 1e300])
)


@pytest.mark.parametrize("level", [math.nan, 0.0, -50.0, math.inf, -math.inf])
def test_a_level_that_is_none_is_unstable_or_saturated_and_teaches_nothing(level):
    watched = ExposureController(LM, RatePrior(lp))
    judged = watched.record(0.0, 0.2, level)
    assert judged.name == "unstable"
    assert judged.reason
    assert watched.learned(0.0).frames == 0


def test_a_level_at_the_dark_is_unstable():
    limits = DetectorLimits(1e5, 0.04, 100.0, dark_rate_e_s=1000.0)
    watched = ExposureController(limits, RatePrior(lp, floor_e_s=500.0))
    judged = watched.record(0.0, 2.0, 2000.0)
    assert judged.name == "unstable"
    assert judged.reason == "the level is 2000 e-, the dark alone gives 2000 e-"
    assert watched.record(0.0, 2.0, 2001.0).name != "unstable"


def test_a_dead_detector_is_probed_longer_a_few_times_and_given_up():
    watched = ExposureController(LM, RatePrior(lp))
    probes, science, stop = split(list(Night(lambda t, x: 0.0, LM).frames(watched)))
    assert not science
    assert stop == Stop("6 probes in a row and no flat")
    dits = [frame.answer.dit_s for frame in probes]
    assert dits[1] == pytest.approx(4.0 * dits[0], rel=0.01)
    assert dits[-1] <= 100.0


def test_a_nan_probe_is_repeated_as_it_was():
    watched = ExposureController(LM, RatePrior(lp))
    first = watched.next(0.0, -12.0)
    watched.record(2.0, first.dit_s, math.nan, probe=True)
    second = watched.next(4.0, -12.0)
    assert (second.dit_s, second.probe) == (first.dit_s, True)
    watched.record(6.0, 50.0, -3.0, probe=True)
    assert watched.next(8.0, -12.0).dit_s == 100.0


def test_one_bad_frame_in_a_series_changes_nothing():
    watched = ExposureController(LM, RatePrior(lp))
    list(Night(lambda t, x: lp(x), LM).frames(watched, each=3))
    before = watched.next(50.0, -12.0)
    watched.record(52.0, before.dit_s, math.nan)
    assert watched.next(54.0, -12.0) == before


def test_ten_bad_frames_in_a_row_are_enough():
    watched = ExposureController(LM, RatePrior(lp, relative_sigma=0.01))
    for i in range(9):
        watched.record(float(i), 0.2, math.nan, probe=False)
    watched.record(9.0, 0.2, 4.5e4)
    for i in range(10, 19):
        watched.record(float(i), 0.2, math.nan)
    assert isinstance(watched.next(20.0, -12.0), Expose)
    watched.record(20.0, 0.2, math.nan)
    assert watched.next(21.0, -12.0) == Stop("10 frames in a row had no usable level")


def test_a_flat_gives_the_probes_back():
    watched = ExposureController(LM, RatePrior(lp))
    for i in range(5):
        assert watched.next(float(i), -12.0).probe
    watched.record(5.0, 0.1, 2e4, probe=True)
    assert not watched.next(6.0, -12.0).probe
    watched.record(6.5, 0.1, 2e4)
    watched.record(7.0, 0.4, 1e5, saturated=True)
    assert watched.next(8.0, -12.0) == Expose(0.1, 1, True, "probe 1 of at most 6")


def test_a_clock_that_jumps_back_or_far_ahead_is_survived():
    watched = ExposureController(LM, RatePrior(lp))
    for time_s in (1e9, 1e9 + 10.0, 5.0, 20.0, 2e9):
        answer = watched.next(time_s, -12.0)
        assert isinstance(answer, Expose)
        level_e = 1e5 * watched.predict_fraction(answer.dit_s, time_s)
        watched.record(time_s + 2.0, answer.dit_s, level_e, probe=answer.probe)
        assert math.isfinite(watched.learned(time_s).throughput)


@pytest.mark.parametrize(
    ("start", "dit", "airmass"),
    [
        (math.nan, 1.0, 1.0),
        (math.inf, 1.0, 1.0),
        (0.0, 0.0, 1.0),
        (0.0, -1.0, 1.0),
        (0.0, math.nan, 1.0),
        (0.0, math.inf, 1.0),
        (0.0, 1.0, 0.9),
        (0.0, 1.0, math.nan),
        (0.0, 1.0, math.inf),
    ],
)
def test_a_record_of_nonsense_is_unstable(start, dit, airmass):
    watched = ExposureController(LM, RatePrior(lp))
    judged = watched.record(start, dit, 5e4, airmass=airmass)
    assert judged.name == "unstable"
    assert judged.reason.startswith("out of range")
    assert watched.learned(0.0).frames == 0


@pytest.mark.parametrize(
    ("time", "sun", "airmass"),
    [
        (math.nan, -12.0, 1.0),
        (math.inf, -12.0, 1.0),
        (0.0, math.nan, 1.0),
        (0.0, -12.0, 0.99),
        (0.0, -12.0, math.nan),
    ],
)
def test_a_question_of_nonsense_is_refused(time, sun, airmass):
    with pytest.raises(ValueError, match="out of range"):
        ExposureController(LM, RatePrior(lp)).next(time, sun, airmass)


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(["FIXED", "AIRMASS", "LADDER", "LEVEL"]),
    st.sampled_from(["EVENING", "MORNING"]),
    st.lists(st.tuples(anything, st.booleans(), st.floats(0.0, 500.0)), max_size=25),
)
def test_whatever_is_read_every_answer_can_be_executed(mode, direction, events):
    watched = ExposureController(LM, RatePrior(lp), LevelPlan(mode, direction), overhead_s=2.0)
    time_s = 0.0
    for level, saturated, step_s in events:
        answer = watched.next(time_s, -12.0)
        if isinstance(answer, Stop):
            assert watched.next(time_s + 1.0, -12.0) == answer
            return
        if isinstance(answer, Wait):
            assert 0.0 < answer.seconds <= 60.0
            time_s += answer.seconds
            continue
        assert 0.04 <= answer.dit_s <= 100.0
        assert abs(answer.dit_s / 1e-4 - round(answer.dit_s / 1e-4)) < 1e-6
        assert answer.ndit == 1
        assert watched.record(
            time_s + 2.0, answer.dit_s, level, probe=answer.probe, saturated=saturated
        ).reason
        time_s += step_s


@pytest.mark.parametrize("overhead", [-1.0, math.nan, math.inf])
def test_an_overhead_that_is_none_is_refused(overhead):
    with pytest.raises(ValueError, match="overhead"):
        ExposureController(LM, RatePrior(lp), overhead_s=overhead)


@pytest.mark.parametrize(
    "wrong",
    [
        {"relative_sigma": -0.1},
        {"relative_sigma": math.nan},
        {"log_slope_per_s": math.nan},
        {"log_slope_per_s": math.inf},
        {"log_slope_per_s": -0.004},
        {"log_slope_sigma_per_s": -1.0},
        {"slope_noise_per_s3": math.inf},
        {"floor_e_s": -1.0},
    ],
)
def test_a_prior_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="not a prior"):
        RatePrior(lp, **wrong)


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf])
def test_a_constant_rate_must_be_one(rate):
    with pytest.raises(ValueError, match="rate"):
        constant_rate(rate)
    assert constant_rate(7.0)(2.0, None) == 7.0
