"""The linearity of a ladder of frames on disk: `linearity(frames)`, for scripts and for the reduction stage."""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from sequencer.config.models import Instrument
from sequencer.reduction.frames import RawFrame, read_frame
from sequencer.reduction.ladder import LadderFit, Rung, RungStack, fit_ladder, pixel_map
from sequencer.reduction.noise import Figures, figures, frame_variance
from sequencer.reduction.statistics import Image, Mask, level, lit_area, stride


class HasPath(Protocol):
    """Anything that knows where its file is, as the frames a script gets."""

    @property
    def path(self) -> Path:
        """The FITS file."""


@dataclass(frozen=True)
class Linearity:
    """Non-linearity k of m(S) = S (1 - k S / W) of one detector: value, error, and the fit behind it.

    `levels_e` are the measured levels (electrons above bias), one a frame, in the order of time.
    """

    camera: str
    mode: str
    k: float
    k_error: float
    full_well_e: float
    frames: list[str]
    levels_e: list[float]
    level_range: tuple[float, float]
    fit: LadderFit

    def __str__(self) -> str:
        low, high = self.level_range
        return (
            f"{self.camera} {self.mode}: k = {self.k:.4f} +- {self.k_error:.4f} in m(S) = S (1 - k S / W),"
            f" W = {self.full_well_e:.4g} e-\n"
            f"  {len(self.frames)} frames, levels {100 * low:.0f} to {100 * high:.0f} % of full well,"
            f" at full well {100 * self.k:.1f} % below linear\n"
            f"  scatter {100 * self.fit.scatter:.4f} % a frame, drift {100 * self.fit.drift_per_hour:+.2f}"
            f" +- {100 * self.fit.drift_error:.2f} %/h"
        )


def linearity(frames: Iterable[HasPath | Path | str], instrument: Instrument | None = None) -> Linearity:
    """Linearity from the frames of a DIT ladder of one camera: their paths, or anything with a `.path`.

    Without an instrument it is loaded by the frames' INSTRUME. Raises ValueError when the frames are no
    ladder.
    """
    paths = [Path(frame) if isinstance(frame, (str, Path)) else Path(frame.path) for frame in frames]
    if not paths:
        raise ValueError("no frames, no linearity")
    known = instrument or _instrument_of(paths[0])
    return measure([read_frame(path, known) for path in paths])


def _instrument_of(path: Path) -> Instrument:
    from sequencer.config import load_instrument
    from sequencer.reduction.fitsread import read_hdus

    return load_instrument(str(read_hdus(path)[0].cards.get("INSTRUME", "")).lower())


def measure(frames: Sequence[RawFrame], chip: int = 0) -> Linearity:
    """Linearity of one camera's ladder from the mean of its lit pixels. Raises ValueError as `fit_ladder` does."""
    first = frames[0]
    if {(frame.key.camera, frame.key.mode, frame.key.window) for frame in frames} != {
        (first.key.camera, first.key.mode, first.key.window)
    }:
        raise ValueError("a ladder needs frames of one camera, read-out mode and window")
    ordered = sorted(frames, key=lambda frame: (frame.start_s, frame.name))
    detector = figures(first.detector, first.key.mode)
    lit = lit_of(ordered, chip)
    levels = frame_levels(ordered, lit, detector, chip)
    rungs = [_rung(frame, adu, detector, int(lit.sum())) for frame, adu in zip(ordered, levels, strict=True)]
    fit = fit_ladder(rungs, detector.full_well_adu)
    return Linearity(
        first.key.camera,
        first.key.mode,
        fit.k,
        fit.k_error,
        detector.full_well_e,
        [frame.name for frame in ordered],
        [adu * detector.gain_e_adu for adu in levels],
        (min(levels) / detector.full_well_adu, max(levels) / detector.full_well_adu),
        fit,
    )


def lit_of(frames: Sequence[RawFrame], chip: int = 0) -> Mask:
    """The lit pixels of a chip, as the frame with the longest DIT shows them."""
    brightest = max(frames, key=lambda frame: (frame.key.dit_s, frame.name))
    bias = np.float32(figures(brightest.detector, brightest.key.mode).bias_adu)
    return lit_area(brightest.rows(chip) - bias, brightest.border(chip))


def frame_levels(frames: Sequence[RawFrame], lit: Mask, detector: Figures, chip: int = 0) -> list[float]:
    """Level of each frame in ADU above bias: the mean of the same lit pixels in all frames.

    The pixels are chosen once, on a bright frame, so that no frame's noise decides which pixels count in it; what
    is clipped per frame (8 sigma) is hit by something, never the slope of the illumination.
    """
    step = stride((lit.shape[0], lit.shape[1]))
    bright = max(frames, key=lambda frame: (frame.key.dit_s, frame.name)).rows(chip)[::step, ::step]
    low, high = np.percentile(bright[lit[::step, ::step]], [2.0, 98.0])
    chosen = lit[::step, ::step] & (bright >= low) & (bright <= high)
    return [level(frame.rows(chip)[::step, ::step][chosen], 8.0) - detector.bias_adu for frame in frames]


def _rung(frame: RawFrame, level_adu: float, detector: Figures, pixels: int) -> Rung:
    """A frame as the fit sees it; its own error is that of the mean over the pixels."""
    photon, read = frame_variance(detector, level_adu, frame.key.ndit)
    step_pixels = max(min(pixels, 262144), 1)
    own = math.sqrt((photon + read) / step_pixels) / level_adu if level_adu > 0 else math.inf
    return Rung(level_adu, own, frame.key.dit_s, frame.time_s)


def k_map(frames: Sequence[RawFrame], result: Linearity, chip: int = 0) -> tuple[Image, Image, Mask]:
    """k per pixel, its error, and the lit pixels it holds for; `result` is the detector-wide fit of these frames."""
    ordered = sorted(frames, key=lambda frame: (frame.start_s, frame.name))
    detector = figures(ordered[0].detector, result.mode).with_k(result.k, "this ladder")
    lit = lit_of(ordered, chip)
    rungs: dict[tuple[float, int], list[int]] = defaultdict(list)
    for i, frame in enumerate(ordered):
        rungs[frame.key.dit_s, frame.key.ndit].append(i)
    levels = [adu / detector.gain_e_adu for adu in result.levels_e]
    stacks = [
        RungStack(
            [functools.partial(ordered[i].rows, chip) for i in members], [levels[i] for i in members], ndit
        )
        for (_, ndit), members in sorted(rungs.items())
    ]
    k, error = pixel_map(stacks, ordered[0].shape(chip), lit, detector)
    return k, error, lit
