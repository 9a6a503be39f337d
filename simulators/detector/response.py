"""From collected charge to what is read: saturation, non-linearity and interpixel capacitance."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]

BLOCK_ROWS = 64
"""Rows worked on at once, so that they stay in the processor's cache."""


def saturation_charge(k: float, full_well_e: float) -> float:
    """Charge S at which the measured level S (1 - k S/W) reaches the full well W, above which it stays there.

    Raises ValueError for k outside 0..0.25, where the curve never reaches W.
    """
    if not 0.0 <= k <= 0.25:
        raise ValueError(f"non-linearity {k} is not in 0..0.25")
    if k == 0.0:
        return full_well_e
    return full_well_e * (1.0 - math.sqrt(1.0 - 4.0 * k)) / (2.0 * k)


def measured(charge_e: Pixels, k: float, full_well_e: float) -> None:
    """Replace charge S, at most the saturation charge, by the measured level S (1 - k S/W), in place."""
    charge_e *= np.float32(1.0) - np.float32(k / full_well_e) * charge_e


def couple(signal: Pixels, edge: float, corner: float) -> Pixels:
    """Interpixel capacitance: 4 neighbours see `edge` of a pixel's signal each, 4 diagonal ones `corner`.

    The pixel keeps 1 - 4 (edge + corner). Beyond the frame the outermost pixels are repeated. Returns a new
    array (ny, nx), or the signal itself if nothing couples.
    """
    if edge == 0.0 and corner == 0.0:
        return signal
    rows, columns = signal.shape
    out = np.empty_like(signal)
    wide = np.empty((BLOCK_ROWS + 2, columns + 2), dtype=np.float32)
    for top in range(0, rows, BLOCK_ROWS):
        count = min(BLOCK_ROWS, rows - top)
        block = wide[: count + 2]
        block[1:-1, 1:-1] = signal[top : top + count]
        block[0, 1:-1] = signal[max(top - 1, 0)]
        block[-1, 1:-1] = signal[min(top + count, rows - 1)]
        block[:, 0], block[:, -1] = block[:, 1], block[:, -2]
        _couple_block(block, edge, corner, out[top : top + count])
    return out


def _couple_block(block: Pixels, edge: float, corner: float, out: Pixels) -> None:
    beside = block[:, :-2] + block[:, 2:]
    centre = block[:, 1:-1]
    np.multiply(centre[1:-1], np.float32(1.0 - 4.0 * (edge + corner)), out=out)
    across = beside[1:-1] + centre[:-2]
    across += centre[2:]
    across *= np.float32(edge)
    out += across
    np.add(beside[:-2], beside[2:], out=across)
    across *= np.float32(corner)
    out += across
