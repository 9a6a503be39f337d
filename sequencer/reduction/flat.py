"""Master flat: stacks of linearised, dark-subtracted, scaled frames, and the two fits over them. Pure.

The *proportional* flat is the fit through the origin of pixel value against illumination, the pixel-to-pixel
master. The *slope* has a free intercept: over the short lever arm of airmass it is noisy, but additive light
does not enter it. Illumination is the level of a stack itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sequencer.reduction.dark import HIGH, LOW, SATURATED, UNLIT, Quality
from sequencer.reduction.noise import Figures
from sequencer.reduction.relative import RelativeCheck, relative_check
from sequencer.reduction.separation import Separation
from sequencer.reduction.sky_flat import dark_variance, sky_flat
from sequencer.reduction.stacks import Dark, FlatFrame, Stack, make_stacks, reduced
from sequencer.reduction.statistics import (
    Border,
    Image,
    Mask,
    block_means,
    box_mean,
    level,
    lit_area,
)

SLOPE_NOISE_LIMIT = 0.003
"""Predicted relative noise up to which the slope is used pixel by pixel: the METIS pixel-to-pixel requirement."""
RESPONSE = (0.5, 1.5)
"""Response over the local mean outside which a pixel is bad (the convention of ESO's eclipse `flat`)."""


@dataclass(frozen=True)
class MasterFlat:
    """The two flats, normalised to the median of the lit good pixels, with errors, quality and illumination.

    `image` is the flat of the sky where `separation` separated it from the thermal floor, else the proportional
    flat; `separation` is None where the frames carry no predicted floor.
    """

    image: Image
    error: Image
    quality: Quality
    lit: Mask
    illumination: Image
    stacks: list[Stack]
    slope: Image | None
    slope_error: Image | None
    slope_smoothed: bool
    slope_noise: float
    additive_rms: float
    additive_expected: float
    starry_share: float
    saturated_share: float
    relative: RelativeCheck
    separation: Separation | None


def master_flat(
    frames: Sequence[FlatFrame], darks: dict[str, Dark], border: Border, detector: Figures
) -> MasterFlat:
    """The master flat of frames through one filter. Raises ValueError without frames or without a frame's dark."""
    missing = sorted({frame.dark for frame in frames} - set(darks))
    if missing or not frames:
        raise ValueError(f"no frames, or no dark {', '.join(missing)}")
    shape = darks[frames[0].dark].image.shape
    lit = lit_area(reduced(frames[0], darks, detector, slice(None), detector.bias_adu), border)
    stacks, levels, saturated = make_stacks(frames, darks, lit, detector, (shape[0], shape[1]))
    image, variance = _proportional(stacks, darks)
    quality = _quality(image, darks, lit)
    good = lit & (quality == 0)
    separation = sky_flat(frames, levels, darks, lit, detector)
    best, best_variance = image, variance
    if separation is not None and separation.separated:
        best = separation.sky
        best_variance = np.square(separation.sky_error) + dark_variance(separation, frames, levels, darks)
        quality[lit & np.isnan(best)] |= SATURATED
        good = lit & (quality == 0)
    best, best_error = _normalised(best, best_variance, good)
    slope, slope_error, slope_noise = _slope(stacks, darks, image, good)
    size = max(8, min(shape) // 16)
    smoothed = slope is not None and slope_noise > SLOPE_NOISE_LIMIT
    additive = _additive(slope, slope_error, image, good)
    if slope is not None and slope_error is not None and smoothed:
        slope, slope_error = box_mean(slope, good, size), slope_error / np.float32(size)
    return MasterFlat(
        _filled(best, lit),
        _filled(best_error, lit),
        quality,
        lit,
        _filled(box_mean(best, good, size), lit),
        stacks,
        None if slope is None else _filled(slope, lit),
        None if slope_error is None else _filled(slope_error, lit),
        smoothed,
        slope_noise,
        *additive,
        starry_share=max(_starry(stack, _response(stack, image, separation), good) for stack in stacks),
        saturated_share=saturated,
        relative=relative_check(stacks, image, good, detector),
        separation=separation,
    )


def _normalised(image: Image, variance: Image, good: Mask) -> tuple[Image, Image]:
    """An image over its median on good pixels, and its error likewise; NaN without a good pixel."""
    middle = np.float32(np.median(image[good]) if good.any() else np.nan)
    return image / middle, (np.sqrt(variance) / middle).astype(np.float32)


def _filled(image: Image, lit: Mask) -> Image:
    """Pixels without light or without a value become 1: whoever divides by the flat leaves them as they are."""
    return np.where(lit & np.isfinite(image), image, np.float32(1.0)).astype(np.float32)


def _proportional(stacks: Sequence[Stack], darks: dict[str, Dark]) -> tuple[Image, Image]:
    """Fit through the origin over the stacks, weights inverse variance: response per pixel and its variance."""
    total = sum(stack.weight * stack.level_adu**2 for stack in stacks)
    return _combined(stacks, [stack.weight * stack.level_adu / total for stack in stacks], darks, None)


def _combined(
    stacks: Sequence[Stack], coefficients: Sequence[float], darks: dict[str, Dark], response: Image | None
) -> tuple[Image, Image]:
    """Sum of the stacks with coefficients, and its variance; a dark used in several stacks errs alike in all."""
    image = np.zeros_like(stacks[0].image)
    for stack, coefficient in zip(stacks, coefficients, strict=True):
        image += np.float32(coefficient) * stack.image
    response = image if response is None else response
    pairs = list(zip(stacks, coefficients, strict=True))
    photon = sum(coefficient**2 * stack.photon for stack, coefficient in pairs)
    variance = np.float32(photon) * np.maximum(response, 0.0)
    variance += np.float32(sum(coefficient**2 * stack.read for stack, coefficient in pairs))
    for name, dark in darks.items():
        share = sum(coefficient * stack.darks.get(name, 0.0) for stack, coefficient in pairs)
        if share:
            variance += np.float32(share**2) * np.square(dark.error)
    return image, variance


def _slope(
    stacks: Sequence[Stack], darks: dict[str, Dark], response: Image, good: Mask
) -> tuple[Image | None, Image | None, float]:
    """Fit with free intercept, normalised: slope, its error, and the median relative error; None without levels."""
    weights = np.array([stack.weight for stack in stacks])
    levels = np.array([stack.level_adu for stack in stacks])
    centred = levels - np.sum(weights * levels) / np.sum(weights)
    norm = float(np.sum(weights * centred**2))
    if len(stacks) < 2 or norm <= 0.0 or np.ptp(levels) < 0.01 * levels.max():
        return None, None, math.inf
    slope, variance = _combined(stacks, list(weights * centred / norm), darks, response)
    middle = float(np.median(slope[good])) if good.any() else math.nan
    error = (np.sqrt(variance) / abs(middle)).astype(np.float32)
    return slope / np.float32(middle), error, float(np.median(error[good])) if good.any() else math.inf


def _additive(slope: Image | None, error: Image | None, response: Image, good: Mask) -> tuple[float, float]:
    """Large-scale difference of slope and proportional flat: rms over 8 x 8 tiles, and what noise would give."""
    if slope is None or error is None or not good.any():
        return math.nan, math.nan
    relative = slope - response / np.float32(np.median(response[good]))
    means, counts = block_means(relative, good)
    kept = counts > 0.2 * counts.max()
    errors = float(np.median(error[good])) / np.sqrt(counts[kept])
    return float(np.sqrt(np.mean(np.square(means[kept])))), float(np.sqrt(np.mean(np.square(errors))))


def _quality(response: Image, darks: dict[str, Dark], lit: Mask) -> Quality:
    """Bad pixels of the darks, and pixels whose response is far from that of their surroundings."""
    quality = np.zeros(response.shape, np.uint16)
    for dark in darks.values():
        quality |= dark.quality
    local = box_mean(response, lit & (quality == 0), 33)
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = response / local
    quality[lit & (relative < RESPONSE[0])] |= LOW
    quality[lit & (relative > RESPONSE[1])] |= HIGH
    quality[~lit] |= UNLIT
    return quality


def _response(stack: Stack, response: Image, separation: Separation | None) -> Image:
    """What a stack should look like at level 1: its own mixture of sky and floor where they are separated."""
    if separation is None or not separation.separated:
        return response
    return separation.mixed_flat(float(np.mean(separation.floor_shares[stack.members])))


def _starry(stack: Stack, response: Image, good: Mask) -> float:
    """Share of pixels of a stack brighter than the fit by 5 sigma, less those fainter: what a star leaves."""
    if not good.any():
        return 0.0
    bright = np.float32(level(stack.image[good] / response[good]))
    spread = np.sqrt(np.float32(stack.photon) * np.maximum(response, 0.0) + np.float32(stack.read))
    distance = ((stack.image - bright * response) / spread)[good]
    return float(np.mean(distance > 5.0) - np.mean(distance < -5.0))
