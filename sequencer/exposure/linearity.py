"""Detector response: from the light that fell in to the level read out, and back.

The model is m(S) = S (1 - k S / W): signal S in electrons, full well W, non-linearity k (3 % assumed for
METIS, where the public simulator only has a "rough guess").
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def respond(signal_e: Any, full_well_e: float, k: float) -> Any:
    """Level in electrons read out for a signal in electrons: m(S) = S (1 - k S / W). Scalars or arrays.

    No clipping at full well. NaN stays NaN. Raises ValueError for a signal beyond W / (2 k), where the model
    turns over, for W not above 0 and for k below 0.
    """
    _check(full_well_e, k)
    signal = _numbers(signal_e)
    if _any(2.0 * k * signal > full_well_e):
        raise ValueError(f"signal beyond {full_well_e / (2.0 * k):.6g} e-, where the response turns over")
    return _as_given(signal * (1.0 - k * signal / full_well_e))


def linearise(level_e: Any, full_well_e: float, k: float) -> Any:
    """Signal in electrons behind a level read out in electrons: the inverse of `respond`. Scalars or arrays.

    S = (W / 2k) (1 - sqrt(1 - 4 k M / W)), written so that nothing cancels for small k or M. NaN stays NaN;
    negative levels (noise about zero) are fine. Raises ValueError for a level beyond W / (4 k), which no
    signal gives, for W not above 0 and for k below 0.
    """
    _check(full_well_e, k)
    level = _numbers(level_e)
    if _any(4.0 * k * level > full_well_e):
        raise ValueError(f"level beyond {full_well_e / (4.0 * k):.6g} e-: no signal gives it")
    return _as_given(2.0 * level / (1.0 + (1.0 - 4.0 * k * level / full_well_e) ** 0.5))


def _check(full_well_e: float, k: float) -> None:
    if not 0.0 < full_well_e < math.inf:
        raise ValueError(f"full well {full_well_e} e- is not above 0")
    if not 0.0 <= k < math.inf:
        raise ValueError(f"non-linearity {k} is below 0")


def _numbers(value: Any) -> Any:
    """A float as it is, as an array of it would cost the controller most of its time; the rest as an array."""
    return value if isinstance(value, float) else np.asarray(value, dtype=float)


def _any(condition: Any) -> bool:
    return condition if isinstance(condition, bool) else bool(np.any(condition))


def _as_given(value: Any) -> Any:
    """Scalar in, scalar out."""
    return float(value) if isinstance(value, float) or np.ndim(value) == 0 else value
