"""Master dark of a group: median, read noise, hot, cold and deviant pixels. Pure.

A master dark is ADU per DIT at its own DIT, NDIT and read-out mode; it is never scaled in time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sequencer.reduction.median import median
from sequencer.reduction.noise import Figures, median_variance
from sequencer.reduction.statistics import (
    Border,
    Image,
    Mask,
    bands,
    block_means,
    interior,
    level,
    sigma,
    stride,
)

Reader = Callable[[slice], Image]
"""Gives the pixels of one frame for a band of rows."""
Quality = npt.NDArray[np.uint16]

HOT, COLD, DEVIANT, LOW, HIGH, UNLIT, SATURATED = 1, 2, 4, 8, 16, 32, 64
"""Bits of the data quality image."""
SIGMAS = 5.0
"""Distance from the median at which a pixel is hot, cold or deviant (METIS calibration plan: 5 sigma)."""


@dataclass(frozen=True)
class MasterDark:
    """Master dark in ADU per DIT with its error and quality image, and what was measured on the way.

    `noise_adu` is the robust noise of one frame, `read_noise_e` the same per read in electrons;
    `frame_levels` are in the order of the frames; `decay_adu` is how much the level fell from the first to
    the last frame by a straight line, with its error.
    """

    image: Image
    error: Image
    quality: Quality
    level_adu: float
    level_error_adu: float
    noise_adu: float
    read_noise_e: float
    frame_levels: list[float]
    decay_adu: float
    decay_error_adu: float
    gradient_adu: float
    gradient_error_adu: float
    hot: int
    cold: int
    deviant: int


def master_dark(
    readers: Sequence[Reader],
    shape: tuple[int, int],
    border: Border,
    detector: Figures,
    ndit: int,
    times_s: Sequence[float],
) -> MasterDark:
    """Median of the frames with its statistics. Raises ValueError for no frames or times that do not match.

    `times_s` are the frames' times in any zero point, for the decay. The border is left out of all
    statistics.
    """
    if len(readers) != len(times_s) or not readers:
        raise ValueError(f"{len(readers)} frames with {len(times_s)} times")
    image, scatter = _stack(readers, shape)
    active = interior(shape, border)
    noise, levels = _frame_noise(readers, shape, active)
    master_noise = noise * math.sqrt(median_variance(len(readers)))
    quality = _defects(image, scatter, active, len(readers))
    good = active & (quality == 0)
    decay, decay_error = _decay(levels, times_s, noise / math.sqrt(max(_sampled(active), 1)))
    gradient, gradient_error = _gradient(image, good, master_noise)
    return MasterDark(
        image,
        _error(image, noise, detector, ndit, len(readers)),
        quality,
        level(image[good]),
        master_noise / math.sqrt(max(int(good.sum()), 1)),
        noise,
        noise * detector.gain_e_adu * math.sqrt(ndit),
        levels,
        decay,
        decay_error,
        gradient,
        gradient_error,
        hot=int(np.count_nonzero(quality & HOT)),
        cold=int(np.count_nonzero(quality & COLD)),
        deviant=int(np.count_nonzero(quality & DEVIANT)),
    )


def _stack(readers: Sequence[Reader], shape: tuple[int, int]) -> tuple[Image, Image]:
    """Median, and standard deviation of the frames, pixel by pixel; sums are of differences to the first frame."""
    image, scatter = np.empty(shape, np.float32), np.zeros(shape, np.float32)
    n = len(readers)
    for rows in bands(shape, n):
        stack = np.stack([reader(rows) for reader in readers])
        image[rows] = median(stack)
        if n > 1:
            stack -= stack[0].copy()
            total = stack.sum(axis=0)
            np.square(stack, out=stack)
            variance = (stack.sum(axis=0) - total * total / n) / (n - 1)
            scatter[rows] = np.sqrt(np.maximum(variance, 0.0))
    return image, scatter


def _frame_noise(
    readers: Sequence[Reader], shape: tuple[int, int], active: Mask
) -> tuple[float, list[float]]:
    """Noise of one frame, from the differences of successive frames (no fixed pattern), and the frames' levels."""
    step = stride(shape)
    chosen = active[::step, ::step]
    samples = [reader(slice(None))[::step, ::step][chosen] for reader in readers]
    differences = [sigma(after - before) / math.sqrt(2.0) for before, after in pairwise(samples)]
    noise = float(np.median(differences)) if differences else sigma(samples[0])
    return noise, [level(sample) for sample in samples]


def _sampled(active: Mask) -> int:
    step = stride((active.shape[0], active.shape[1]))
    return int(active[::step, ::step].sum())


def _defects(image: Image, scatter: Image, active: Mask, n: int) -> Quality:
    """Hot and cold pixels by the master's level, deviant ones by their own scatter from frame to frame."""
    quality = np.zeros(image.shape, np.uint16)
    values = image[active]
    middle, spread = float(np.median(values)), sigma(values)
    quality[active & (image > middle + SIGMAS * spread)] |= HOT
    quality[active & (image < middle - SIGMAS * spread)] |= COLD
    if n > 2:
        stuck = active & (scatter == 0.0)
        quality[stuck] |= DEVIANT
        spreads = np.log(np.where(scatter > 0.0, scatter, 1.0))
        usual = spreads[active & ~stuck]
        if usual.size:
            quality[active & (spreads > np.median(usual) + SIGMAS * sigma(usual)) & ~stuck] |= DEVIANT
    return quality


def _error(image: Image, noise: float, detector: Figures, ndit: int, n: int) -> Image:
    """Error of the median per pixel: the frames' noise, and the photon noise of what is above the usual level."""
    above = np.maximum(image - np.float32(np.median(image)), 0.0)
    variance = noise**2 + above * np.float32(detector.ipc_noise / detector.gain_e_adu / ndit)
    error: Image = np.sqrt(variance * median_variance(n)).astype(np.float32)
    return error


def _decay(levels: Sequence[float], times_s: Sequence[float], error: float) -> tuple[float, float]:
    """Fall of the level over the series by a straight line through all frames, and its error; (0, inf) for two."""
    if len(levels) < 3 or times_s[0] == times_s[-1]:
        return 0.0, math.inf
    time = (np.asarray(times_s) - times_s[0]) / (times_s[-1] - times_s[0])
    time -= time.mean()
    norm = float(np.sum(time**2))
    slope = float(np.sum(time * np.asarray(levels))) / norm
    return -slope, error / math.sqrt(norm)


def _gradient(image: Image, good: Mask, noise: float) -> tuple[float, float]:
    """Spread (robust half range) of the means of 4 x 4 tiles, and what noise alone would give."""
    means, counts = block_means(image, good, 4)
    kept = counts > 0
    if kept.sum() < 2:
        return 0.0, math.inf
    expected = noise / math.sqrt(float(np.median(counts[kept])))
    return float(np.std(means[kept], ddof=1)), expected
