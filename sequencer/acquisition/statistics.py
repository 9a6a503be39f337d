"""The level of a frame and what stands out in it. Pure; a few milliseconds of CPU for 2048 x 2048 pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sequencer.acquisition.sampling import SAMPLE_PIXELS, Array, Chip, LitRegion, Sample, sample

SATURATED_SHARE_OF_WELL = 0.95
"""A pixel this full counts as saturated (with 3 % non-linearity a brimming one reads 0.97). Assumed."""
STAR_SIGMA = 5.0
MAD_TO_SIGMA = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""
BLOCKS = 12
"""Blocks along each axis whose medians carry the smooth background."""
BLOCK_PIXELS = 16
"""Fewest samples of a block whose median counts."""
DEGREE = 3
"""Degree of the background surface along each axis."""


@dataclass(frozen=True, slots=True)
class Levels:
    """What one exposure shows, on the lit pixels of all its chips, above bias, for a single DIT.

    `median_adu` is above bias, `level_e` the same in electrons, `p99_e` the 99th percentile.
    `saturated_share` counts pixels over 95 % of the full well, `starry_share` pixels more than 5 sigma above
    the smooth background, `rms_adu` is the robust standard deviation about that background, `farthest_adu` the value
    farthest from 0, as it was read. All are NaN without a lit pixel. `pixels` is how many were looked at; `repeats`:
    the frame is bit for bit the detector's frame before.
    """

    median_adu: float
    level_e: float
    p99_e: float
    saturated_share: float
    starry_share: float
    rms_adu: float
    farthest_adu: float
    pixels: int = 0
    repeats: bool = False

    @property
    def measured(self) -> bool:
        """Whether there was any lit pixel to measure."""
        return math.isfinite(self.median_adu)


def measure(
    chips: Sequence[Chip],
    regions: Sequence[LitRegion],
    *,
    bias_adu: float,
    gain_e_adu: float,
    full_well_e: float,
) -> Levels:
    """Levels of an exposure from its chips, each (ny, nx) in ADU; NaN and infinite pixels are left out."""
    most = SAMPLE_PIXELS // max(1, len(chips))
    samples = [sample(chip, region, most) for chip, region in zip(chips, regions, strict=True)]
    values = np.concatenate([one.values for one in samples]) if samples else np.empty(0)
    if not values.size:
        return Levels(math.nan, math.nan, math.nan, math.nan, math.nan, math.nan, math.nan)
    residuals = np.concatenate([one.values - background(one) for one in samples])
    median_adu = percentile(values, 0.5) - bias_adu
    rms_adu = MAD_TO_SIGMA * percentile(np.abs(residuals), 0.5)
    full_adu = SATURATED_SHARE_OF_WELL * full_well_e / gain_e_adu + bias_adu
    return Levels(
        median_adu=median_adu,
        level_e=median_adu * gain_e_adu,
        p99_e=(percentile(values, 0.99) - bias_adu) * gain_e_adu,
        saturated_share=float(np.mean(values >= full_adu)),
        starry_share=float(np.mean(residuals > STAR_SIGMA * rms_adu)) if rms_adu > 0.0 else 0.0,
        rms_adu=rms_adu,
        pixels=int(values.size),
        farthest_adu=float(max(values.max(), values.min(), key=abs)),
    )


def percentile(values: Array, share: float) -> float:
    """The value that `share` of the values do not exceed (the nearest one, no interpolation)."""
    rank = max(0, math.ceil(share * values.size) - 1)
    return float(np.partition(values, rank)[rank])


def background(chip: Sample) -> Array:
    """Smooth surface under the sampled pixels: a polynomial through block medians, which stars do not lift.

    Too small a sample for that gets its plain median.
    """
    medians, y, x = block_medians(chip)
    if medians.size < 2 * (DEGREE + 1) ** 2:
        return np.full(chip.values.size, percentile(chip.values, 0.5) if chip.values.size else 0.0)
    terms = (powers(y)[:, :, None] * powers(x)[:, None, :]).reshape(medians.size, -1)
    coefficients, *_ = np.linalg.lstsq(terms, medians, rcond=None)
    surface = coefficients.reshape(DEGREE + 1, DEGREE + 1)
    return _horner([_horner(list(row), chip.x) for row in surface], chip.y)


def _horner(coefficients: list[Array], position: Array) -> Array:
    value = coefficients[-1] + 0.0 * position
    for coefficient in coefficients[-2::-1]:
        value = value * position + coefficient
    return value


def powers(position: Array) -> Array:
    """1, p, p^2 ... p^DEGREE of each position, shape (n, DEGREE + 1)."""
    return np.stack([position**0, position, position * position, position * position * position], axis=1)


def block_medians(chip: Sample) -> tuple[Array, Array, Array]:
    """Medians of the blocks with enough samples and the mean positions (y, x) of those samples."""
    if not chip.values.size:
        return chip.values, chip.y, chip.x
    block = _block(chip.y) * BLOCKS + _block(chip.x)
    counts = np.bincount(block, minlength=BLOCKS**2)
    lowest = float(chip.values.min())
    span = max(float(chip.values.max()) - lowest, 1.0) * 2.0
    ordered = np.sort(block * span + (chip.values - lowest))
    kept = np.flatnonzero(counts >= BLOCK_PIXELS)
    middle = (np.cumsum(counts) - counts + counts // 2)[kept]
    centres = [
        np.bincount(block, weights=axis, minlength=BLOCKS**2)[kept] / counts[kept]
        for axis in (chip.y, chip.x)
    ]
    return ordered[middle] - kept * span + lowest, centres[0], centres[1]


def _block(scaled: Array) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
    return np.minimum((scaled + 1.0) * (BLOCKS / 2), BLOCKS - 1).astype(np.intp)
