"""One frame of an infrared array: mean over NDIT resets, float32 ADU without pedestal, negatives kept."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sequencer.config.models import ReadoutMode
from simulators.detector.gauss import fill_normal
from simulators.detector.response import BLOCK_ROWS, couple, measured, saturation_charge
from simulators.keyed import keyed_generator

Pixels = NDArray[np.float32]

NEGLIGIBLE_VARIANCE = 1e-3
"""Below this share of the read noise's variance shot noise is left out but in hot pixels (0.05 %)."""

FAINT_E = 50.0
"""Below this mean number of electrons in all DITs together shot noise is Poisson's, above Gauss's."""


@dataclass(frozen=True)
class Readout:
    """How a frame is read: the mode, DIT and NDIT, and the array's non-linearity k and coupling."""

    mode: ReadoutMode
    dit_s: float
    ndit: int
    k: float
    ipc_edge: float
    ipc_corner: float


def infrared_frame(
    expected_e: Pixels, hot: NDArray[np.bool_], readout: Readout, seed: int, key: tuple[object, ...]
) -> Pixels:
    """A frame (ny, nx) in ADU from the expected charge in e- per DIT (used up), light and dark together.

    Order: shot noise, saturation, interpixel capacitance, non-linearity, read noise. `key` names the exposure
    and chip; the same key gives the same bits.
    """
    _shot_noise(expected_e, hot, readout, keyed_generator(seed, *key, "shot noise"))
    charge = np.clip(expected_e, 0.0, saturation_charge(readout.k, readout.mode.full_well_e), out=expected_e)
    frame = couple(charge, readout.ipc_edge, readout.ipc_corner)
    _read(frame, readout, keyed_generator(seed, *key, "read noise"))
    return frame


def _shot_noise(
    expected_e: Pixels, hot: NDArray[np.bool_], readout: Readout, generator: np.random.Generator
) -> None:
    """Add the noise of the mean over NDIT of Poisson counts, in place."""
    mean = float(np.median(expected_e[::7, ::7]))
    if mean < NEGLIGIBLE_VARIANCE * readout.mode.read_noise_e**2:
        expected_e[hot] = generator.poisson(expected_e[hot] * readout.ndit) / readout.ndit
    elif mean * readout.ndit < FAINT_E:
        expected_e[:] = generator.poisson(expected_e * readout.ndit) / readout.ndit
    else:
        _gauss_noise(expected_e, 1.0 / math.sqrt(readout.ndit), generator)


def _gauss_noise(expected_e: Pixels, scale: float, generator: np.random.Generator) -> None:
    for block, noise in _blocks(expected_e):
        fill_normal(noise, generator)
        noise *= np.sqrt(block)
        noise *= np.float32(scale)
        block += noise


def _read(frame: Pixels, readout: Readout, generator: np.random.Generator) -> None:
    """Charge to ADU, in place: non-linearity, read noise of the mean of NDIT reads, gain."""
    sigma = np.float32(readout.mode.read_noise_e / math.sqrt(readout.ndit))
    per_e = np.float32(1.0 / readout.mode.gain_e_adu)
    for block, noise in _blocks(frame):
        fill_normal(noise, generator)
        noise *= sigma
        measured(block, readout.k, readout.mode.full_well_e)
        block += noise
        block *= per_e


def _blocks(pixels: Pixels) -> Iterator[tuple[Pixels, Pixels]]:
    """Rows of the pixels (views), each with an equal piece of working memory."""
    buffer = np.empty((BLOCK_ROWS, pixels.shape[1]), dtype=np.float32)
    for top in range(0, pixels.shape[0], BLOCK_ROWS):
        block = pixels[top : top + BLOCK_ROWS]
        yield block, buffer[: len(block)]
