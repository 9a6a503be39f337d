"""LEVEL: a constant level in a sky that fades or brightens by e in four minutes."""

import math
from itertools import pairwise

import pytest

from sequencer.exposure import (
    DetectorLimits,
    DitList,
    ExposureController,
    LevelPlan,
    RatePrior,
    Stop,
    Wait,
    constant_rate,
)
from sequencer.exposure.reach import BRIGHT_EDGE, FAINT_EDGE

from .nights import OPTICAL, Night, fading, split


def twilight(rate, slope, direction, *, overhead=5.0, dit_list=None, limits=OPTICAL, floor=0.0, **plan):
    """Believes in a slope known to 1e-3 a second that wanders by 1.7e-4 in 100 s, as measured twilights curve."""
    prior = RatePrior(
        constant_rate(rate),
        log_slope_per_s=slope,
        log_slope_sigma_per_s=1e-3,
        slope_noise_per_s3=3e-10,
        floor_e_s=floor,
        time_s=0.0,
    )
    return ExposureController(
        limits, prior, LevelPlan("LEVEL", direction, **plan), overhead_s=overhead, dit_list=dit_list
    )


def rms_error(science):
    return math.sqrt(sum((frame.fraction / 0.5 - 1.0) ** 2 for frame in science) / len(science))


@pytest.mark.parametrize("overhead", [1.0, 5.0, 16.0])
def test_dusk_is_followed_to_the_maximum_dit(overhead):
    """The prior is 30 % and its slope 20 % off. The level holds to 1.5 % rms from the fifth frame on."""
    night = Night(fading(4e5, 250.0), OPTICAL, overhead, noise=0.003)
    watched = twilight(3e5, -0.0032, "EVENING", overhead=overhead)
    probes, science, stop = split(list(night.frames(watched, each=9999)))
    assert len(probes) <= 2
    assert sum(frame.verdict.good for frame in science) >= len(science) - 1
    assert rms_error(science[5:]) < 0.015
    assert science[-1].answer.dit_s > 20.0
    assert stop.reason.startswith("the sky runs out: 4")
    assert stop.reason.endswith("% of full well at the maximum DIT")


@pytest.mark.parametrize("overhead", [1.0, 5.0, 16.0])
def test_dawn_is_followed_to_the_minimum_dit(overhead):
    night = Night(fading(1200.0, -250.0), OPTICAL, overhead, noise=0.003)
    watched = twilight(1500.0, 0.005, "MORNING", overhead=overhead)
    _, science, stop = split(list(night.frames(watched, each=9999)))
    assert sum(frame.verdict.good for frame in science) >= len(science) - 2
    assert rms_error(science[5:]) < 0.015
    assert science[-1].answer.dit_s < 0.2
    assert stop.reason.startswith("the sky is too bright: ")
    assert stop.reason.endswith("% of full well at the minimum DIT")


def test_the_slope_is_learned():
    watched = twilight(4e5, -0.002, "EVENING")
    list(Night(fading(4e5, 250.0), OPTICAL, 5.0).frames(watched, each=60))
    assert watched.learned(400.0).log_slope_per_s == pytest.approx(-0.004, rel=0.005)
    assert watched.learned(400.0).throughput == pytest.approx(math.exp(-400.0 / 250.0), rel=0.01)


def test_a_sky_whose_slope_changes_is_followed_too():
    """Like Patat's V: from 4.9e-3/s at 6 deg of depression to 2.5e-3/s half an hour later."""

    def curved(time_s, airmass):
        return 4e5 * math.exp(-0.0049 * time_s + 0.5 * (0.0024 / 1800.0) * time_s**2)

    night = Night(curved, OPTICAL, 5.0, noise=0.003)
    _, science, _ = split(list(night.frames(twilight(4e5, -0.0049, "EVENING"), each=150)))
    assert rms_error(science[5:]) < 0.02
    assert all(frame.verdict.good for frame in science)


def test_from_the_dit_list_the_level_stays_within_four_and_a_half_per_cent_rms():
    dits = DitList.log_spaced(OPTICAL)
    night = Night(fading(4e5, 250.0), OPTICAL, 5.0)
    _, science, _ = split(list(night.frames(twilight(4e5, -0.004, "EVENING", dit_list=dits), each=9999)))
    assert {frame.answer.dit_s for frame in science} <= set(dits.dits_s)
    assert rms_error(science) < 0.045
    assert all(frame.verdict.good for frame in science)


def test_a_floor_beside_the_twilight_is_solved_for():
    """A steady 1500 e-/s under the fading sky: the twilight runs out, the floor does not."""
    night = Night(lambda t, x: 1e5 * math.exp(-t / 250.0) + 2500.0, OPTICAL, 5.0)
    watched = twilight(1e5, -0.004, "EVENING", floor=2500.0, twilight_share_min=0.0)
    _, science, stop = split(list(night.frames(watched, each=250)))
    assert rms_error(science[5:]) < 0.01
    assert stop is None


def test_at_dusk_a_sky_too_bright_is_waited_for():
    waits = []
    night = Night(fading(1.2e6, 250.0), OPTICAL, 5.0)
    results = list(night.frames(twilight(1.0e6, -0.004, "EVENING"), each=5, waits=waits))
    _, science, stop = split(results)
    assert stop is None
    assert all(1.0 <= wait.seconds <= 60.0 for wait in waits)
    assert any("too bright" in wait.reason or "saturates" in wait.reason for wait in waits)
    assert science[0].verdict.good
    assert science[0].answer.dit_s < 0.12
    assert science[0].fraction == pytest.approx(0.55, abs=0.03)


def test_a_wait_at_dusk_ends_when_the_level_comes_into_the_tolerance():
    """Known sky, 80 % at the minimum DIT: it must fade by ln(signal 80 % / signal 54 %) e-foldings."""
    limits = DetectorLimits(1e5, 0.1, 30.0)
    prior = RatePrior(constant_rate(8e5), 0.01, -0.02, 0.0, 0.0, time_s=0.0)
    watched = ExposureController(limits, prior, LevelPlan("LEVEL", "EVENING"))
    answer = watched.next(0.0, -5.0)
    level = 8e5 * 50.0 * -math.expm1(-0.1 / 50.0) / 1e5
    assert answer.seconds == pytest.approx(50.0 * math.log(level / (0.5 + 0.05 * BRIGHT_EDGE)), rel=1e-6)
    slow = ExposureController(
        limits,
        RatePrior(constant_rate(8e5), 0.01, -0.001, 0.0, 0.0, time_s=0.0),
        LevelPlan("LEVEL", "EVENING"),
    )
    assert slow.next(0.0, -5.0).seconds == 60.0
    fast = ExposureController(
        limits,
        RatePrior(constant_rate(5.43e5), 0.01, -0.02, 0.0, 0.0, time_s=0.0),
        LevelPlan("LEVEL", "EVENING"),
    )
    assert fast.next(0.0, -5.0).seconds == 1.0


@pytest.mark.parametrize(("sigmas", "probed"), [(4.55, True), (4.65, False)])
def test_at_dusk_one_looks_in_proportion_to_what_is_not_known(sigmas, probed):
    limits = DetectorLimits(1e5, 0.1, 30.0)
    suits_e_s = (0.5 + 0.05 * BRIGHT_EDGE) * 1e5 / (250.0 * -math.expm1(-0.1 / 250.0))
    believed = constant_rate(suits_e_s * math.exp(0.2 * sigmas))
    prior = RatePrior(believed, 0.2, -0.004, 0.0, 0.0, time_s=0.0)
    answer = ExposureController(limits, prior, LevelPlan("LEVEL", "EVENING")).next(0.0, -5.0)
    assert isinstance(answer, Wait) != probed


def test_at_dawn_a_sky_too_faint_is_waited_for():
    limits = DetectorLimits(1e5, 0.1, 30.0)
    prior = RatePrior(constant_rate(1000.0), 0.01, 0.02, 0.0, 0.0, time_s=0.0)
    plan = LevelPlan("LEVEL", "MORNING", twilight_share_min=0.0)
    answer = ExposureController(limits, prior, plan).next(0.0, -12.0)
    level = 1000.0 * 50.0 * math.expm1(30.0 / 50.0) / 1e5
    assert level < 0.45
    assert answer.seconds == pytest.approx(50.0 * math.log((0.5 - 0.05 * FAINT_EDGE) / level), rel=1e-6)
    assert "maximum DIT" in answer.reason


@pytest.mark.parametrize(("sigmas", "probed"), [(4.55, True), (4.65, False)])
def test_at_dawn_a_probe_is_worth_it_from_a_factor_of_four_before_the_sky_suits(sigmas, probed):
    limits = DetectorLimits(1e5, 0.1, 30.0)
    suits_e_s = (0.5 - 0.05 * FAINT_EDGE) * 1e5 / (50.0 * math.expm1(30.0 / 50.0))
    believed = constant_rate(suits_e_s * math.exp(-0.3 * sigmas))
    prior = RatePrior(believed, 0.3, 0.02, 0.0, 0.0, time_s=0.0)
    answer = ExposureController(limits, prior, LevelPlan("LEVEL", "MORNING", twilight_share_min=0.0)).next(0.0, -12.0)
    assert isinstance(answer, Wait) != probed


@pytest.mark.parametrize(("sigmas", "probed"), [(4.55, True), (4.65, False)])
def test_at_dusk_the_sky_has_run_out_when_four_times_the_light_were_too_little(sigmas, probed):
    limits = DetectorLimits(1e5, 0.1, 30.0)
    suits_e_s = (0.5 - 0.05 * FAINT_EDGE) * 1e5 / (50.0 * -math.expm1(-30.0 / 50.0))
    believed = constant_rate(suits_e_s * math.exp(-0.3 * sigmas))
    prior = RatePrior(believed, 0.3, -0.02, 0.0, 0.0, time_s=0.0)
    answer = ExposureController(limits, prior, LevelPlan("LEVEL", "EVENING")).next(0.0, -8.0)
    assert isinstance(answer, Stop) != probed


@pytest.mark.parametrize(("sigma", "waited"), [(0.019, True), (0.021, False)])
def test_at_dawn_a_sky_known_to_two_per_cent_is_waited_for_without_another_probe(sigma, waited):
    limits = DetectorLimits(1e5, 0.1, 30.0)
    suits_e_s = (0.5 - 0.05 * FAINT_EDGE) * 1e5 / (50.0 * math.expm1(30.0 / 50.0))
    prior = RatePrior(constant_rate(suits_e_s * math.exp(-2.0 * sigma)), sigma, 0.02, 0.0, 0.0, time_s=0.0)
    answer = ExposureController(limits, prior, LevelPlan("LEVEL", "MORNING", twilight_share_min=0.0)).next(0.0, -12.0)
    assert isinstance(answer, Wait) == waited


@pytest.mark.parametrize(
    ("share", "sigma", "probed"), [(0.295, 0.11, True), (0.305, 0.11, False), (0.295, 0.09, False)]
)
def test_before_dawn_a_floor_hardly_known_is_probed_while_it_gives_most_of_the_light(share, sigma, probed):
    limits, floor_e_s = DetectorLimits(1e5, 0.1, 30.0), 5e3
    believed = constant_rate(floor_e_s * share / (1.0 - share))
    prior = RatePrior(believed, 0.15, 0.004, 0.0, 0.0, floor_e_s=floor_e_s, floor_sigma=sigma, time_s=0.0)
    answer = ExposureController(limits, prior, LevelPlan("LEVEL", "MORNING")).next(0.0, -12.0)
    assert isinstance(answer, Wait) != probed


@pytest.mark.parametrize(("rate", "exposed"), [(5.41e5, True), (5.42e5, False)])
def test_the_tolerance_is_used_at_the_minimum_dit(rate, exposed):
    limits = DetectorLimits(1e5, 0.1, 30.0)
    prior = RatePrior(constant_rate(rate), 0.01)
    answer = ExposureController(limits, prior, LevelPlan("LEVEL", "MORNING")).next(0.0, -12.0)
    assert isinstance(answer, Stop) != exposed


@pytest.mark.parametrize(("rate", "exposed"), [(1551.0, True), (1549.0, False)])
def test_the_tolerance_is_used_at_the_maximum_dit(rate, exposed):
    limits = DetectorLimits(1e5, 0.1, 30.0)
    prior = RatePrior(constant_rate(rate), 0.01)
    answer = ExposureController(limits, prior, LevelPlan("LEVEL", "EVENING")).next(0.0, -12.0)
    assert isinstance(answer, Stop) != exposed


def test_a_sky_that_saturates_at_dusk_is_looked_at_in_time_and_given_up_after_ten_frames():
    """The sky never fades: no look opens later than a sky just too bright to be measured needs to suit, 148 s."""
    waits = []
    results = list(
        Night(lambda t, x: 1e9, OPTICAL, 5.0).frames(twilight(2e5, -0.004, "EVENING"), waits=waits)
    )
    probes, science, stop = split(results)
    assert not science
    assert stop == Stop("10 frames in a row had no usable level")
    signals = [OPTICAL.signal_e(level) for level in (0.98, 0.5 + 0.05 * BRIGHT_EDGE)]
    suits_s = math.log(signals[0] / signals[1]) / 0.004
    at_minimum = [probe for probe in probes if probe.answer.dit_s == 0.1]
    pauses = [b.start_s - a.start_s - 0.1 for a, b in pairwise(at_minimum)]
    # What saturated looks teach of the slope makes the later ones a little longer.
    assert pauses[0] == pytest.approx(suits_s, rel=0.03)
    assert all(suits_s * 0.98 < pause < 480.0 for pause in pauses)
    assert max(wait.seconds for wait in waits) == 60.0


def test_saturated_at_the_minimum_dit_at_dawn_is_the_end():
    watched = twilight(2e5, 0.004, "MORNING")
    watched.record(0.0, 0.1, 1e5, probe=True, saturated=True)
    assert watched.next(1.0, -5.0) == Stop("saturates at the minimum DIT")


def test_low_and_high_are_against_the_target_at_the_limits_of_the_dit_too():
    watched = twilight(1e5, 0.0, "EVENING")
    assert watched.record(0.0, 0.3, 3e4, probe=False).name == "low"
    assert watched.record(10.0, 0.6, 6e4, probe=False).name == "high"
    bound = twilight(6e5, 0.0, "EVENING")
    assert bound.record(0.0, 0.1, 5.9e4).name == "high"


def test_after_a_long_pause_the_sky_is_probed_again():
    watched = twilight(4e5, -0.004, "EVENING")
    list(Night(fading(4e5, 250.0), OPTICAL, 5.0).frames(watched, each=5))
    assert not watched.next(100.0, -5.0).probe
    assert watched.next(700.0, -5.0).probe


def test_a_frame_without_any_light_is_a_cloud():
    """Where there was light before; one waits five seconds before one looks."""
    watched = twilight(4e5, -0.004, "EVENING")
    night = Night(fading(4e5, 250.0), OPTICAL, 5.0)
    frames = list(night.frames(watched, each=10))
    later_s = frames[-1].start_s + 10.0
    assert watched.record(later_s, 0.2, 0.0).name == "unstable"
    answer = watched.next(later_s + 0.2, -8.0)
    assert isinstance(answer, Wait)
    assert answer.seconds == pytest.approx(5.0)
    assert answer.reason.startswith("behind a cloud; ")


def test_a_cloud_that_never_goes_is_looked_at_180_times():
    """An hour and more in a sky that does not fade, behind what lets one per cent through."""
    night = Night(lambda time_s, airmass: 4e4 if time_s < 100.0 else 4e2, OPTICAL, 5.0)
    prior = RatePrior(constant_rate(4e4), 0.3, -1e-9, 0.0, 0.0, time_s=0.0)
    watched = ExposureController(OPTICAL, prior, LevelPlan("LEVEL", "EVENING"), overhead_s=5.0)
    probes, _, stop = split(list(night.frames(watched, each=9999, limit=5000)))
    assert stop.reason.startswith("still behind a cloud after 180 looks: the sky runs out")
    assert len([probe for probe in probes if probe.start_s > 100.0]) == 180
    assert probes[-1].start_s > 3600.0
