"""The flat of the sky where twilight and thermal floor light the detector differently. Pure.

A frame's rate in pixel p is sky x s(p) + floor x h(p). Divided by its level it is s + a (h - s) with the floor's
share a of the light: a straight line whose value at a = 0 is wanted. Hence only the *course* of the floor from
frame to frame matters: a factor common to all frames' floors changes h, never s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sequencer.reduction.mixture import Mixture
from sequencer.reduction.pixelfit import PixelFit, Vector
from sequencer.reduction.statistics import bands

Array = npt.NDArray[np.floating[Any]]
Map = npt.NDArray[np.float32]
LitMask = npt.NDArray[np.bool_]
RatesReader = Callable[[slice], Array]
"""Gives the rates (frames, rows, ...) of a band of rows."""

NOISE_LIMIT = 0.003
"""Noise of a pixel up to which the two are separated: the METIS pixel-to-pixel requirement."""
SAMPLE = 16384
"""Pixels the noise is measured on."""


@dataclass(frozen=True)
class Separation:
    """Flats of the sky and of the floor (medians over lit pixels 1) and their errors, one standard deviation.

    Where `separated` is False both are the proportional flat of all the light; `reason` says why, and `mixed`
    whether that matters: True when both lights are there. `floor_shares` (frames,) are the shares of the floor
    in the frames, `noise` is the median error of the sky's flat, `left_out` how many values of each pixel did
    not count, `frame_shares` (frames,) how much each frame, divided by its level, counts in the sky's flat.
    """

    sky: Map
    floor: Map
    sky_error: Map
    floor_error: Map
    left_out: npt.NDArray[np.uint16]
    separated: bool
    mixed: bool
    floor_shares: Vector
    noise: float
    frame_shares: Vector
    reason: str

    def mixed_flat(self, floor_share: float) -> Map:
        """Flat of light of which the floor has a share."""
        return np.float32(1.0 - floor_share) * self.sky + np.float32(floor_share) * self.floor


def separate(
    rates: Array,
    sky: npt.ArrayLike,
    floor: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    lit: LitMask | None = None,
) -> Separation:
    """Flat of the sky (and of the floor) from frames with a changing share of twilight: `.sky`, `.sky_error`.

    rates: (frames, ...) counts over DIT, linear, dark taken off, any unit; NaN marks a pixel without a value
        (saturated). A star or a cosmic ray in a few frames is found and left out, pixel by pixel.
    sky, floor: (frames,) level of the twilight and of the thermal floor in each frame, unit of `rates`; usually
        sky = median of the frame - floor. The floors need be right only up to one factor common to all.
    weights: (frames,) inverse variances of a pixel's rate, up to one factor; default: all frames equally good
        in relative terms, as at a constant level. The noise itself is measured on the residuals.
    lit: (...) pixels that see light; default: all.

    Falls back to the proportional flat, and says so in `.reason`, when one of the lights is absent (share up to
    0.01), when the floor's share changes so little that separating multiplies the noise by more than 5, or when
    the separated flat would have more than 0.3 % noise a pixel. Raises ValueError for fewer than two frames,
    shapes that do not match, no lit pixel, or levels that are not positive.
    """
    seen = np.ones(rates.shape[1:], np.bool_) if lit is None else lit
    if rates.ndim < 2 or seen.shape != rates.shape[1:] or not seen.any():
        raise ValueError(f"{int(seen.sum())} lit pixels of shape {seen.shape} for rates {rates.shape}")
    mixture = Mixture.of(sky, floor, weights)
    if len(mixture.level) != rates.shape[0]:
        raise ValueError(f"{len(mixture.level)} levels for {rates.shape[0]} frames")
    return separate_rows(lambda rows: rates[:, rows], mixture, seen)


def separate_rows(reader: RatesReader, mixture: Mixture, lit: LitMask) -> Separation:
    """`separate` for rates that are read in bands of rows; `lit` (rows, ...) gives the shape of a frame."""
    alone = mixture.one_light()
    fit, noise, obstacle = _chosen_fit(mixture, _sample(reader, mixture, lit), alone)
    values, errors, left_out = _solved(reader, mixture, lit, fit, noise)
    middles = [float(np.nanmedian(one[lit])) for one in values]
    for k, middle in enumerate(middles):
        values[k] /= np.float32(middle)
        errors[k] /= np.float32(middle)
    low, high = mixture.range
    return Separation(
        values[0],
        values[-1],
        errors[0],
        errors[-1],
        left_out,
        separated=len(values) > 1,
        mixed=not alone,
        floor_shares=mixture.floor_share,
        noise=float(np.median(errors[0][lit])),
        frame_shares=fit.shares[0] / middles[0],
        reason=alone or obstacle or f"separated: floor {100 * low:.1f} to {100 * high:.1f} % of the light",
    )


def _chosen_fit(mixture: Mixture, sample: Map, alone: str) -> tuple[PixelFit, float, str]:
    """The fit to make, its noise as a sample of pixels shows it, and why it does not separate (or empty)."""
    obstacle = mixture.obstacle()
    if not alone and not obstacle:
        fit = mixture.separating()
        noise = fit.noise(sample)
        predicted = noise * float(np.sqrt(fit.cofactor[0, 0]))
        if predicted <= NOISE_LIMIT:
            return fit, noise, ""
        obstacle = f"not separated: a pixel would have {100 * predicted:.2f} % noise"
    fit = mixture.proportional()
    return fit, fit.noise(sample), f"{obstacle}; this is the flat of sky and floor together"


def _solved(
    reader: RatesReader, mixture: Mixture, lit: LitMask, fit: PixelFit, noise: float
) -> tuple[Map, Map, npt.NDArray[np.uint16]]:
    """Coefficients and their errors (k, ...), and the values left out (...), band by band."""
    k = fit.design.shape[1]
    values, errors = (np.empty((k, *lit.shape), np.float32) for _ in range(2))
    left_out = np.empty(lit.shape, np.uint16)
    for rows in bands((lit.shape[0], lit[0].size), len(mixture.level)):
        given = _relative(reader, mixture, rows)
        pixels = fit.solve(given.reshape(len(given), -1), noise)
        values[:, rows] = pixels.values.reshape(k, *given.shape[1:])
        errors[:, rows] = pixels.errors.reshape(k, *given.shape[1:])
        left_out[rows] = pixels.left_out.reshape(given.shape[1:])
    return values, errors, left_out


def _relative(reader: RatesReader, mixture: Mixture, rows: slice) -> Map:
    """Rates of a band over their frames' levels."""
    rates = reader(rows)
    level = mixture.level.astype(np.float32).reshape(-1, *[1] * (rates.ndim - 1))
    return np.asarray(rates, np.float32) / level


def _sample(reader: RatesReader, mixture: Mixture, lit: LitMask) -> Map:
    """Relative rates (frames, pixels) of the lit pixels of some rows, evenly taken."""
    lit_rows = np.flatnonzero(lit.reshape(len(lit), -1).any(axis=1))
    step = max(1, int(lit.sum()) // SAMPLE)
    found = [
        _relative(reader, mixture, slice(row, row + 1))[:, lit[row : row + 1]]
        for row in lit_rows[::step].tolist()
    ]
    return np.concatenate(found, axis=1)
