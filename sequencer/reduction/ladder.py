"""Detector linearity from a ladder of DITs: k of m(S) = S (1 - k S / W), for the detector and per pixel.
Pure.

Illumination is DIT times the sky's rate. The rate drifts; passes of alternating direction part the drift from
the DIT, and what the drift does beyond a straight line is modelled as a random walk whose size the data
decide (restricted likelihood), so that the error of k is honest when the sky is noisy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sequencer.reduction.dark import Reader
from sequencer.reduction.median import median
from sequencer.reduction.noise import Figures, frame_variance, median_variance
from sequencer.reduction.statistics import Image, Mask, bands

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.floating[Any]]

WALKS = (0.0, *(10.0 ** (0.25 * step) for step in range(-8, 33)))
"""Variance of the random walk over the whole series, in units of a frame's own variance, that are tried."""
ROUNDS = 8
"""Newton steps of the non-linear fit; each gains about two digits."""


@dataclass(frozen=True)
class Rung:
    """One frame of the ladder: level in ADU above bias, its own relative error, DIT, mid-exposure time."""

    level_adu: float
    relative_error: float
    dit_s: float
    time_s: float


@dataclass(frozen=True)
class LadderFit:
    """k with its error, the drift per hour with its error, and for each frame illumination and straight
    level.

    `illumination_s` is DIT times the relative rate, `linear_adu` the level a linear detector would show,
    `scatter` the relative white noise of a frame, `walk` how far the rate walks over the series.
    """

    k: float
    k_error: float
    drift_per_hour: float
    drift_error: float
    scatter: float
    walk: float
    illumination_s: list[float]
    linear_adu: list[float]
    residuals: list[float]


def fit_ladder(rungs: Sequence[Rung], full_well_adu: float) -> LadderFit:
    """Detector-wide k. Raises ValueError for fewer than five frames, three DITs, or levels that are not positive."""
    if (
        len(rungs) < 5
        or len({rung.dit_s for rung in rungs}) < 3
        or min(rung.level_adu for rung in rungs) <= 0
    ):
        raise ValueError(f"{len(rungs)} frames with {len({r.dit_s for r in rungs})} DITs make no ladder")
    level = np.array([rung.level_adu for rung in rungs]) / full_well_adu
    dit = np.array([rung.dit_s for rung in rungs])
    time = np.array([rung.time_s for rung in rungs])
    span = float(np.ptp(time)) or 1.0
    own = np.array([rung.relative_error for rung in rungs])
    k = 0.0
    for _ in range(ROUNDS):
        signal = _signal(level, k)
        design = np.stack(
            [np.ones_like(dit), (time - time.mean()) / span, -signal / (1.0 - 2.0 * k * signal)], axis=1
        )
        fit = _least_squares(design, np.log(signal / dit), own, (time - time.min()) / span)
        k += float(fit.values[2])
    rate = np.exp(design[:, :2] @ fit.values[:2] + fit.walked)
    return LadderFit(
        k,
        float(fit.errors[2]),
        float(fit.values[1]) * 3600.0 / span,
        float(fit.errors[1]) * 3600.0 / span,
        fit.scatter,
        fit.walk,
        (dit * rate / float(np.exp(fit.values[0]))).tolist(),
        (dit * rate * full_well_adu).tolist(),
        fit.residuals.tolist(),
    )


def _signal(level: Vector, k: float) -> Vector:
    """Signal behind a level, both in full wells."""
    root = np.sqrt(np.maximum(1.0 - 4.0 * k * level, 0.0))
    return np.asarray(2.0 * level / (1.0 + root))


@dataclass(frozen=True)
class _Fit:
    values: Vector
    errors: Vector
    scatter: float
    walk: float
    walked: Vector
    residuals: Vector


def _least_squares(design: Matrix, values: Vector, own: Vector, time: Vector) -> _Fit:
    """Generalised least squares with white noise and a random walk, both sized by restricted likelihood.

    The white noise is scaled by the data, but never below the frames' own errors.
    """
    floor = float(np.mean(own**2))
    white = np.diag(own**2 / floor)
    walk = np.minimum.outer(time, time)
    tried = [(*_solve(design, values, white + share * walk, floor), share) for share in WALKS]
    solution, cofactor, inverse, scale, _, share = min(tried, key=lambda found: found[4])
    left = values - design @ solution
    walked = share * walk @ (inverse @ left)
    return _Fit(
        solution,
        np.sqrt(np.diag(cofactor) * scale),
        math.sqrt(scale),
        math.sqrt(scale * share),
        walked,
        left - walked,
    )


def _solve(
    design: Matrix, values: Vector, covariance: Matrix, floor: float
) -> tuple[Vector, Matrix, Matrix, float, float]:
    """Solution, cofactors, inverse covariance, noise scale, and minus twice the log restricted likelihood."""
    inverse: Matrix = np.linalg.inv(covariance)
    normal = design.T @ inverse @ design
    cofactor: Matrix = np.linalg.inv(normal)
    solution = cofactor @ (design.T @ inverse @ values)
    left = values - design @ solution
    free = len(values) - design.shape[1]
    squares = float(left @ inverse @ left)
    scale = max(squares / free, floor)
    volume = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(normal)[1]
    return solution, cofactor, inverse, scale, float(free * math.log(scale) + volume + squares / scale)


@dataclass(frozen=True)
class RungStack:
    """Frames of one DIT: readers of raw ADU, their levels (ADU above bias) and signals (linearised, ADU)."""

    readers: list[Reader]
    levels_adu: list[float]
    ndit: int


def pixel_map(
    stacks: Sequence[RungStack], shape: tuple[int, int], active: Mask, detector: Figures
) -> tuple[Image, Image]:
    """k per pixel and its error, from a straight line of pixel / illumination against illumination over the
    rungs.

    A pixel of response r reads p = r L (1 - k r L / W) at the illumination L, so p / L = r - (k r^2 / W) L.
    Frames of a rung are scaled to their median level first. `detector.k` linearises the levels. Pixels
    outside `active` are 0 with error 0.
    """
    full_well = detector.full_well_adu
    sums = [np.zeros(shape, np.float64) for _ in range(2)]
    norms = np.zeros(3)
    for stack in stacks:
        wanted = float(np.median(stack.levels_adu))
        signal = float(_signal(np.array([wanted / full_well]), detector.k)[0]) * full_well
        photon, read = frame_variance(detector, signal, stack.ndit)
        weight = signal**2 / ((photon + read) * median_variance(len(stack.readers)))
        ratio = (_rung_median(stack, wanted, shape, detector.bias_adu) / np.float32(signal)).astype(
            np.float64
        )
        for power in range(2):
            sums[power] += weight * (signal / full_well) ** power * ratio
        norms += [weight, weight * signal / full_well, weight * (signal / full_well) ** 2]
    determinant = norms[0] * norms[2] - norms[1] ** 2
    slope = (norms[0] * sums[1] - norms[1] * sums[0]) / determinant
    response = (norms[2] * sums[0] - norms[1] * sums[1]) / determinant
    usable = active & (response > 0.1)
    safe = np.where(usable, response, 1.0)
    k = np.where(usable, -slope / safe**2, 0.0).astype(np.float32)
    error = np.where(usable, math.sqrt(norms[0] / determinant) / safe**2, 0.0).astype(np.float32)
    return k, error


def _rung_median(stack: RungStack, wanted: float, shape: tuple[int, int], bias: float) -> Image:
    image = np.empty(shape, np.float32)
    for rows in bands(shape, len(stack.readers)):
        frames = np.stack([reader(rows) for reader in stack.readers])
        frames -= np.float32(bias)
        frames *= (wanted / np.array(stack.levels_adu, np.float32))[:, None, None]
        image[rows] = median(frames)
    return image
