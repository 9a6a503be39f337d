"""What cannot be true of light and silicon, whatever the sky did: then the detector is at fault. Pure."""

from __future__ import annotations

import math

from sequencer.acquisition.statistics import Levels
from sequencer.config.models import ReadoutMode

SATURATED_SHARE = 0.01
"""Share of saturated pixels that makes a frame saturated; hot pixels alone stay below (assumed)."""

DIGITISER_ADU = 65535.0
"""What 16 bits hold. A mode whose full well reads more has a digitiser that holds at least twice that (assumed)."""

LEAST_NOISE = 0.3
"""Least share of read and shot noise that a frame shows: the figures of a detector may be wrong by two, and interpixel
capacitance takes a tenth of it (assumed)."""

MOST_NOISE = 5.0
"""Most read and shot noise of a single DIT, whatever NDIT averages away (assumed)."""

MOST_STRUCTURE = 0.5
"""Robust scatter about a smooth background that illumination, response and dark current of pixels may add, as a share
of the level. Values of no light at all, spread from 0 to twice their median, have 0.74 (assumed)."""

COARSE_ADU = 1.0
"""Expected noise below which a frame of whole numbers may rightly have none: three pixels in five read the same."""

FEWEST_PIXELS = 100
"""Pixels below which scatter is not judged."""


def impossible(levels: Levels, mode: ReadoutMode, ndit: int, *, lit: bool = True, even: bool = True) -> str:
    """Why a frame with these levels can be of no light; empty when it may be true.

    Of one that is not `lit` a level may be a zero that is off, which has no shot noise; one that is not `even` may show
    lines and fibres. A saturated frame is saturated: neither that it has no noise nor that it is like the one before
    tells anything.
    """
    if not levels.measured:
        return ""
    most_adu = max(DIGITISER_ADU, 2.0 * mode.full_well_e / mode.gain_e_adu + mode.bias_adu)
    if abs(levels.farthest_adu) > most_adu:
        return f"a pixel reads {levels.farthest_adu:.4g} ADU, the digitiser ends at {most_adu:.4g}"
    if levels.repeats and not is_saturated(levels):
        return "it is bit for bit the frame before"
    if levels.pixels < FEWEST_PIXELS:
        return ""
    return _silence(levels, mode, ndit, lit) or (_disorder(levels, mode) if even else "")


def is_saturated(levels: Levels) -> bool:
    """Whether more pixels are full than hot ones alone."""
    return levels.saturated_share > SATURATED_SHARE


def _silence(levels: Levels, mode: ReadoutMode, ndit: int, lit: bool) -> str:
    noise_adu = (_noise_adu(levels, mode) if lit else mode.read_noise_e / mode.gain_e_adu) / math.sqrt(ndit)
    if levels.rms_adu >= LEAST_NOISE * noise_adu or noise_adu < COARSE_ADU or is_saturated(levels):
        return ""
    return f"its noise is {levels.rms_adu:.3g} ADU, {noise_adu:.3g} ADU are those of its light and read-out"


def _disorder(levels: Levels, mode: ReadoutMode) -> str:
    most_adu = MOST_NOISE * _noise_adu(levels, mode) + MOST_STRUCTURE * abs(levels.median_adu)
    if levels.rms_adu <= most_adu:
        return ""
    return f"its pixels scatter by {levels.rms_adu:.3g} ADU, no light of its level by more than {most_adu:.3g}"


def _noise_adu(levels: Levels, mode: ReadoutMode) -> float:
    """Read and shot noise of a single DIT of this level."""
    return math.sqrt(mode.read_noise_e**2 + max(levels.level_e, 0.0)) / mode.gain_e_adu
