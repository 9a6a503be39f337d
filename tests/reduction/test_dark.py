"""The master dark against drawn frames with known level, noise and defects."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest

from sequencer.reduction.dark import COLD, DEVIANT, HOT, MasterDark, master_dark
from sequencer.reduction.noise import Figures

DETECTOR = Figures(4.0, 70.0, 1e5, 0.05, 0.0, 0.0, 0.83)
SHAPE = (96, 128)
BORDER = (4, 5, 6, 7)


def stack(n: int, seed: int = 1, level: float = 12.0, noise: float = 7.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    fixed = rng.normal(level, 0.5, SHAPE)
    return (fixed + rng.normal(0.0, noise, (n, *SHAPE))).astype(np.float32)


def reduced(frames: np.ndarray, ndit: int = 1, times: list[float] | None = None) -> MasterDark:
    readers = [functools.partial(np.ndarray.__getitem__, frame) for frame in frames]
    return master_dark(readers, SHAPE, BORDER, DETECTOR, ndit, times or list(np.arange(float(len(frames)))))


def test_median_level_and_read_noise() -> None:
    frames = stack(10)
    dark = reduced(frames, ndit=4)
    assert np.array_equal(dark.image, np.median(frames, axis=0))
    assert dark.level_adu == pytest.approx(12.0, abs=0.1)
    assert dark.noise_adu == pytest.approx(7.0, rel=0.02)
    assert dark.read_noise_e == pytest.approx(7.0 * 4.0 * 2.0, rel=0.02)
    assert dark.frame_levels == pytest.approx([12.0] * 10, abs=0.3)


def test_level_scatters_by_its_error() -> None:
    rng = np.random.default_rng(9)
    darks = [reduced(rng.normal(0.0, 7.0, (5, *SHAPE)).astype(np.float32)) for _ in range(60)]
    pulls = [dark.level_adu / dark.level_error_adu for dark in darks]
    assert np.std(pulls) == pytest.approx(1.0, abs=0.25)


def test_error_map_is_the_scatter_of_the_master() -> None:
    rng = np.random.default_rng(4)
    dark = reduced(rng.normal(0.0, 7.0, (10, *SHAPE)).astype(np.float32))
    assert float(np.median(dark.error)) == pytest.approx(float(dark.image.std()), rel=0.03)
    bright = reduced(
        (rng.normal(0.0, 7.0, (10, *SHAPE)) + np.where(np.eye(*SHAPE) > 0, 4000.0, 0.0)).astype(np.float32)
    )
    expected = math.sqrt(7.0**2 + 4000.0 * 0.83 / 4.0) / 7.0
    assert bright.error[20, 20] / bright.error[20, 40] == pytest.approx(expected, rel=0.03)


def test_hot_cold_and_deviant_pixels_are_found_and_counted() -> None:
    frames = stack(10)
    frames[:, 30, 30] += 100.0
    frames[:, 40, 40] -= 100.0
    frames[::2, 50, 50] += 80.0
    frames[:, 60, 60] = 12.0
    frames[:, 1, 1] += 500.0
    dark = reduced(frames)
    assert dark.quality[30, 30] == HOT
    assert dark.quality[40, 40] == COLD
    assert dark.quality[50, 50] & DEVIANT
    assert dark.quality[60, 60] == DEVIANT
    assert dark.quality[1, 1] == 0
    assert (dark.hot, dark.cold) == (1 + int(dark.quality[50, 50] & HOT), 1)
    assert dark.deviant == 2
    assert np.count_nonzero(dark.quality) == 4
    assert dark.level_adu == pytest.approx(12.0, abs=0.1)


def test_five_sigma_is_the_limit() -> None:
    frames = stack(10, noise=7.0)
    spread = 7.0 * math.sqrt(0.1383 + (0.5 / 7.0) ** 2)
    frames[:, 30, 30] = 12.0 + 6.0 * spread + np.random.default_rng(0).normal(0.0, 1.0, 10)
    frames[:, 40, 40] = 12.0 + 4.0 * spread + np.random.default_rng(0).normal(0.0, 1.0, 10)
    quality = reduced(frames).quality
    assert quality[30, 30] & HOT
    assert not quality[40, 40] & HOT


def test_a_falling_level_is_measured_with_its_error() -> None:
    times = [0.0, 10.0, 30.0, 40.0, 100.0]
    frames = stack(5)
    frames += np.array([3.0 - 0.03 * time for time in times], np.float32)[:, None, None]
    dark = reduced(frames, times=times)
    assert dark.decay_adu == pytest.approx(3.0, abs=4.0 * dark.decay_error_adu)
    assert dark.decay_error_adu < 0.3
    quiet = [reduced(stack(5, seed), times=times) for seed in range(2, 32)]
    pulls = [found.decay_adu / found.decay_error_adu for found in quiet]
    assert np.std(pulls) == pytest.approx(1.0, abs=0.35)
    assert abs(np.mean(pulls)) < 0.6


def test_a_gradient_stands_out_of_the_noise() -> None:
    flat = reduced(stack(10))
    assert flat.gradient_adu < 3.0 * flat.gradient_error_adu
    tilted = stack(10) + np.linspace(0.0, 4.0, SHAPE[1], dtype=np.float32)
    found = reduced(tilted)
    assert found.gradient_adu > 10.0 * found.gradient_error_adu
    ramp = np.linspace(0.0, 4.0, SHAPE[1])
    tiles = [ramp[5:32].mean(), ramp[32:64].mean(), ramp[64:96].mean(), ramp[96:121].mean()] * 4
    assert found.gradient_adu == pytest.approx(np.std(tiles, ddof=1), rel=0.1)


def test_one_or_two_frames_say_what_they_cannot_tell() -> None:
    one = reduced(stack(1))
    assert one.noise_adu == pytest.approx(7.0, rel=0.05)
    assert one.deviant == 0
    assert math.isinf(one.decay_error_adu)
    assert math.isinf(reduced(stack(2)).decay_error_adu)


def test_no_frames_or_unequal_times_are_refused() -> None:
    with pytest.raises(ValueError, match="0 frames"):
        reduced(stack(1)[:0])
    with pytest.raises(ValueError, match="3 frames with 2 times"):
        reduced(stack(3), times=[0.0, 1.0])
