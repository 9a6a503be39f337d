"""Cosmic rays on a CCD: straight tracks of a few pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LENGTH_PX = 5.0
CHARGE_E_PX = 800.0
"""Mean length (exponential) and charge per crossed pixel of a track: about 80 e-/um of path through a thinned
device, 10-15 um a pixel; assumed."""


def add_cosmic_rays(charge: NDArray[np.float32], expected: float, generator: np.random.Generator) -> int:
    """Add a Poisson number of tracks to the charge (ny, nx) in e-, in place; returns how many."""
    count = int(generator.poisson(expected))
    y, x, angle = generator.random((3, count))
    length = 1.0 + generator.exponential(LENGTH_PX, size=count)
    deposit = CHARGE_E_PX * generator.gamma(4.0, 0.25, size=count)
    steps = np.ceil(length).astype(int)
    ray = np.repeat(np.arange(count), steps)
    along = np.arange(len(ray)) - np.repeat(np.cumsum(steps) - steps, steps)
    rows = (y[ray] * charge.shape[0] + along * np.sin(2 * np.pi * angle[ray])).astype(int)
    columns = (x[ray] * charge.shape[1] + along * np.cos(2 * np.pi * angle[ray])).astype(int)
    inside = (rows >= 0) & (rows < charge.shape[0]) & (columns >= 0) & (columns < charge.shape[1])
    np.add.at(charge, (rows[inside], columns[inside]), deposit[ray][inside].astype(np.float32))
    return count
