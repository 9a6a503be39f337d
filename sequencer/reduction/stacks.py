"""Stacks of flats: frames of one illumination level, linearised, dark-subtracted, scaled, their median. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sequencer.reduction.dark import Quality, Reader
from sequencer.reduction.median import median
from sequencer.reduction.noise import Figures, frame_variance, linearise, median_variance
from sequencer.reduction.statistics import (
    Border,
    Image,
    Mask,
    bands,
    interior,
    level,
    sigma,
    stride,
)

SMALL_STACK = 3
"""Stacks of fewer frames than this have no median that rejects anything; they are joined."""


@dataclass(frozen=True)
class FlatFrame:
    """One flat: its pixels (raw ADU) and which dark belongs to it; `level_no` is its illumination level.

    `floor_e_s` is the thermal floor predicted for it (e-/s per pixel), NaN where none was.
    """

    reader: Reader
    dark: str
    level_no: int
    ndit: int
    dit_s: float
    floor_e_s: float = math.nan


@dataclass(frozen=True)
class Dark:
    """A master dark of the same read-out: level and error per pixel (raw ADU), and its bad pixels."""

    image: Image
    error: Image
    quality: Quality


@dataclass(frozen=True)
class Stack:
    """Median of the frames of one illumination level, linearised, dark-subtracted, at `level_adu`.

    `photon` and `read` are the predicted variances (ADU^2) of the median at the level; `noise_ratio` is the
    measured over the predicted noise of one frame; `darks` are the shares of the frames by dark, `members` the
    numbers of its frames.
    """

    image: Image
    level_adu: float
    members: list[int]
    photon: float
    read: float
    noise_ratio: float
    darks: dict[str, float]

    @property
    def frames(self) -> int:
        """How many frames it holds."""
        return len(self.members)

    @property
    def weight(self) -> float:
        """Inverse predicted variance at the level."""
        return 1.0 / (self.photon + self.read)


def reduced(frame: FlatFrame, darks: dict[str, Dark], detector: Figures, rows: slice, bias: float) -> Image:
    """Rows of a frame, linearised and with its linearised dark taken off (ADU)."""
    raw = frame.reader(rows) - np.float32(bias)
    return linearise(raw, detector) - linearise(darks[frame.dark].image[rows] - np.float32(bias), detector)


def has_light(frame: FlatFrame, darks: dict[str, Dark], border: Border, detector: Figures) -> bool:
    """Whether a frame's level is above that of its dark by more than 5 errors of the mean."""
    image = reduced(frame, darks, detector, slice(None), detector.bias_adu)
    step = stride((image.shape[0], image.shape[1]))
    pixels = image[::step, ::step][interior((image.shape[0], image.shape[1]), border)[::step, ::step]]
    return level(pixels) > 5.0 * sigma(pixels) / math.sqrt(max(pixels.size, 1))


def make_stacks(
    frames: Sequence[FlatFrame], darks: dict[str, Dark], lit: Mask, detector: Figures, shape: tuple[int, int]
) -> tuple[list[Stack], list[float], float]:
    """Stacks by dark and illumination level, small ones joined; level (ADU) of each frame; largest saturated share."""
    step = stride(shape)
    chosen = lit[::step, ::step]
    samples: list[npt.NDArray[np.float32]] = []
    saturated = 0.0
    for frame in frames:
        raw = frame.reader(slice(None))[::step, ::step][chosen]
        saturated = max(saturated, float(np.mean(raw >= detector.saturation_adu)))
        dark = darks[frame.dark].image[::step, ::step][chosen]
        bias = np.float32(detector.bias_adu)
        samples.append(linearise(raw - bias, detector) - linearise(dark - bias, detector))
    levels = [level(sample) for sample in samples]
    stacks = []
    for members in _members(frames):
        wanted = float(np.median([levels[i] for i in members]))
        scaled = [samples[i] * np.float32(wanted / levels[i]) for i in members]
        pixels = _median_of(
            [frames[i] for i in members], [wanted / levels[i] for i in members], darks, detector, shape
        )
        stacks.append(_stack(pixels, wanted, members, [frames[i] for i in members], scaled, detector))
    return stacks, levels, saturated


def _members(frames: Sequence[FlatFrame]) -> list[list[int]]:
    """Frames of each stack: one a dark and illumination level.

    Levels with too few frames are joined to one; if that is still too small it joins the smallest of the others.
    """
    found: dict[tuple[int, str], list[int]] = {}
    for i, frame in enumerate(frames):
        found.setdefault((frame.level_no, frame.dark), []).append(i)
    small = sorted(i for members in found.values() if len(members) < SMALL_STACK for i in members)
    whole = [members for members in found.values() if len(members) >= SMALL_STACK]
    if small and len(small) < SMALL_STACK and whole:
        min(whole, key=len).extend(small)
        return whole
    return whole + ([small] if small else [])


def _median_of(
    frames: Sequence[FlatFrame],
    scales: Sequence[float],
    darks: dict[str, Dark],
    detector: Figures,
    shape: tuple[int, int],
) -> Image:
    image = np.empty(shape, np.float32)
    for rows in bands(shape, len(frames)):
        stack = np.empty((len(frames), rows.stop - rows.start, shape[1]), np.float32)
        for k, (frame, scale) in enumerate(zip(frames, scales, strict=True)):
            np.multiply(
                reduced(frame, darks, detector, rows, detector.bias_adu), np.float32(scale), out=stack[k]
            )
        image[rows] = median(stack)
    return image


def _stack(
    image: Image,
    wanted: float,
    members: list[int],
    frames: Sequence[FlatFrame],
    scaled: Sequence[npt.NDArray[np.float32]],
    detector: Figures,
) -> Stack:
    """A stack with its predicted and measured noise."""
    n = len(frames)
    parts = [frame_variance(detector, wanted, frame.ndit) for frame in frames]
    photon, read = (float(np.mean([part[i] for part in parts])) for i in (0, 1))
    differences = [sigma(after - before) for before, after in pairwise(scaled)]
    measured = float(np.median(differences)) / math.sqrt(2.0) if differences else math.nan
    shares = {
        name: sum(frame.dark == name for frame in frames) / n
        for name in sorted({frame.dark for frame in frames})
    }
    factor = median_variance(n)
    return Stack(
        image, wanted, members, photon * factor, read * factor, measured / math.sqrt(photon + read), shares
    )
