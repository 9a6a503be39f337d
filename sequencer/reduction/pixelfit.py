"""The same few regressors fitted to every pixel of a series of frames, values hit by something left out. Pure.

Linear least squares with one weight a frame. Of each pixel the value with the largest studentised residual is
left out while it exceeds the limit, and the pixel fitted again: a single wrong value always has the largest one,
whatever its leverage (Cook & Weisberg 1982, "Residuals and Influence in Regression", 2.2), which no clipping
about a first fit can promise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sequencer.reduction.statistics import sigma

Vector = npt.NDArray[np.float64]
Values = npt.NDArray[np.floating[Any]]

LIMIT = 5.0
"""Studentised residual from which a value is left out; of 1e8 good values some sixty are."""
ROUNDS = 12
"""Values left out of a pixel at most; a pixel that would lose more is no matter of single hits."""
KEPT = 0.6
"""Share of the frames a pixel keeps at least."""
BLOCK_PIXELS = 32768
"""Pixels fitted at a time."""
FAINTEST = 0.1
"""Response below which the noise is no longer taken for photon noise: there the read noise rules."""

ROUNDING = 1e-6
"""Relative noise assumed at least: that of float32 sums."""


@dataclass(frozen=True)
class Pixels:
    """Coefficients (k, pixels), their standard deviations at noise 1 (k, pixels), values left out (pixels)."""

    values: npt.NDArray[np.float32]
    errors: npt.NDArray[np.float32]
    left_out: npt.NDArray[np.uint16]


@dataclass(frozen=True)
class PixelFit:
    """`design` (frames, k) and `weights` (frames,), inverse variances of a pixel of response 1 up to one factor.

    The noise of a pixel is photon noise: its variance grows with the pixel's own mean value.
    """

    design: Vector
    weights: Vector

    @property
    def cofactor(self) -> Vector:
        """Inverse of the normal matrix (k, k): variances of the coefficients at noise 1."""
        return np.asarray(np.linalg.inv((self.design.T * self.weights) @ self.design))

    @property
    def shares(self) -> Vector:
        """How much each frame counts in each coefficient (k, frames), nothing left out."""
        return np.asarray(self.cofactor @ (self.design.T * self.weights))

    def noise(self, values: Values) -> float:
        """Robust standard deviation of the studentised residuals of values (frames, pixels): the scale of errors."""
        found = self._studentised(values.astype(np.float64))[1]
        found = found[np.isfinite(found)]
        return max(sigma(found), ROUNDING * float(np.sqrt(self.weights.max())))

    def solve(self, values: Values, noise: float) -> Pixels:
        """Fit values (frames, pixels); NaN counts as left out. `noise` is the scale that `noise` measured."""
        n, k = self.design.shape
        count = values.shape[1]
        found = Pixels(
            np.empty((k, count), np.float32), np.empty((k, count), np.float32), np.zeros(count, np.uint16)
        )
        for first in range(0, count, BLOCK_PIXELS):
            block = slice(first, min(first + BLOCK_PIXELS, count))
            coefficients, residuals = self._studentised(values[:, block])
            found.values[:, block] = coefficients
            found.errors[:, block] = np.sqrt(np.diag(self.cofactor))[:, None]
            hit = np.flatnonzero(~(np.abs(residuals).max(axis=0) <= LIMIT * noise))
            if hit.size and n > k + 1:
                again = self._without_hits(values[:, block][:, hit].astype(np.float64), noise)
                found.values[:, first + hit], found.errors[:, first + hit], found.left_out[first + hit] = (
                    again
                )
        found.errors[:] *= np.float32(noise) * np.sqrt(_response(self.design.mean(axis=0) @ found.values))
        return found

    def _studentised(self, values: Values) -> tuple[Values, Values]:
        """Coefficients and studentised residuals (in units of the noise) of all values."""
        root = np.sqrt(self.weights)
        basis, triangle = np.linalg.qr(self.design * root[:, None])
        scaled = values * root[:, None].astype(values.dtype)
        seen = basis.T.astype(values.dtype) @ scaled
        coefficients = np.linalg.inv(triangle).astype(values.dtype) @ seen
        scaled -= basis.astype(values.dtype) @ seen
        free = np.sqrt(np.maximum(1.0 - np.sum(basis**2, axis=1), 1e-9))
        scaled /= free[:, None].astype(values.dtype)
        scaled /= np.sqrt(_response(self.design.mean(axis=0).astype(values.dtype) @ coefficients))
        return coefficients, scaled

    def _without_hits(self, values: Vector, noise: float) -> tuple[Vector, Vector, npt.NDArray[np.int64]]:
        """Fit pixels one by one in their own frames: the worst value goes until none is beyond the limit."""
        n, k = self.design.shape
        fewest = max(k + 1, int(np.ceil(KEPT * n)))
        kept = np.isfinite(values)
        values = np.where(kept, values, 0.0)
        pixels = np.arange(values.shape[1])
        for _ in range(ROUNDS):
            coefficients, cofactors, distance = self._own_fit(values, kept)
            worst = distance.argmax(axis=0)
            over = (distance[worst, pixels] > LIMIT * noise) & (kept.sum(axis=0) > fewest)
            if not over.any():
                break
            kept[worst[over], pixels[over]] = False
        coefficients, cofactors, _ = self._own_fit(values, kept)
        errors = np.sqrt(np.einsum("mii->im", cofactors))
        unknown = kept.sum(axis=0) <= k
        coefficients[:, unknown], errors[:, unknown] = np.nan, np.inf
        return coefficients, errors, n - kept.sum(axis=0)

    def _own_fit(self, values: Vector, kept: npt.NDArray[np.bool_]) -> tuple[Vector, Vector, Vector]:
        """Coefficients (k, m), cofactors (m, k, k) and absolute studentised residuals (n, m) of what is kept."""
        weights = self.weights[:, None] * kept
        normal = np.einsum("nm,ni,nj->mij", weights, self.design, self.design)
        normal += 1e-12 * np.einsum("ij,->ij", np.eye(normal.shape[1]), float(self.weights.sum()))
        cofactors = np.linalg.inv(normal)
        coefficients = np.einsum("mij,nj,nm->im", cofactors, self.design, weights * values, optimize=True)
        leverage = weights * np.einsum("ni,mij,nj->nm", self.design, cofactors, self.design, optimize=True)
        free = 1.0 - leverage
        residuals = np.sqrt(weights) * np.abs(values - self.design @ coefficients)
        response = _response(self.design.mean(axis=0) @ coefficients)
        distance = np.where(free > 1e-6, residuals / np.sqrt(np.maximum(free, 1e-6) * response), 0.0)
        return coefficients, cofactors, distance


def _response(values: Values) -> Values:
    return np.maximum(np.nan_to_num(values, nan=1.0), FAINTEST).astype(values.dtype)
