"""The master flat against the noise-free truth of made-up nights, and the checks that watch over it."""

from __future__ import annotations

import functools
import math
from pathlib import Path

import numpy as np
import pytest

from sequencer.reduction.dark import HIGH, HOT, LOW, UNLIT
from sequencer.reduction.flat import MasterFlat, master_flat
from sequencer.reduction.frames import read_frame
from sequencer.reduction.noise import Figures, figures, frame_variance, linearise
from sequencer.reduction.stacks import Dark, FlatFrame
from tests.reduction.night import SIZE, Night, instrument

RATES = [2.3e5, 2.55e5, 2.75e5]
LM = figures(instrument().detectors["LM"], "fast")
BORDER = (4, 4, 4, 4)


def reduced(night: Night, n_darks: int = 10, detector: Figures = LM) -> MasterFlat:
    """Flat of all frames of a night, the last `n_darks` of which are darks of all."""
    frames = [read_frame(path, instrument(bias_adu=night.bias_adu)) for path in night.frames]
    stack = np.stack([frame.rows() for frame in frames[-n_darks:]])
    error = np.full(stack.shape[1:], 70.0 / 4.0 * 1.18 / math.sqrt(n_darks), np.float32)
    hot = np.where(night.hot, HOT, 0).astype(np.uint16)
    dark = Dark(np.median(stack, axis=0).astype(np.float32), error, hot)
    flats = [
        FlatFrame(
            functools.partial(frame.rows, 0), "dark", frame.key.level_no, frame.key.ndit, frame.key.dit_s
        )
        for frame in frames[:-n_darks]
    ]
    return master_flat(flats, {"dark": dark}, BORDER, detector)


def distance(flat: MasterFlat, night: Night, image: np.ndarray | None = None) -> np.ndarray:
    """Difference to the truth on lit good pixels, both normalised alike."""
    good = night.lit & (flat.quality == 0)
    truth = night.truth / np.median(night.truth[good])
    found = flat.image if image is None else image
    return (found / np.median(found[good]) - truth)[good]


def limit(levels_e: list[float], n: int, n_darks: int) -> float:
    """Inverse-variance mean of flats and darks used (relative), with the median's 1.2."""
    read = (70.0 / 4.0) ** 2
    photon = [level / 16.0 * LM.ipc_noise for level in levels_e]
    weights = [(level / 4.0) ** 2 * n / (part + read) for level, part in zip(levels_e, photon, strict=True)]
    mean_level = float(np.mean(levels_e)) / 4.0
    return 1.2 * math.sqrt(1.0 / sum(weights) + read / n_darks / mean_level**2)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    taken = Night(tmp_path_factory.mktemp("night"), drift_per_hour=-0.05)
    taken.flats(RATES)
    taken.darks(0.2)
    return taken


@pytest.fixture(scope="module")
def flat(night: Night) -> MasterFlat:
    return reduced(night)


def test_proportional_flat_is_as_good_as_light_allows(night: Night, flat: MasterFlat) -> None:
    rms = float(np.std(distance(flat, night)))
    assert rms < 1.3 * limit([rate * 0.2 for rate in RATES], 10, 10)
    assert rms < 0.002


@pytest.mark.parametrize("seed", range(2, 6))
def test_and_so_it_is_in_other_nights(tmp_path: Path, seed: int) -> None:
    other = Night(tmp_path, seed=seed, sky_noise=0.005, drift_per_hour=0.03)
    other.flats(RATES)
    other.darks(0.2)
    assert np.std(distance(reduced(other), other)) < 1.3 * limit([rate * 0.2 for rate in RATES], 10, 10)


def test_error_map_is_the_distance_to_the_truth(night: Night, flat: MasterFlat) -> None:
    good = night.lit & (flat.quality == 0)
    pulls = distance(flat, night) / flat.error[good]
    assert float(np.std(pulls)) == pytest.approx(1.0, abs=0.04)


def test_stacks_know_their_level_and_noise(flat: MasterFlat) -> None:
    assert [stack.frames for stack in flat.stacks] == [10, 10, 10]
    assert all(0.97 < stack.noise_ratio < 1.03 for stack in flat.stacks)
    levels = [stack.level_adu * 4.0 for stack in flat.stacks]
    assert levels == pytest.approx([rate * 0.2 * 0.98 for rate in RATES], rel=0.01)
    photon, read = frame_variance(LM, flat.stacks[0].level_adu, 1)
    assert flat.stacks[0].weight == pytest.approx(1.0 / (photon + read) / 0.1383, rel=0.02)


def test_normalised_to_the_median_of_lit_good_pixels(night: Night, flat: MasterFlat) -> None:
    good = flat.lit & (flat.quality == 0)
    assert np.median(flat.image[good]) == pytest.approx(1.0, abs=1e-6)
    assert np.array_equal(flat.lit, night.lit)
    assert (flat.image[~flat.lit] == 1.0).all()


def test_bad_pixels_are_those_of_the_detector(night: Night, flat: MasterFlat) -> None:
    assert (flat.quality[night.dead] & LOW).all()
    assert (flat.quality[night.hot] & HOT).all()
    assert (flat.quality[~night.lit] & UNLIT).all()
    others = night.lit & ~night.dead & ~night.hot
    assert not flat.quality[others].any()


def test_a_pixel_too_sensitive_is_bad(tmp_path: Path) -> None:
    other = Night(tmp_path)
    other.light[60, 60] = 2.5
    other.flats(RATES, n=3)
    other.darks(0.2, 3)
    assert reduced(other, 3).quality[60, 60] == HIGH


def test_slope_over_airmass_is_smoothed_and_agrees_on_large_scales(night: Night, flat: MasterFlat) -> None:
    assert flat.slope is not None and flat.slope_error is not None
    assert flat.slope_smoothed
    assert 0.005 < flat.slope_noise < 0.02
    assert flat.additive_rms < 2.5 * flat.additive_expected
    good = flat.lit & (flat.quality == 0)
    assert np.std((flat.slope - flat.illumination)[good]) < 0.01


def test_slope_over_a_long_lever_is_used_pixel_by_pixel(tmp_path: Path) -> None:
    other = Night(tmp_path)
    other.flats([0.5e5, 2.0e5, 3.9e5], n=40, dit_s=0.2)
    other.darks(0.2)
    found = reduced(other)
    assert not found.slope_smoothed
    assert found.slope is not None and found.slope_error is not None
    assert found.slope_noise < 0.003
    good = other.lit & (found.quality == 0)
    pulls = distance(found, other, found.slope) / found.slope_error[good]
    assert float(np.std(pulls)) == pytest.approx(1.0, abs=0.05)


def test_additive_light_shows_in_slope_against_proportional(tmp_path: Path) -> None:
    """A ghost that does not follow the sky: constant while the flux doubles."""
    other = Night(tmp_path)
    for number, rate in enumerate([1.2e5, 2.4e5]):
        other.additive = 0.05 * 2.4e5 / rate
        for _ in range(10):
            other.expose(rate, 0.2, DRS_FILTER="Lp", SEQ_LEVELNO=number)
    other.additive = 0.0
    other.darks(0.2)
    found = reduced(other)
    gradient = 0.05 * 2.4e5 / (0.5 * (1.1 * 1.2e5 + 1.05 * 2.4e5))
    assert found.additive_rms > 5.0 * found.additive_expected
    assert found.additive_rms == pytest.approx(gradient * 0.573, rel=0.05)


def test_wrong_k_shows_in_bright_against_faint_pixels(tmp_path: Path) -> None:
    other = Night(tmp_path, k=0.05)
    other.response = np.where(np.arange(SIZE) < SIZE // 2, 1.0, 0.6) * np.ones((SIZE, SIZE))
    other.light = np.where(other.lit, other.response, 0.0)
    other.flats([1.0e5, 2.0e5, 4.0e5], n=10)
    other.darks(0.2)
    right = reduced(other, detector=LM.with_k(0.05, "truth")).relative
    wrong = reduced(other, detector=LM.with_k(0.03, "wrong")).relative
    assert abs(right.k) < 4.0 * right.k_error
    assert wrong.k > 10.0 * wrong.k_error
    signal = np.array([[0.2e5, 0.8e5], [0.12e5, 0.48e5]]) / 4.0
    linear = np.vectorize(linearise)(
        signal * (1 - 0.05 * signal / LM.full_well_adu), LM.with_k(0.03, "wrong")
    )
    bend = np.diff(np.log(linear[0] / linear[1]))[0] / (np.diff(linear.mean(axis=0))[0] / LM.full_well_adu)
    assert wrong.k == pytest.approx(-bend / 0.5, rel=0.1)
    assert len(right.levels) == len(right.log_ratios) == 3


def test_error_of_the_relative_check_is_its_scatter(tmp_path: Path) -> None:
    pulls = []
    for seed in range(16):
        other = Night(tmp_path / str(seed), seed=seed, size=64)
        other.flats([1.5e5, 3.0e5], n=5)
        other.darks(0.2, 5)
        check = reduced(other, 5).relative
        pulls.append(check.k / check.k_error)
    assert 0.5 < float(np.std(pulls)) < 1.7
    assert abs(float(np.mean(pulls))) < 1.0


def test_one_level_has_no_slope(tmp_path: Path) -> None:
    other = Night(tmp_path)
    other.flats([2.4e5], n=5)
    other.darks(0.2, 5)
    found = reduced(other, 5)
    assert found.slope is None
    assert math.isnan(found.additive_rms)
    assert math.isinf(found.slope_noise)
    assert found.relative.levels == []


def test_levels_of_one_frame_each_are_joined(tmp_path: Path) -> None:
    """LEVEL mode in a fading sky: nearly every frame has a DIT of its own."""
    other = Night(tmp_path)
    for number in range(8):
        other.expose(2.4e5 * 0.9**number, 0.2, DRS_FILTER="V", SEQ_LEVELNO=number)
    other.darks(0.2)
    found = reduced(other)
    assert [stack.frames for stack in found.stacks] == [8]
    assert np.std(distance(found, other)) < 1.3 * limit(
        [2.4e5 * 0.2 * 0.9**number for number in range(8)], 1, 10
    )


def test_a_level_with_too_few_frames_joins_another(tmp_path: Path) -> None:
    other = Night(tmp_path)
    for number, n in enumerate((4, 3, 2)):
        for _ in range(n):
            other.expose(2.4e5, 0.2, DRS_FILTER="V", SEQ_LEVELNO=number)
    other.darks(0.2)
    found = reduced(other)
    assert [stack.frames for stack in found.stacks] == [4, 5]
    assert found.relative.levels == []


def test_bias_is_taken_off_before_linearising(tmp_path: Path) -> None:
    other = Night(tmp_path, bias_adu=500.0)
    other.flats(RATES, n=5)
    other.darks(0.2)
    detector = figures(instrument(bias_adu=500.0).detectors["LM"], "fast")
    found = reduced(other, detector=detector)
    assert found.stacks[0].level_adu * 4.0 == pytest.approx(RATES[0] * 0.2 * 0.98, rel=0.005)
    assert np.std(distance(found, other)) < 1.3 * limit([rate * 0.2 for rate in RATES], 5, 10)
    assert np.median(found.stacks[0].image[found.lit]) == pytest.approx(found.stacks[0].level_adu, rel=0.01)


def test_a_star_that_stays_and_saturation_are_counted(tmp_path: Path) -> None:
    other = Night(tmp_path)
    light = other.light.copy()
    for number, rate in enumerate(RATES):
        other.light = light.copy()
        if number == 1:
            other.light[60:70, 60:70] *= 1.2
        for _ in range(5):
            other.expose(rate, 0.2, DRS_FILTER="Lp", SEQ_LEVELNO=number)
    other.light = light
    other.darks(0.2)
    clean = other.lit.sum()
    found = reduced(other)
    assert found.starry_share == pytest.approx(100 / clean, rel=0.4)
    assert found.saturated_share == 0.0
    saturated = Night(tmp_path / "b")
    saturated.light[10:20, 10:20] *= 3.0
    saturated.flats(RATES, n=3)
    saturated.darks(0.2, 3)
    assert reduced(saturated, 3).saturated_share == pytest.approx(100 / clean, rel=0.1)


def test_a_frame_without_its_dark_is_refused() -> None:
    with pytest.raises(ValueError, match="no dark other"):
        master_flat([FlatFrame(lambda rows: np.ones((4, 4), np.float32), "other", 0, 1, 0.2)], {}, BORDER, LM)
