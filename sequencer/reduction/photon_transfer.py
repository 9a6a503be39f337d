"""The gain from pairs of frames: the noise of the light against its level, `gain(frames, linearity)`, for scripts."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from sequencer.config.models import Instrument
from sequencer.reduction.frames import RawFrame
from sequencer.reduction.measure import HasFile, Linearity, read_all
from sequencer.reduction.noise import Figures, linearise
from sequencer.reduction.rungs import lit_of, unsaturated
from sequencer.reduction.statistics import Mask

LIKE_OTHERS = 0.1
"""A pixel counts within this share of the median of a well lit frame: hot, dead and shaded ones do not (assumed)."""
CLIP = 5.0
"""Differences beyond so many standard deviations are no noise; of Gaussian ones that takes 1.5e-5 of the variance."""
DITS = 3
"""Different DITs that make a fit of two unknowns one that can be wrong."""


@dataclass(frozen=True)
class Gain:
    """Gain of one chip in e-/ADU with its error, and the read noise of one DIT in e-, from so many pairs of frames."""

    camera: str
    mode: str
    gain_e_adu: float
    error_e_adu: float
    read_noise_e: float
    pairs: int

    def __str__(self) -> str:
        return (
            f"{self.camera} {self.mode}: {self.gain_e_adu:.4f} +- {self.error_e_adu:.4f} e-/ADU,"
            f" read noise {self.read_noise_e:.1f} e- ({self.pairs} pairs of frames)"
        )


def gain(
    frames: Iterable[HasFile | Path | str], linearity: Linearity, instrument: Instrument | None = None, chip: int = 0
) -> Gain:
    """Gain by photon transfer (Janesick 2001, "Scientific Charge-Coupled Devices", 2.2.8) from the frames of a DIT
    ladder, with light and without; `linearity` is that of the ladder.

    Half the variance of the difference of two frames alike is r^2 + S / g, with S the linear signal; a compressed
    signal has its noise compressed, and interpixel capacitance takes a known share of it. Raises ValueError where the
    frames make no pairs of three different DITs.
    """
    known = read_all(frames, instrument)
    below, _ = unsaturated([frame for frame in known if frame.key.mode == linearity.mode], chip)
    detector = below[0].figures.with_k(linearity.k, "this ladder")
    chosen = _alike(below, chip)
    points = [_point(first, second, chosen, detector, chip) for first, second in _pairs(below)]
    if len({first.key.dit_s for first, _ in _pairs(below)}) < DITS:
        raise ValueError(f"{len(points)} pairs of frames of less than {DITS} DITs give no gain")
    x, y, sigma = (np.array(column) for column in zip(*points, strict=True))
    design = np.stack([np.ones_like(x), x], axis=1) / sigma[:, None]
    cofactor = np.linalg.inv(design.T @ design)
    read_adu2, slope = cofactor @ design.T @ (y / sigma)
    left = (y - read_adu2 - slope * x) / sigma
    worse = max(1.0, float(left @ left) / max(len(points) - 2, 1))
    value = 1.0 / float(slope)
    error = math.sqrt(float(cofactor[1, 1]) * worse) * value**2
    read_noise_e = math.sqrt(max(float(read_adu2), 0.0)) * value
    return Gain(linearity.camera, linearity.mode, value, error, read_noise_e, len(points))


def _alike(frames: Sequence[RawFrame], chip: int) -> Mask:
    """Lit pixels that respond as most do, by the brightest frame."""
    lit = lit_of(frames, chip)
    brightest = max((frame.rows(chip) for frame in frames), key=lambda image: float(np.median(image[lit])))
    usual = float(np.median(brightest[lit]))
    return np.asarray(lit & (np.abs(brightest - usual) < LIKE_OTHERS * usual))


def _pairs(frames: Sequence[RawFrame]) -> Iterator[tuple[RawFrame, RawFrame]]:
    """Frames of the same DIT, NDIT and filter, two by two in the order of time."""
    alike: dict[tuple[float, int, str], list[RawFrame]] = defaultdict(list)
    for frame in frames:
        filter_name = str(frame.primary.get("ESO DRS FILTER", ""))
        alike[frame.key.dit_s, frame.key.ndit, filter_name].append(frame)
    for members in alike.values():
        yield from list(pairwise(members))[::2]


def _point(
    first: RawFrame, second: RawFrame, chosen: Mask, detector: Figures, chip: int
) -> tuple[float, float, float]:
    """What the gain divides, the variance of a frame of one DIT, and the error of that; ADU^2 of a single DIT."""
    one, other = (frame.rows(chip)[chosen].astype(np.float64) for frame in (first, second))
    level = 0.5 * float(np.mean(one) + np.mean(other)) - detector.bias_adu
    signal = float(linearise(max(level, 0.0), detector))
    compression = 1.0 - 2.0 * detector.k * signal / detector.full_well_adu
    difference = one - other
    difference -= np.median(difference)
    difference = difference[np.abs(difference) < CLIP * np.std(difference)]
    variance = 0.5 * first.key.ndit * float(np.var(difference))
    return detector.ipc_noise * signal * compression**2, variance, variance * math.sqrt(2.0 / difference.size)
