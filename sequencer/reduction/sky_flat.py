"""The flat of the sky from flats on disk that carry the thermal floor predicted for them. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sequencer.reduction.mixture import Mixture
from sequencer.reduction.noise import Figures, frame_variance
from sequencer.reduction.separation import Map, Separation, separate_rows
from sequencer.reduction.stacks import Dark, FlatFrame, reduced
from sequencer.reduction.statistics import Image, Mask


def sky_flat(
    frames: Sequence[FlatFrame],
    levels_adu: Sequence[float],
    darks: dict[str, Dark],
    lit: Mask,
    detector: Figures,
) -> Separation | None:
    """Sky and floor of flats separated; None for fewer than two frames or a frame without a predicted floor.

    `levels_adu` are the frames' levels, linear and without dark. Saturated pixels do not count.
    """
    if len(frames) < 2 or any(math.isnan(frame.floor_e_s) for frame in frames):
        return None
    dits = np.array([frame.dit_s for frame in frames])
    rates = np.array(levels_adu) / dits
    floor = np.array([frame.floor_e_s for frame in frames]) / detector.gain_e_adu
    variances = [
        sum(frame_variance(detector, level, frame.ndit))
        for frame, level in zip(frames, levels_adu, strict=True)
    ]
    mixture = Mixture.of(rates - floor, floor, np.square(dits) / variances)

    def reader(rows: slice) -> Map:
        return np.stack([_rates(frame, darks, detector, rows) for frame in frames])

    return separate_rows(reader, mixture, lit)


def _rates(frame: FlatFrame, darks: dict[str, Dark], detector: Figures, rows: slice) -> Image:
    """Rows of a frame in ADU/s, NaN where saturated."""
    saturated = frame.reader(rows) >= detector.saturation_adu
    rates = reduced(frame, darks, detector, rows, detector.bias_adu) / np.float32(frame.dit_s)
    rates[saturated] = np.nan
    return rates


def dark_variance(
    separation: Separation, frames: Sequence[FlatFrame], levels_adu: Sequence[float], darks: dict[str, Dark]
) -> Image:
    """What the errors of the darks add to the variance of the sky's flat; a dark errs alike in all its frames."""
    variance = np.zeros(separation.sky.shape, np.float32)
    for name, dark in darks.items():
        share = sum(
            float(counts) / level
            for frame, level, counts in zip(frames, levels_adu, separation.frame_shares, strict=True)
            if frame.dark == name
        )
        variance += np.float32(share**2) * np.square(dark.error)
    return variance
