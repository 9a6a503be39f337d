import math

import pytest

from sequencer.exposure import ExposureController, LevelPlan, RatePrior, Stop, Wait

from .nights import LM, lp


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "fixed"},
        {"direction": "DUSK"},
        {"target_fraction": 0.0},
        {"target_fraction": 0.9},
        {"target_fraction": math.nan},
        {"max_fraction": 1.01},
        {"tolerance": 0.0},
        {"tolerance": 1.0},
        {"tolerance": math.nan},
        {"airmasses": ()},
        {"airmasses": (1.0, 0.9)},
        {"airmasses": (math.inf,)},
        {"integration_s": 0.0},
        {"integration_s": math.inf},
        {"integration_s": math.nan},
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"mode|direction|target|tolerance|airmass|integration"):
        LevelPlan(**wrong)


def test_the_defaults_are_those_of_the_template():
    plan = LevelPlan()
    assert (plan.mode, plan.target_fraction, plan.tolerance, plan.max_fraction) == ("FIXED", 0.5, 0.1, 0.85)
    assert plan.levels == (0.1, 0.3, 0.5, 0.7, 0.85)
    assert LevelPlan(target_fraction=0.85, max_fraction=0.85).target_fraction == 0.85
    assert LevelPlan(target_fraction=1.0, max_fraction=1.0).max_fraction == 1.0


@pytest.mark.parametrize(("dit", "ndit"), [(0.2, 50), (0.3, 33), (9.0, 1), (60.0, 1)])
def test_ndit_is_the_integration_time_in_dits_and_at_least_one(dit, ndit):
    assert LevelPlan(integration_s=10.0).ndit(dit) == ndit
    assert LevelPlan().ndit(dit) == 1


@pytest.mark.parametrize(
    ("direction", "sun", "answer"),
    [
        ("MORNING", -18.1, Wait),
        ("MORNING", -18.0, None),
        ("MORNING", -9.0, None),
        ("MORNING", -8.9, Stop),
        ("EVENING", -8.9, Wait),
        ("EVENING", -12.0, None),
        ("EVENING", -18.1, Stop),
    ],
)
def test_before_the_twilight_there_is_a_wait_and_after_it_an_end(direction, sun, answer):
    objection = LevelPlan(direction=direction, sun_limits_deg=(-18.0, -9.0)).sun_objection(sun)
    assert (objection is None) if answer is None else isinstance(objection, answer)


def test_waits_never_overshoot_and_never_last_over_a_minute():
    """The Sun rises by at most 15 deg an hour: 0.1 deg takes 24 s at least."""
    plan = LevelPlan(direction="EVENING", sun_limits_deg=(-18.0, -9.0))
    assert plan.sun_objection(-8.9) == Wait(
        pytest.approx(24.0), "the Sun is at -8.90 deg, above -9 deg: too early"
    )
    assert plan.sun_objection(20.0).seconds == 60.0
    assert plan.sun_objection(-8.9999).seconds == 1.0
    morning = LevelPlan(sun_limits_deg=(-18.0, -9.0))
    assert morning.sun_objection(-18.1).reason == "the Sun is at -18.10 deg, below -18 deg: too early"
    assert morning.sun_objection(-8.5) == Stop("the Sun is at -8.50 deg, above -9 deg: the twilight is over")


def test_without_limits_the_sun_may_stand_anywhere():
    assert LevelPlan().sun_objection(50.0) is None


def test_the_controller_heeds_the_sun_and_stays_stopped():
    watched = ExposureController(LM, RatePrior(lp), LevelPlan(sun_limits_deg=(-18.0, -9.0)))
    assert isinstance(watched.next(0.0, -19.0), Wait)
    assert watched.next(100.0, -17.0).probe
    stop = watched.next(200.0, -8.0)
    assert stop == Stop("the Sun is at -8.00 deg, above -9 deg: the twilight is over")
    assert watched.next(300.0, -12.0) == stop
