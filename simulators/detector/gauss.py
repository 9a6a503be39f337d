"""Normal deviates for whole frames, several times faster than numpy's: a table of 65536 quantiles.

The outermost of the 65536 equally likely cells are drawn exactly, so the tails are those of a normal
distribution; between, a deviate is its cell's middle (4e-5 sigma wide at the centre, 0.1 sigma at 4 sigma).
"""

from __future__ import annotations

from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

LEVELS = 65536


def fill_normal(out: NDArray[np.float32], generator: np.random.Generator) -> None:
    """Fill a contiguous array with independent normal deviates of variance 1."""
    flat = out.reshape(-1)
    words = generator.bit_generator.random_raw(-(-flat.size // 4))
    level = words.view(np.uint16)[: flat.size]
    np.take(_quantiles(), level, out=flat, mode="clip")
    low, high = np.flatnonzero(level == 0), np.flatnonzero(level == LEVELS - 1)
    flat[low] = _tail(generator, len(low))
    flat[high] = -_tail(generator, len(high))


@cache
def _quantiles() -> NDArray[np.float32]:
    normal = NormalDist()
    lower = [normal.inv_cdf((i + 0.5) / LEVELS) for i in range(LEVELS // 2)]
    return np.array([*lower, *(-x for x in reversed(lower))], dtype=np.float32)


def _tail(generator: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Deviates from the lowest 65536th part of the distribution."""
    normal = NormalDist()
    return np.array([normal.inv_cdf((1.0 - u) / LEVELS) for u in generator.random(count)], dtype=np.float32)
