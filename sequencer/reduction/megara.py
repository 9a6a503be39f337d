"""MEGARA: overscan, trimming, master bias and master dark with level and error per amplifier. Pure.

Geometry of the raw frame (4212 rows x 4196 columns) and of the trimmed one (4112 x 4096): megaradrp 0.22,
instrument configuration 2e02e135. Two diagonally opposed amplifiers, one a half; the 100 middle rows are
dropped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sequencer.reduction.dark import Reader
from sequencer.reduction.median import median
from sequencer.reduction.noise import median_variance
from sequencer.reduction.statistics import Image, bands, block_means, level, sigma

COSMIC_SIGMAS = 6.0
"""Height over the master, in frame noise, from which a pixel counts as hit."""
DETECTION_SIGMAS = 3.0
"""A level below this many errors is given as an upper limit."""
SMOOTHING = 4
"""Degree of the polynomial through the overscan rows."""


@dataclass(frozen=True)
class Amplifier:
    """Where one amplifier's pixels lie: raw rows of its image, raw columns of its overscan, first trimmed row."""

    name: str
    rows: slice
    overscan: slice
    trimmed_from: int


@dataclass(frozen=True)
class Geometry:
    """Amplifiers and the image columns they share."""

    amplifiers: tuple[Amplifier, ...]
    columns: slice

    @property
    def trimmed(self) -> tuple[int, int]:
        """Rows and columns of the trimmed image."""
        rows = sum(amplifier.rows.stop - amplifier.rows.start for amplifier in self.amplifiers)
        return rows, self.columns.stop - self.columns.start


MEGARA = Geometry(
    (
        Amplifier("1", slice(0, 2056), slice(4146, 4196), 0),
        Amplifier("2", slice(2156, 4212), slice(0, 50), 2056),
    ),
    slice(50, 4146),
)


@dataclass(frozen=True)
class AmplifierLevel:
    """Level of one amplifier in ADU per exposure with its error; `limit_adu` is set when it is not detected.

    `noise_adu` is the noise of one frame, `overscan_adu` the mean level taken off, `gradient_adu` the spread
    of the means of 4 x 4 tiles with what noise alone would give, `cosmic_share` the share of pixels hit in a
    frame.
    """

    name: str
    level_adu: float
    error_adu: float
    limit_adu: float | None
    noise_adu: float
    overscan_adu: float
    gradient_adu: float
    gradient_error_adu: float
    cosmic_share: float


@dataclass(frozen=True)
class CcdMaster:
    """Median of overscan-subtracted, trimmed frames in ADU per exposure, its error, and the amplifiers' levels."""

    image: Image
    error: Image
    amplifiers: list[AmplifierLevel]


def overscan_level(raw: Image, overscan: slice) -> Image:
    """Smooth overscan level per row (ADU) of rows of a raw frame: robust row means, a polynomial through them."""
    strip = raw[:, overscan].astype(np.float64)
    middle = np.median(strip, axis=1, keepdims=True)
    spread = max(sigma(strip - middle), 1e-6)
    kept = np.abs(strip - middle) <= 5.0 * spread
    means = np.where(kept, strip, 0.0).sum(axis=1) / np.maximum(kept.sum(axis=1), 1)
    x = np.linspace(-1.0, 1.0, len(means))
    fit = np.polynomial.legendre.legfit(x, means, min(SMOOTHING, max(len(means) // 8, 0)))
    return np.polynomial.legendre.legval(x, fit).astype(np.float32)


def trim(raw: Image, geometry: Geometry = MEGARA) -> Image:
    """One raw frame with its overscan taken off, trimmed."""
    image = np.empty(geometry.trimmed, np.float32)
    for amplifier in geometry.amplifiers:
        part = raw[amplifier.rows]
        first = amplifier.trimmed_from
        last = first + part.shape[0]
        image[first:last] = part[:, geometry.columns] - overscan_level(part, amplifier.overscan)[:, None]
    return image


def ccd_master(
    readers: Sequence[Reader], bias: Image | None = None, geometry: Geometry = MEGARA
) -> CcdMaster:
    """Master of raw frames, amplifier by amplifier, less a master bias if given. Raises ValueError for no frames."""
    if not readers:
        raise ValueError("no frames, no master")
    image, error = np.empty(geometry.trimmed, np.float32), np.empty(geometry.trimmed, np.float32)
    levels = []
    for amplifier in geometry.amplifiers:
        rows = slice(
            amplifier.trimmed_from, amplifier.trimmed_from + amplifier.rows.stop - amplifier.rows.start
        )
        frames, overscans = _frames(readers, amplifier, geometry.columns)
        master = image[rows]
        for band in bands((frames.shape[1], frames.shape[2]), len(readers)):
            master[band] = median(frames[:, band])
        if bias is not None:
            master -= bias[rows]
            frames -= bias[rows]
        found = _level(amplifier.name, frames, master, overscans)
        error[rows] = found.noise_adu * math.sqrt(median_variance(len(readers)))
        levels.append(found)
    return CcdMaster(image, error, levels)


def _frames(readers: Sequence[Reader], amplifier: Amplifier, columns: slice) -> tuple[Image, list[float]]:
    """Frames of one amplifier, overscan taken off; and the mean overscan of each."""
    shape = (amplifier.rows.stop - amplifier.rows.start, columns.stop - columns.start)
    frames = np.empty((len(readers), *shape), np.float32)
    overscans = []
    for k, reader in enumerate(readers):
        raw = reader(amplifier.rows)
        smooth = overscan_level(raw, amplifier.overscan)
        overscans.append(float(smooth.mean()))
        np.subtract(raw[:, columns], smooth[:, None], out=frames[k])
    return frames, overscans


def _level(name: str, frames: Image, master: Image, overscans: Sequence[float]) -> AmplifierLevel:
    """Level of an amplifier: the mean of its frames' levels, its error from their scatter and from pixel noise."""
    n = len(frames)
    sample = frames[:, ::4, ::4].reshape(n, -1)
    differences = [sigma(after - before) / math.sqrt(2.0) for before, after in pairwise(sample)]
    noise = float(np.median(differences)) if differences else sigma(sample[0])
    levels = np.array([level(frame) for frame in sample])
    pixel = noise / math.sqrt(sample.shape[1] * n)
    error = math.hypot(pixel, float(levels.std(ddof=1)) / math.sqrt(n)) if n > 1 else pixel
    value = float(levels.mean())
    means, counts = block_means(
        master, np.abs(master - np.median(master)) < 5.0 * max(sigma(master), 1e-6), 4
    )
    hit = (
        float(np.mean([np.mean(frame - master > COSMIC_SIGMAS * noise) for frame in frames]))
        if n > 1
        else 0.0
    )
    return AmplifierLevel(
        name,
        value,
        error,
        max(value, 0.0) + DETECTION_SIGMAS * error if value < DETECTION_SIGMAS * error else None,
        noise,
        float(np.mean(overscans)),
        float(np.nanstd(means, ddof=1)),
        noise * math.sqrt(median_variance(n) / max(float(np.median(counts)), 1.0)),
        hit,
    )
