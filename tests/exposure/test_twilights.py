"""What an observer gets in a twilight: nearly all the flats there are, at the level, and none that is not one."""

import math
from dataclasses import replace
from itertools import pairwise
from statistics import fmean

import pytest

from sequencer.exposure import ExposureController, RatePrior, Stop, Wait, constant_rate

from .twilights import CAMERA, FULL_E_S, TARGET, Twilight, kept, nights, wasted

VERDICTS = {"good", "cloudy", "high", "low", "unstable", "saturated", "thermal-only"}


def relative_errors(shots):
    return [shot.fraction / TARGET - 1.0 for shot in shots]


@pytest.mark.parametrize("evening", [True, False], ids=["dusk", "dawn"])
@pytest.mark.parametrize("overhead", [1.0, 5.0, 16.0])
@pytest.mark.parametrize("listed", [False, True], ids=["free", "list"])
def test_of_all_flats_there_are_98_per_cent_are_taken_at_the_level(evening, overhead, listed):
    good, possible, errors, dits, lost = 0, 0, [], [], []
    for night in nights(evening, overhead, 8):
        window = night.window()
        shots, stop = night.observe(night.controller(listed=listed), window)
        flats = kept(shots)
        assert all(shot.flat for shot in flats)
        lost.append(len(wasted(shots)))
        assert stop is not None
        assert all(shot.start_s <= window[1] + 1.0 for shot in shots)
        good, possible = good + len(flats), possible + night.oracle(window)
        errors += relative_errors(flats)
        dits.append(len({shot.dit_s for shot in flats}))
    assert good >= 0.98 * possible
    # Two looks at dusk at a sky that may be a quarter as bright, one at dawn for the floor: none costs a flat.
    assert fmean(lost) <= 3.2
    assert max(lost) <= 5
    assert math.sqrt(fmean(error**2 for error in errors)) <= (0.045 if listed else 0.015)
    assert abs(fmean(errors)) <= 0.01
    assert not listed or max(dits) <= 25


@pytest.mark.parametrize("evening", [True, False], ids=["dusk", "dawn"])
def test_beside_a_floor_only_frames_with_enough_twilight_are_kept(evening):
    """The floor alone fills the target in 20 s; it is known to 20 %, and learned."""
    good, possible = 0, 0
    for night in nights(evening, 5.0, 6, floor_e_s=FULL_E_S / 20.0):
        window, watched = night.window(), night.controller()
        shots, _ = night.observe(watched, window, lead_s=900.0)
        flats = kept(shots)
        assert all(shot.flat for shot in flats)
        assert len(wasted(shots)) <= 5
        assert all(shot.start_s <= window[1] + 1.0 for shot in shots)
        learned = watched.learned(shots[-1].start_s)
        assert learned.floor_factor == pytest.approx(night.floor_u, rel=0.12)
        good, possible = good + len(flats), possible + night.oracle(window)
    assert good >= 0.93 * possible


@pytest.mark.parametrize(
    ("evening", "factor", "share"),
    [
        (True, 0.25, 0.97),
        (True, 0.5, 0.97),
        (True, 2.0, 0.97),
        (True, 4.0, 0.97),
        (False, 0.25, 0.97),
        (False, 0.5, 0.98),
        (False, 2.0, 0.98),
        (False, 4.0, 0.96),
    ],
)
def test_a_sky_of_a_quarter_to_four_times_what_is_believed_costs_a_few_probes(evening, factor, share):
    """Those are 2.3 and 4.6 sigma of the prior: at dusk one looks while the sky still saturates, at dawn one probes."""
    night = Twilight(evening, 5.0, u=factor)
    window = night.window()
    shots, _ = night.observe(night.controller(), window)
    assert len(kept(shots)) >= share * night.oracle(window)
    assert len(wasted(shots)) <= 8


@pytest.mark.parametrize("overhead", [1.0, 5.0, 16.0])
def test_at_dawn_the_first_flat_comes_with_the_window(overhead):
    """Whatever law and throughput have wrong: a look at the floor, a probe, and one just before, cost no time."""
    first = []
    for night in nights(False, overhead, 8):
        window = night.window()
        shots, _ = night.observe(night.controller(), window, lead_s=900.0)
        assert kept(shots)[0].start_s - window[0] < 50.0 + overhead
        first.append(next(shot.verdict for shot in shots if not shot.probe))
        assert len([shot for shot in shots if shot.probe]) <= 3
    # One that is a sixth too steep at once, as the look at the floor leaves law and throughput to be told apart.
    assert first.count("good") >= 7


@pytest.mark.parametrize("slope_known_to_per_s", [1e-3, 3e-4])
def test_a_dawn_without_a_shape_is_waited_for_by_its_slope(slope_known_to_per_s):
    for night in nights(False, 5.0, 8):
        window = night.window()
        begin_s = window[0] - 600.0
        prior = RatePrior(
            constant_rate(FULL_E_S * math.exp(night.believed_log(begin_s))),
            log_slope_per_s=1.0 / night.tau_s,
            log_slope_sigma_per_s=slope_known_to_per_s,
            slope_noise_per_s3=3e-10,
            time_s=begin_s,
        )
        watched = ExposureController(CAMERA, prior, night.controller().plan, overhead_s=5.0)
        shots, stop = night.observe(watched, window)
        assert len(kept(shots)) >= 0.97 * night.oracle(window)
        assert len(wasted(shots)) <= 4
        assert stop.reason.startswith("the sky is too bright")


@pytest.mark.parametrize("direction", ["EVENING", "MORNING"])
@pytest.mark.parametrize("level_e", [0.0, -3.0, math.nan])
def test_a_detector_at_bias_level_ends_the_filter_in_a_twilight_too(direction, level_e):
    night = Twilight(direction == "EVENING", 5.0)
    watched, time_s, frames = night.controller(), night.window()[0], 0
    while not isinstance(answer := watched.next(time_s, -8.0), Stop):
        time_s += 5.0
        if isinstance(answer, Wait):
            time_s += answer.seconds
            continue
        watched.record(time_s, answer.dit_s, level_e, probe=answer.probe)
        time_s, frames = time_s + answer.dit_s, frames + 1
        assert frames <= 10
    assert answer.reason == "6 probes in a row and no flat"


@pytest.mark.parametrize("evening", [True, False], ids=["dusk", "dawn"])
@pytest.mark.parametrize("transmission", [0.3, 0.01, 0.0])
def test_a_cloud_of_five_minutes_never_loses_the_filter(evening, transmission):
    """All flats up to the cloud, and the sky is found again soon after it."""
    middle = 400.0 if evening else -400.0

    def cloud(time_s):
        return transmission if abs(time_s - middle) < 150.0 else 1.0

    night = Twilight(evening, 5.0, cloud=cloud, u=1.2)
    window = night.window()
    shots, stop = night.observe(night.controller(), window)
    before = [shot for shot in kept(shots) if shot.start_s < middle - 150.0]
    after = [shot for shot in kept(shots) if shot.start_s > middle + 150.0]
    assert len(before) > 10
    assert after[0].start_s < middle + 150.0 + 60.0
    assert all(shot.flat for shot in kept(shots))
    assert len(kept(shots)) >= 0.88 * night.oracle(window)
    assert shots[-1].start_s > window[1] - 60.0
    assert {shot.verdict for shot in shots if not shot.probe} <= VERDICTS
    assert len([shot for shot in shots if shot.verdict in ("cloudy", "unstable", "thermal-only")]) >= 1
    assert stop.reason.startswith("the sky runs out" if evening else "the sky is too bright")


def test_behind_a_cloud_one_looks_after_5_10_and_20_s_again():
    night = Twilight(True, 5.0, cloud=lambda time_s: 0.01 if time_s > 200.0 else 1.0)
    shots, _ = night.observe(night.controller(), night.window())
    behind = [shot for shot in shots if 200.0 < shot.start_s < 400.0]
    assert not behind[0].probe
    assert all(look.probe for look in behind[1:])
    pauses = [after.start_s - before.start_s - before.dit_s - 5.0 for before, after in pairwise(behind)]
    assert pauses == pytest.approx([5.0, 10.0] + [20.0] * (len(pauses) - 2), abs=1e-6)


def test_what_is_learned_behind_a_cloud_is_the_clear_sky_and_its_doubt():
    night = Twilight(True, 5.0, cloud=lambda time_s: 0.5 if time_s > 300.0 else 1.0)
    watched = night.controller()
    night.observe(watched, (0.0, -1210.0), lead_s=20.0)
    clear = watched.learned(300.0)
    assert clear.throughput == pytest.approx(1.0, rel=0.02)
    assert clear.relative_sigma < 0.05
    night.observe(watched, (450.0, -1030.0), lead_s=70.0)
    clouded = watched.learned(450.0)
    assert clouded.throughput == pytest.approx(1.0, rel=0.05)
    assert clouded.relative_sigma > 0.3
    assert watched.rate_e_s(450.0) == pytest.approx(night.clear().sky_e(450.0, 1e-3) / 1e-3, rel=0.05)


def test_the_overhead_is_learned_when_one_was_told_wrong():
    night = Twilight(True, 16.0)
    window = night.window()
    watched = night.controller(told_s=2.0)
    shots, _ = night.observe(watched, window)
    assert watched.overhead_s == pytest.approx(16.0)
    inner = [shot for shot in kept(shots) if 1.0 < shot.dit_s < 30.0]
    assert max(abs(error) for error in relative_errors(inner)) < 0.02


@pytest.mark.parametrize("jump_s", [3600.0, -3600.0, 300.0, -300.0, 1e9])
def test_a_clock_that_jumps_in_mid_series_is_survived(jump_s):
    """The level of the sky goes on as before; at worst the filter is probed again."""
    night, offset = Twilight(True, 5.0), 0.0
    watched, time_s, levels = night.controller(), 0.0, []
    for i in range(25):
        offset = jump_s if i >= 10 else 0.0
        answer = watched.next(time_s + offset, -8.0)
        if not hasattr(answer, "dit_s"):
            assert i >= 10
            time_s += 1.0
            continue
        shot = night.expose(time_s + 5.0, answer.dit_s)
        level_e = shot.fraction * CAMERA.full_well_e
        watched.record(shot.start_s + offset, answer.dit_s, level_e, probe=answer.probe)
        levels.append(shot.fraction)
        time_s = shot.start_s + answer.dit_s
        assert math.isfinite(watched.learned(time_s + offset).throughput)
    assert len(levels) >= 10


def test_a_level_that_is_none_in_mid_series_costs_one_frame():
    night = Twilight(True, 5.0)
    watched = night.controller()
    night.observe(watched, (0.0, -1300.0), lead_s=20.0)
    before = watched.next(205.0, -8.0)
    assert watched.record(210.0, before.dit_s, math.nan).name == "unstable"
    after = watched.next(217.0, -8.0)
    assert not after.probe
    assert night.expose(222.0, after.dit_s).fraction == pytest.approx(TARGET, rel=0.02)


@pytest.mark.parametrize("evening", [True, False], ids=["dusk", "dawn"])
def test_the_mean_of_all_dits_of_an_exposure_reaches_the_target(evening):
    """NDIT to fill 40 s while the sky changes by 15 %."""
    night = Twilight(evening, 5.0)
    plan = night.controller().plan
    watched = ExposureController(CAMERA, night.prior(), replace(plan, integration_s=40.0), overhead_s=5.0)
    time_s, fractions = (200.0 if evening else -300.0), []
    for _ in range(6):
        answer = watched.next(time_s, -8.0)
        opening_s, exposed_s = time_s + 5.0, answer.dit_s * answer.ndit
        mean_e = night.sky_e(opening_s, exposed_s) / answer.ndit + CAMERA.dark_rate_e_s * answer.dit_s
        fraction = CAMERA.level_fraction(mean_e)
        watched.record(
            opening_s, answer.dit_s, fraction * CAMERA.full_well_e, ndit=answer.ndit, probe=answer.probe
        )
        if not answer.probe:
            assert answer.ndit == max(1, round(40.0 / answer.dit_s))
            fractions.append(fraction)
        time_s = opening_s + exposed_s
    assert fractions == pytest.approx([TARGET] * len(fractions), rel=0.01)
