"""The rungs of a DIT ladder: which of its frames count, and the level of each with its error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from sequencer.reduction.frames import RawFrame
from sequencer.reduction.ladder import Rung
from sequencer.reduction.noise import Figures, frame_variance, ipc_mean_factor, linearise
from sequencer.reduction.statistics import Mask, level, lit_area, stride

SATURATED_SHARE = 0.005
"""Share of lit pixels at saturation up to which a frame's level is trusted: hot pixels alone may brim."""


def unsaturated(frames: Sequence[RawFrame], chip: int = 0) -> tuple[list[RawFrame], list[RawFrame]]:
    """Frames of a ladder below saturation, and those at it, both in the order of time.

    A frame is at saturation with more than half a per cent of its lit pixels there.
    """
    detector = frames[0].figures
    lit = lit_of(frames, chip)
    step = stride((lit.shape[0], lit.shape[1]))
    chosen = lit[::step, ::step]
    below: list[RawFrame] = []
    at: list[RawFrame] = []
    for frame in sorted(frames, key=lambda frame: (frame.start_s, frame.name)):
        pixels = frame.rows(chip)[::step, ::step][chosen]
        share = float(np.mean(pixels >= detector.saturation_adu)) if pixels.size else 0.0
        (at if share > SATURATED_SHARE else below).append(frame)
    return below, at


def lit_of(frames: Sequence[RawFrame], chip: int = 0) -> Mask:
    """The lit pixels of a chip, as the frame with the longest DIT shows them."""
    brightest = max(frames, key=lambda frame: (frame.key.dit_s, frame.name))
    bias = np.float32(brightest.figures.bias_adu)
    return lit_area(brightest.rows(chip) - bias, brightest.border(chip))


def rungs_of(frames: Sequence[RawFrame], chip: int = 0) -> list[Rung]:
    """The frames as the fit sees them: level in ADU above bias, the mean of the same lit pixels in all frames.

    The pixels are chosen once, on a bright frame, so that no frame's noise decides which pixels count in it; what
    is clipped per frame (8 sigma) is hit by something, never the slope of the illumination. The own error is
    that of the mean of those pixels. Raises ValueError when all pixels lie in the unlit border.
    """
    if not frames:
        return []
    detector = frames[0].figures
    config = frames[0].detector
    lit = lit_of(frames, chip)
    step = stride((lit.shape[0], lit.shape[1]))
    bright = max(frames, key=lambda frame: (frame.key.dit_s, frame.name)).rows(chip)[::step, ::step]
    if not lit[::step, ::step].any():
        raise ValueError("no lit pixel inside the border of the detector")
    low, high = np.percentile(bright[lit[::step, ::step]], [2.0, 98.0])
    chosen = lit[::step, ::step] & (bright >= low) & (bright <= high)
    of_mean = replace(detector, ipc_noise=ipc_mean_factor(config.ipc_edge, config.ipc_corner, step))
    return [
        _rung(frame, frame.rows(chip)[::step, ::step][chosen] - np.float32(detector.bias_adu), of_mean)
        for frame in frames
    ]


def _rung(frame: RawFrame, pixels: npt.NDArray[np.float32], detector: Figures) -> Rung:
    level_adu = level(pixels, 8.0)
    signal = linearise(level_adu, detector)
    variance = sum(frame_variance(detector, signal, frame.key.ndit)) / max(pixels.size, 1)
    own = math.sqrt(variance) / signal if signal > 0 else math.inf
    return Rung(level_adu, own, frame.key.dit_s, frame.time_s)
