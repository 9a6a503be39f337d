"""A relative check of linearity without a ladder: bright against faint pixels over the levels. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sequencer.reduction.noise import Figures
from sequencer.reduction.stacks import Stack
from sequencer.reduction.statistics import Image, Mask, box_mean

LEVER = 0.03
"""Range of levels (of full well) below which no check is made: equal levels say nothing."""


@dataclass(frozen=True)
class RelativeCheck:
    """Non-linearity left after linearisation, with its error, from bright against faint pixels.

    `levels` are fractions of full well, `log_ratios` the logarithm of bright over faint pixels at each.
    """

    k: float
    k_error: float
    levels: list[float]
    log_ratios: list[float]


def relative_check(stacks: Sequence[Stack], response: Image, good: Mask, detector: Figures) -> RelativeCheck:
    """Bright against faint pixels: a residual k changes the ratio of responses r1 > r2 by -k (r1 - r2) L / W.

    They are told apart on the smoothed flat, lest the dark's noise, which is one in all levels, does it.
    """
    levels = np.array([stack.level_adu for stack in stacks]) / detector.full_well_adu
    if np.ptp(levels) < LEVER or not good.any():
        return RelativeCheck(math.nan, math.inf, [], [])
    smooth = box_mean(response, good, 9)
    low, high = np.percentile(smooth[good], [10.0, 90.0])
    bright, faint = good & (smooth >= high), good & (smooth <= low)
    lever = float(response[bright].mean(dtype=np.float64) - response[faint].mean(dtype=np.float64))
    if lever <= 0.0:
        return RelativeCheck(math.nan, math.inf, [], [])
    ratios = np.array([_log_ratio(stack.image, bright, faint) for stack in stacks])
    noise = np.array(
        [math.sqrt(2.0 / stack.weight / int(bright.sum())) / stack.level_adu for stack in stacks]
    )
    weights = 1.0 / np.square(noise)
    centred = levels - np.sum(weights * levels) / np.sum(weights)
    norm = float(np.sum(weights * centred**2))
    k = -float(np.sum(weights * centred * ratios)) / norm / lever
    return RelativeCheck(k, 1.0 / math.sqrt(norm) / lever, levels.tolist(), ratios.tolist())


def _log_ratio(image: Image, bright: Mask, faint: Mask) -> float:
    return math.log(float(image[bright].mean(dtype=np.float64)) / float(image[faint].mean(dtype=np.float64)))
