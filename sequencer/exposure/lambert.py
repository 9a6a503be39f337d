"""The principal branch of the Lambert W function, W0(x) exp(W0(x)) = x, without scipy."""

from __future__ import annotations

import math

MAX_ITERATIONS = 50
"""Bound of the iteration; it converges cubically, in under ten steps from either starting value."""


def lambert_w0(x: float) -> float:
    """W0(x) for -1/e <= x < inf to about 1e-14 relative, by Halley's iteration.

    Near the branch point -1/e half the digits are lost, as the function has a square root there. Raises
    ValueError below -1/e, for infinity and NaN.
    """
    if not -1.0 / math.e <= x < math.inf:
        raise ValueError(f"Lambert W0 is not defined for {x}")
    w = _start(x)
    for _ in range(MAX_ITERATIONS):
        exp_w = math.exp(w)
        error = w * exp_w - x
        slope = exp_w * (w + 1.0)
        if error == 0.0 or slope == 0.0:
            break
        step = error / (slope - (w + 2.0) * error / (2.0 * w + 2.0))
        w -= step
        if abs(step) <= 1e-15 * abs(w):
            break
    return w


def _start(x: float) -> float:
    """A first guess: the series about the branch point below 0, logarithms above (Corless et al. 1996)."""
    if x < 0.0:
        p = math.sqrt(max(2.0 * (math.e * x + 1.0), 0.0))
        return -1.0 + p - p * p / 3.0
    logarithm = math.log1p(x)
    return logarithm - math.log1p(logarithm) * logarithm / (1.0 + logarithm)
