"""What any program may do with a controller: ask often, pickle, pass on, be wrong, and be told so."""

import pickle

import pytest

from sequencer.exposure import (
    DitList,
    Expose,
    ExposureController,
    LevelPlan,
    RatePrior,
    Stop,
    Wait,
    constant_rate,
)
from sequencer.exposure.waiting import Patience

from .nights import OPTICAL, Night, fading, split

DUSK = LevelPlan("LEVEL", "EVENING")


def prior(rate_e_s: float = 4e5, direction: str = "EVENING") -> RatePrior:
    return RatePrior.twilight(rate_e_s, 0.0, direction)


def test_a_question_is_a_query_however_often_it_is_asked():
    for rate in (4e5, 4e6):
        watched = ExposureController(OPTICAL, prior(rate), DUSK, overhead_s=5.0)
        answers = [watched.next(0.0, -6.0) for _ in range(400)]
        assert all(answer == answers[0] for answer in answers)
        assert isinstance(answers[0], Expose if rate == 4e5 else Wait)


def test_a_wait_asked_for_every_second_is_as_long_as_one_slept_through():
    for step_s in (1.0, 60.0):
        patience = Patience()
        for i in range(int(6000.0 / step_s) + 1):
            patience.asked(step_s * i, waiting=True)
            patience.asked(step_s * i, waiting=True)
        assert patience.waited_s == pytest.approx(6000.0)
        patience.asked(1e9, waiting=True)
        assert patience.waited_s == pytest.approx(6000.0), "a clock that jumps is no wait"
        patience.exposed()
        assert patience.waited_s == 0.0


def test_a_detector_that_calls_a_fifth_of_full_well_saturated_teaches_the_right_rate():
    watched = ExposureController(OPTICAL, prior(), DUSK, overhead_s=5.0)
    answer = watched.next(0.0, -6.0)
    level_e = 2e4
    assert watched.record(5.0, answer.dit_s, level_e, probe=True, saturated=True).name == "saturated"
    expected = (OPTICAL.signal_e(0.2) / answer.dit_s - 1.0) / 4e5
    assert watched.learned(5.0).throughput == pytest.approx(expected, rel=0.03)


def test_a_list_the_detector_cannot_do_is_refused():
    with pytest.raises(ValueError, match=r"DITs of 100 s are outside the limits, 0.1 to 30 s"):
        ExposureController(OPTICAL, prior(), DUSK, dit_list=DitList((1.0, 30.0, 100.0)))


def test_a_sky_that_is_not_said_to_change_is_not_waited_for():
    watched = ExposureController(OPTICAL, RatePrior(constant_rate(1e7), 0.01), DUSK)
    answer = watched.next(0.0, -6.0)
    assert isinstance(answer, Stop)
    assert answer.reason.endswith("neither a slope nor a shape was given")


@pytest.mark.parametrize("wrong", [{"efold_s": 0.0}, {"efold_s": -1.0}, {"relative_sigma": -1.0}, {"floor_e_s": -1.0}])
def test_a_twilight_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="not"):
        RatePrior.twilight(1e4, 0.0, "EVENING", **wrong)


def test_a_prior_and_what_was_learned_can_be_pickled():
    watched = ExposureController(OPTICAL, prior(), DUSK, overhead_s=5.0)
    list(Night(fading(4e5, 250.0), OPTICAL, 5.0).frames(watched, each=3))
    taught = prior().taught(watched.learned(60.0))
    again = pickle.loads(pickle.dumps(taught))  # noqa: S301
    assert again == taught
    restored = pickle.loads(pickle.dumps(watched))  # noqa: S301
    assert restored.next(60.0, -7.0) == watched.next(60.0, -7.0)


@pytest.mark.parametrize("direction", ["EVENING", "MORNING"])
def test_the_usual_twilight_follows_any_of_the_published_ones(direction):
    """e-folds of 190 to 290 s, from V at 5 deg of depression to Tyson & Gal's."""
    for efold_s in (190.0, 290.0):
        tau_s, rate = (efold_s, 1e6) if direction == "EVENING" else (-efold_s, 1500.0)
        watched = ExposureController(OPTICAL, prior(rate, direction), LevelPlan("LEVEL", direction), overhead_s=5.0)
        probes, science, stop = split(list(Night(fading(rate, tau_s), OPTICAL, 5.0).frames(watched, each=9999)))
        assert stop is not None
        assert sum(frame.verdict.good for frame in science) >= len(science) - 2
        assert len(science) > 50
        assert len(probes) <= 4
