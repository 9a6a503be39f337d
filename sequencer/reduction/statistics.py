"""Robust numbers and smooth maps of images: level, spread, lit area, large scales. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Border = tuple[int, int, int, int]

MAD_TO_SIGMA = 1.4826
"""Standard deviation of a Gaussian over its median absolute deviation: 1 / Phi^-1(3/4)."""
SAMPLE_PIXELS = 262144
"""Pixels a level is measured on: at 1 % noise a pixel the level is known to 2e-5."""
SPREAD_VALUES = 32768
"""Values a robust spread is taken from: it is then known to 0.6 %."""
STACK_BYTES = 192 << 20
"""Upper size of a stack held in memory: twelve frames of 2048 x 2048 float32."""


def sigma(values: npt.NDArray[np.floating]) -> float:
    """Robust standard deviation (scaled median absolute deviation); 0 for no values."""
    if values.size == 0:
        return 0.0
    few = _few(values)
    return MAD_TO_SIGMA * float(np.median(np.abs(few - np.median(few))))


def _few(values: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """At most SPREAD_VALUES of the values, evenly taken; an odd step does not fall in with columns."""
    return values.reshape(-1)[:: (values.size // SPREAD_VALUES) | 1]


def level(values: npt.NDArray[np.floating], clip: float = 4.0) -> float:
    """Mean of the values within `clip` robust sigma of their median; NaN for no values.

    A mean, because the median of pixels in whole ADU moves in steps that a linearity fit would see.
    """
    if values.size == 0:
        return math.nan
    middle = float(np.median(_few(values)))
    spread = clip * sigma(values)
    kept = values[np.abs(values - middle) <= spread] if spread > 0 else values
    return float(np.mean(kept, dtype=np.float64))


def stride(shape: tuple[int, int]) -> int:
    """Step over rows and columns that leaves about SAMPLE_PIXELS of an image."""
    return max(1, math.isqrt(shape[0] * shape[1] // SAMPLE_PIXELS))


def bands(shape: tuple[int, int], frames: int, limit_bytes: int = STACK_BYTES) -> Iterator[slice]:
    """Bands of rows such that a float32 stack of `frames` bands stays within `limit_bytes`."""
    ny, nx = shape
    rows = max(1, limit_bytes // (4 * nx * max(frames, 1)))
    for first in range(0, ny, rows):
        yield slice(first, min(first + rows, ny))


def interior(shape: tuple[int, int], border: Border) -> Mask:
    """True inside the unlit border (bottom, left, top, right) of a chip."""
    bottom, left, top, right = border
    mask = np.zeros(shape, np.bool_)
    mask[bottom : shape[0] - top, left : shape[1] - right] = True
    return mask


def box_mean(image: Image, good: Mask, size: int) -> Image:
    """Mean of the good pixels in a square of `size` pixels around each pixel; NaN where none is good."""
    weight = _box_sum(good.astype(np.float64), size)
    total = _box_sum(np.where(good, image, 0.0).astype(np.float64), size)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(weight > 0.5, total / weight, np.nan).astype(np.float32)


def _box_sum(image: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.float64]:
    """Running sum over `size` rows and columns, cut at the edges."""
    half = max(size // 2, 0)
    for axis in (0, 1):
        n = image.shape[axis]
        sums = np.concatenate([np.zeros_like(image.take([0], axis)), np.cumsum(image, axis)], axis)
        upper = np.minimum(np.arange(n) + half + 1, n)
        lower = np.maximum(np.arange(n) - half, 0)
        image = sums.take(upper, axis) - sums.take(lower, axis)
    return image


def block_means(
    image: Image, good: Mask, blocks: int = 8
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Mean and number of good pixels in `blocks` x `blocks` tiles of an image; mean NaN in a tile without any."""
    means = np.full((blocks, blocks), np.nan)
    counts = np.zeros((blocks, blocks), np.int64)
    rows = np.linspace(0, image.shape[0], blocks + 1).astype(int)
    columns = np.linspace(0, image.shape[1], blocks + 1).astype(int)
    for j in range(blocks):
        for i in range(blocks):
            tile = (slice(rows[j], rows[j + 1]), slice(columns[i], columns[i + 1]))
            values = image[tile][good[tile]]
            counts[j, i] = values.size
            if values.size:
                means[j, i] = values.mean(dtype=np.float64)
    return means, counts


def lit_area(image: Image, border: Border, tile: int = 16) -> Mask:
    """Where light falls: tiles of the interior whose median exceeds half of the bright tiles' level.

    The field stop leaves part of a detector dark. A single dead pixel in a lit tile counts as lit; tiles
    beside a dark one do not, unless the pixel itself is bright.
    """
    inside = interior(image.shape, border)
    ny, nx = image.shape
    padded = np.full((-(-ny // tile) * tile, -(-nx // tile) * tile), np.nan, np.float32)
    padded[:ny, :nx] = np.where(inside, image, np.nan)
    tiles = padded.reshape(padded.shape[0] // tile, tile, -1, tile).swapaxes(1, 2).reshape(-1, tile * tile)
    some = ~np.isnan(tiles).all(axis=1)
    if not some.any():
        return inside
    medians = np.full(len(tiles), np.nan)
    medians[some] = np.nanmedian(tiles[some], axis=1)
    half = 0.5 * float(np.nanpercentile(medians, 75))
    dark = (medians <= half).reshape(padded.shape[0] // tile, -1)
    near = np.pad(dark, 1)
    beside = near[:-2, 1:-1] | near[2:, 1:-1] | near[1:-1, :-2] | near[1:-1, 2:] | dark
    surely = ~np.kron(beside, np.ones((tile, tile), np.bool_))[:ny, :nx]
    return inside & (surely | ((image > half) & ~np.kron(dark, np.ones((tile, tile), np.bool_))[:ny, :nx]))
