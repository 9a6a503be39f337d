"""The time from the question to the opening of the shutter, as measured."""

from __future__ import annotations

import math
from collections import deque
from statistics import median_low

KEPT = 5
"""Openings the median is taken over: a pause in between moves nothing, a slower read-out is followed."""

LONGEST_S = 180.0
"""An opening later than this after the question is a pause or a clock that jumped, not an overhead. Assumed."""


class Overhead:
    """Overhead in s: what one was told, until openings were seen; then their median.

    Raises ValueError for a negative overhead.
    """

    def __init__(self, told_s: float) -> None:
        if not 0.0 <= told_s < math.inf:
            raise ValueError(f"overhead {told_s} s must not be negative")
        self._told_s = told_s
        self._asked_s: float | None = None
        self._seen: deque[float] = deque(maxlen=KEPT)

    @property
    def seconds(self) -> float:
        """The overhead to expect of the next exposure."""
        return median_low(self._seen) if self._seen else self._told_s

    def asked(self, time_s: float) -> None:
        """An exposure was answered at a time."""
        self._asked_s = time_s

    def opened(self, start_s: float) -> None:
        """It began at a time; a second opening for one question does not count."""
        if self._asked_s is not None and 0.0 <= start_s - self._asked_s <= LONGEST_S:
            self._seen.append(start_s - self._asked_s)
        self._asked_s = None
