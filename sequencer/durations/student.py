"""Quantile of Student's t distribution for a 90 % interval."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

COVERAGE = 0.9
"""A forecast's interval is to hold the truth so often."""

NORMAL_95 = 1.6448536
NEARLY_NORMAL = 1000.0
"""From so many degrees of freedom on the quantile is within 0.1 % of the normal one."""


@lru_cache(maxsize=256)
def two_sided(dof: float) -> float:
    """Half the width of the central 90 % interval of Student's t with `dof` (1 or more, any fraction) degrees of
    freedom, to 1e-4.

    With t = sqrt(dof) tan(a) the density is proportional to cos(a)^(dof - 1): its integral is inverted.
    """
    if dof >= NEARLY_NORMAL:
        return NORMAL_95
    angle = np.linspace(0.0, math.pi / 2.0, 20_001)
    density = np.cos(angle) ** (max(dof, 1.0) - 1.0)
    share = np.concatenate([[0.0], np.cumsum(density[1:] + density[:-1])])
    found = float(np.interp(COVERAGE, share / share[-1], angle))
    return math.sqrt(max(dof, 1.0)) * math.tan(found)
