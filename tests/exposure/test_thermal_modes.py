"""FIXED, AIRMASS and LADDER in a thermal background whose zero point nobody knows."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.exposure import (
    DetectorLimits,
    DitList,
    Expose,
    ExposureController,
    LevelPlan,
    RatePrior,
    Stop,
    constant_rate,
)
from sequencer.exposure.conditions import Conditions
from sequencer.exposure.rate import Background

from .nights import LM, Night, lp, split

AIRMASSES = (1.0, 2.0, 2.5)


def controller(mode="FIXED", limits=LM, prior=None, **plan):
    return ExposureController(
        limits, prior or RatePrior(lp), LevelPlan(mode, airmasses=AIRMASSES, **plan), overhead_s=2.0
    )


@settings(deadline=None, max_examples=30)
@given(st.floats(0.4, 2.4), st.integers(0, 1000))
def test_one_probe_then_one_dit_for_all_airmasses_with_the_middle_one_at_half_full_well(u, seed):
    """Whatever the night's zero point within a factor of 2.4."""
    night = Night(lambda t, x: u * lp(x), LM, noise=0.003, seed=seed)
    probes, science, stop = split(list(night.frames(controller(), airmasses=AIRMASSES)))
    assert stop is None
    assert len(probes) == 1
    assert len(science) == 30
    assert len({frame.answer.dit_s for frame in science}) == 1
    middle = [frame.fraction for frame in science if frame.airmass == 2.0]
    assert sum(middle) / 10 == pytest.approx(0.5, rel=0.02)
    assert all(frame.verdict.good for frame in science)
    assert all(frame.predicted == pytest.approx(frame.fraction, rel=0.03) for frame in science)
    assert science[0].fraction == pytest.approx(0.446, rel=0.03)


def test_the_probe_aims_at_a_quarter_of_full_well_and_is_off_the_record():
    answer = controller().next(0.0, -12.0)
    assert isinstance(answer, Expose)
    assert answer.probe
    assert answer.ndit == 1
    assert answer.note == "probe 1 of at most 6"
    assert answer.dit_s == pytest.approx(LM.signal_e(0.25) / lp(1.0), abs=6e-5)


def test_a_probe_is_good_whatever_its_level():
    watched = controller()
    watched.next(0.0, -12.0)
    judged = watched.record(2.0, 0.1, 9000.0, probe=True)
    assert judged.good
    assert watched.learned(2.0).frames == 1


def test_a_filter_already_known_needs_no_probe():
    known = controller(prior=RatePrior(lp, relative_sigma=0.09))
    assert not known.next(0.0, -12.0).probe
    unknown = controller(prior=RatePrior(lp, relative_sigma=0.11))
    assert unknown.next(0.0, -12.0).probe
    assert not controller(prior=RatePrior(lp, relative_sigma=0.11), tolerance=0.12).next(0.0, -12.0).probe


def test_what_was_learned_is_the_zero_point():
    watched = controller()
    assert watched.learned(0.0).throughput == 1.0
    assert watched.learned(0.0).relative_sigma == 0.3
    assert watched.learned(0.0).log_slope_per_s == 0.0
    assert watched.learned(0.0).frames == 0
    list(Night(lambda t, x: 1.3 * lp(x), LM).frames(watched, airmasses=(1.0, 2.0)))
    learned = watched.learned(100.0)
    assert learned.throughput == pytest.approx(1.3, rel=1e-3)
    assert learned.relative_sigma < 0.006
    assert learned.frames == 21


def test_more_frames_mean_a_smaller_sigma_and_noise_averages_out():
    watched = controller()
    night = Night(lambda t, x: 1.3 * lp(x), LM, noise=0.005)
    list(night.frames(watched, each=5))
    after_five = watched.learned(0.0).relative_sigma
    list(night.frames(watched, start_s=100.0, each=45))
    assert watched.learned(0.0).relative_sigma < 0.5 * after_five
    assert watched.learned(0.0).throughput == pytest.approx(1.3, rel=0.004)


def test_in_airmass_mode_every_airmass_gets_its_dit_and_keeps_it():
    night = Night(lambda t, x: 1.3 * lp(x), LM, noise=0.003)
    probes, science, _ = split(list(night.frames(controller("AIRMASS"), airmasses=(1.0, 2.0, 2.5, 2.02))))
    dits = {x: {frame.answer.dit_s for frame in science if frame.airmass == x} for x in AIRMASSES}
    assert all(len(chosen) == 1 for chosen in dits.values())
    assert dits[1.0].pop() / dits[2.5].pop() == pytest.approx(lp(2.5) / lp(1.0), rel=0.02)
    assert all(frame.fraction == pytest.approx(0.5, rel=0.03) for frame in science)
    assert len(probes) == 1
    assert {frame.answer.dit_s for frame in science if frame.airmass == 2.02} == dits[2.0]


def test_a_rate_model_that_is_wrong_between_airmasses_is_corrected_by_the_first_frames():
    """3 % error of the model at airmass 2; the prediction there is off once, then follows."""
    night = Night(lambda t, x: lp(x) * (1.03 if x == 2.0 else 1.0), LM)
    _, science, _ = split(list(night.frames(controller(), airmasses=(1.0, 2.0))))
    errors = [abs(frame.predicted / frame.fraction - 1.0) for frame in science if frame.airmass == 2.0]
    assert errors[0] == pytest.approx(0.029, abs=0.003)
    assert errors[1] < 0.003


def test_a_doubt_is_added_only_when_the_airmass_changes():
    background = Background(LM, RatePrior(lp))
    background.learn(background.read(Conditions(0.0, 2.0), 0.2, 0.2, 5e4))
    assert background.belief(Conditions(20.0, 2.0299)).sigma < 0.006
    assert background.belief(Conditions(20.0, 1.9701)).sigma < 0.006
    doubted = background.belief(Conditions(20.0, 2.0301)).var_log
    assert doubted == pytest.approx(background.belief(Conditions(20.0, 2.0)).var_log + 0.02**2)
    assert background.belief(Conditions(20.0, 1.9699)).var_log == doubted


def test_temperature_moves_the_prediction():
    watched = controller(prior=RatePrior(lp, relative_sigma=0.01))
    cold = watched.predict_fraction(0.2, 0.0, 1.0, 280.15)
    warm = watched.predict_fraction(0.2, 0.0, 1.0, 281.15)
    assert cold == watched.predict_fraction(0.2, 0.0)
    assert LM.signal_e(warm) / LM.signal_e(cold) == pytest.approx(1.04, rel=1e-4)
    colder = watched.next(0.0, -12.0, 1.0, 270.0)
    assert colder.dit_s == pytest.approx(LM.signal_e(0.5) / lp(2.0, 270.0), rel=1e-3)
    unsure = controller()
    unsure.record(0.0, 0.1, LM.level_fraction(0.1 * lp(1.0, 285.0)) * 1e5, temperature_k=285.0)
    assert unsure.learned(0.0).throughput == pytest.approx(1.0, rel=1e-3)


def test_predicted_levels_are_those_read_and_stop_at_full_well():
    watched = controller(prior=RatePrior(constant_rate(1e5)), limits=DetectorLimits(1e5, 0.04, 100.0))
    assert watched.predict_fraction(0.5, 0.0) == pytest.approx(0.5)
    assert watched.predict_fraction(0.5, 0.0) == pytest.approx(0.5)
    assert watched.predict_fraction(50.0, 0.0) == 1.0


def test_a_sky_eight_times_as_bright_as_believed_costs_two_probes():
    night = Night(lambda t, x: 8.0 * lp(x), LM)
    probes, _, _ = split(list(night.frames(controller("AIRMASS"))))
    assert [frame.verdict.name for frame in probes] == ["saturated", "good"]
    assert probes[1].answer.dit_s == pytest.approx(max(probes[0].answer.dit_s / 4, 0.04), abs=1e-4)
    assert probes[1].answer.note == "probe 2 of at most 6"


def test_a_filter_that_saturates_at_the_minimum_dit_is_given_up_for_good():
    watched = controller()
    results = list(Night(lambda t, x: 60.0 * lp(x), LM).frames(watched))
    assert results[-1] == Stop("saturates at the minimum DIT")
    assert results[-2].answer.dit_s == 0.04
    assert len(results) <= 4
    assert watched.next(1e6, -12.0) == Stop("saturates at the minimum DIT")


def test_a_filter_over_the_limit_at_the_minimum_dit_is_refused_with_its_level():
    """M_spec: 125 % of full well at 0.04 s. Known to 1 %, it needs no probe to be refused."""
    watched = controller(prior=RatePrior(constant_rate(3.13e6), relative_sigma=0.01))
    answer = watched.next(0.0, -12.0)
    assert answer == Stop("saturates at the minimum DIT, 0.04 s")


@pytest.mark.parametrize("mode", ["FIXED", "AIRMASS"])
def test_a_filter_above_target_but_under_the_limit_is_taken_with_a_warning(mode):
    """Mp: 63 % at the minimum DIT."""
    night = Night(lambda t, x: 1.56e6, LM)
    watched = controller(mode, prior=RatePrior(constant_rate(1.56e6)))
    _, science, _ = split(list(night.frames(watched)))
    assert len(science) == 10
    assert all(frame.verdict.good for frame in science)
    assert "instead of 50 % of full well at DIT 0.04 s, the minimum DIT" in science[0].answer.note


def test_a_dit_list_gives_its_dits_only():
    dits = DitList.log_spaced(LM)
    watched = ExposureController(LM, RatePrior(lp), LevelPlan(), overhead_s=2.0, dit_list=dits)
    _, science, _ = split(list(Night(lambda t, x: lp(x), LM).frames(watched)))
    assert {frame.answer.dit_s for frame in science} <= set(dits.dits_s)


def test_ndit_fills_the_integration_time():
    watched = controller(prior=RatePrior(constant_rate(1e5), relative_sigma=0.01), integration_s=10.0)
    answer = watched.next(0.0, -12.0)
    assert answer.ndit == round(10.0 / answer.dit_s)
    assert answer.ndit > 15


def test_a_frame_counts_at_the_middle_of_all_its_dits():
    """A known slope of 1e-3/s: NDIT 20 of 0.5 s start 5 s before their middle."""
    prior = RatePrior(constant_rate(1e5), 0.05, log_slope_per_s=1e-3, time_s=0.0)
    limits = DetectorLimits(1e5, 0.5, 0.5)
    for integration, expected in ((None, 100.25), (10.0, 105.0)):
        watched = ExposureController(limits, prior, LevelPlan(integration_s=integration))
        answer = watched.next(100.0, -12.0)
        watched.record(100.0, answer.dit_s, 5e4 * math.exp(1e-3 * expected), ndit=answer.ndit)
        # 4e-6: the mean over 10 s of an exponential exceeds its middle.
        assert watched.learned(expected).throughput == pytest.approx(math.exp(1e-3 * expected), rel=5e-6)


def test_low_and_high_are_against_the_prediction_in_fixed_and_the_target_in_airmass_mode():
    for mode, name in (("FIXED", "good"), ("AIRMASS", "low")):
        watched = controller(mode, prior=RatePrior(constant_rate(1e5), relative_sigma=0.01))
        assert watched.record(0.0, 0.3, 0.3 * 1e5 * 0.991).name == name
    fixed = controller(prior=RatePrior(constant_rate(1e5), relative_sigma=0.01))
    assert fixed.record(0.0, 0.5, 4e4).name == "low"
    bright = controller(prior=RatePrior(constant_rate(1e5), relative_sigma=0.01))
    assert bright.record(0.0, 0.5, 6e4).name == "high"


def test_a_frame_above_the_limit_is_saturated_teaches_and_a_new_dit_is_chosen():
    watched = controller(prior=RatePrior(constant_rate(1e5), relative_sigma=0.01))
    first = watched.next(0.0, -12.0)
    for i in range(9):
        assert watched.record(10.0 * i, first.dit_s, 9.5e4).name == "saturated"
    again = watched.next(100.0, -12.0)
    assert not again.probe
    assert again.dit_s < 0.7 * first.dit_s


def test_saturation_is_a_bound_not_a_measurement():
    watched = controller()
    watched.next(0.0, -12.0)
    judged = watched.record(2.0, 0.5, 1e5, probe=True)
    assert judged.name == "saturated"
    assert watched.learned(2.0).frames == 0
    assert watched.next(4.0, -12.0).dit_s < 0.125
    flagged = controller()
    assert flagged.record(2.0, 0.5, 5e4, saturated=True).name == "saturated"
    assert flagged.learned(2.0).frames == 1, "the flag decides the verdict, the level is one"
    edge = controller()
    edge.record(2.0, 0.5, 9.79e4)
    assert edge.learned(2.0).frames == 1
    edge.record(2.0, 0.5, 9.80e4)
    assert edge.learned(2.0).frames == 1


def test_the_brightest_pixels_and_stars_are_judged():
    watched = controller(prior=RatePrior(constant_rate(1e5), relative_sigma=0.01))
    assert watched.record(0.0, 0.5, 4.9e4, p99_e=8.6e4).name == "saturated"
    assert watched.record(10.0, 0.5, 4.9e4, p99_e=8.4e4).good
    assert watched.record(20.0, 0.5, 4.9e4, starry="3 stars").reason == "3 stars"


def test_the_ladder_goes_up_and_down_and_ends():
    night = Night(lambda t, x: 1.2 * lp(x), LM)
    watched = controller("LADDER", levels=(0.3, 0.5, 0.7, 0.85), passes=2)
    probes, science, stop = split(list(night.frames(watched, each=99)))
    assert [frame.fraction for frame in science] == pytest.approx(
        [0.3, 0.5, 0.7, 0.85, 0.85, 0.7, 0.5, 0.3], rel=0.005
    )
    assert all(frame.verdict.good for frame in science)
    assert stop == Stop("the ladder is complete")
    assert len(probes) == 1


def test_rungs_out_of_reach_are_left_out_and_a_ladder_without_any_says_why():
    night = Night(lambda t, x: 1e6, LM)
    watched = controller("LADDER", prior=RatePrior(constant_rate(1e6)), levels=(0.1, 0.5), passes=3)
    _, science, _ = split(list(night.frames(watched, each=99)))
    assert len(science) == 3
    none = controller("LADDER", prior=RatePrior(constant_rate(1e6), relative_sigma=0.01), levels=(0.1, 0.2))
    stop = none.next(0.0, -12.0)
    assert stop.reason.startswith("no rung of the ladder is reachable: needs DIT 0.01003 s")
    assert "; needs DIT 0.02012 s" in stop.reason


def test_a_ladder_may_use_the_dit_list_and_knows_the_dark():
    limits = DetectorLimits(1e5, 0.1, 100.0, dark_rate_e_s=5e4)
    prior = RatePrior(constant_rate(4e4), relative_sigma=0.01, floor_e_s=1e4)
    free = ExposureController(limits, prior, LevelPlan("LADDER", levels=(0.5,)))
    assert free.next(0.0, -12.0).dit_s == pytest.approx(0.5)
    listed = ExposureController(
        limits, prior, LevelPlan("LADDER", levels=(0.5,)), dit_list=DitList((0.1, 0.45, 0.9))
    )
    assert listed.next(0.0, -12.0).dit_s == 0.45


def test_the_ladders_rung_advances_when_its_frame_is_recorded_not_when_asked():
    watched = controller(
        "LADDER", prior=RatePrior(constant_rate(1e5), relative_sigma=0.01), levels=(0.2, 0.4), passes=1
    )
    assert watched.next(0.0, -12.0) == watched.next(1.0, -12.0)
    watched.record(2.0, 0.2, float("nan"), probe=True)
    first = watched.next(3.0, -12.0)
    watched.record(4.0, first.dit_s, 2e4)
    assert watched.next(5.0, -12.0).dit_s > 1.5 * first.dit_s


def test_the_top_rung_may_use_its_tolerance_but_not_saturate():
    watched = controller(
        "LADDER", prior=RatePrior(constant_rate(1e5), relative_sigma=0.01), levels=(0.3, 0.85)
    )
    dit = LM.signal_e(0.85) / 1e5
    assert watched.record(0.0, dit, 0.9e5).good
    assert watched.record(10.0, dit, 0.94e5).name == "saturated"
    low = controller("LADDER", prior=RatePrior(constant_rate(1e5), relative_sigma=0.01), levels=(0.3,))
    assert low.record(0.0, dit, 0.86e5).name == "saturated"
    high = controller("LADDER", prior=RatePrior(constant_rate(1e5), relative_sigma=0.01), levels=(0.97,))
    assert high.record(0.0, LM.signal_e(0.97) / 1e5, 0.979e5).good
    assert high.record(5.0, LM.signal_e(0.97) / 1e5, 0.981e5).name == "saturated"


def test_in_fixed_mode_dark_and_floor_count():
    limits = DetectorLimits(1e5, 0.04, 100.0, dark_rate_e_s=1e4)
    prior = RatePrior(constant_rate(5e4), relative_sigma=0.01, floor_e_s=4e4)
    answer = ExposureController(limits, prior, LevelPlan()).next(0.0, -12.0)
    assert answer.dit_s == pytest.approx(0.5)


def test_each_surprise_leaves_more_doubt_up_to_four_times_the_priors():
    """Frames that saturate ever shorter DITs: the sky is each time brighter than it was believed at last."""
    sky = Background(LM, RatePrior(constant_rate(1e4), 0.3, time_s=0.0), steady=True)
    now, doubts = Conditions(0.0), []
    for number in range(8):
        dit_s = 4.0**-number
        assert sky.saturated(now, dit_s, dit_s)
        doubts.append(sky.sigma(now) / 0.3)
    assert doubts == pytest.approx([1.0, 2**0.5, 2.0, 8**0.5, 4.0, 4.0, 4.0, 4.0], rel=0.01)
