"""Waiting: whether the Sun is still on its way to the limit one waits for, and how long the sky has been waited for."""

from __future__ import annotations

TURN_DEG = 0.05
"""How far the Sun must have come back from its extreme; far above the ephemeris' noise. Assumed."""

LONGEST_GAP_S = 1800.0
"""Questions further apart than this, or back in time, belong to no course of the Sun and no wait: a clock jumped."""


class SunWatch:
    """Sees the Sun turn, as in high latitudes: at dusk from sinking to rising, at dawn from rising to sinking."""

    def __init__(self, direction: str) -> None:
        self._sign = -1.0 if direction == "EVENING" else 1.0
        self._time_s = 0.0
        self._first_deg: float | None = None
        self._extreme_deg = 0.0

    def turned(self, time_s: float, sun_altitude_deg: float) -> bool:
        """Take in where the Sun is; whether it has moved the right way and come back since."""
        course_deg = self._sign * sun_altitude_deg
        if self._first_deg is None or not 0.0 <= time_s - self._time_s <= LONGEST_GAP_S:
            self._first_deg = self._extreme_deg = course_deg
        self._time_s = time_s
        self._first_deg = min(self._first_deg, course_deg)
        if course_deg <= self._first_deg:
            self._extreme_deg = course_deg
        self._extreme_deg = max(self._extreme_deg, course_deg)
        moved = self._extreme_deg - self._first_deg > TURN_DEG
        return moved and self._extreme_deg - course_deg > TURN_DEG


class Patience:
    """Counts the time between questions answered with a wait for the sky, until an exposure ends it."""

    def __init__(self) -> None:
        self._since_s: float | None = None
        self.waited_s = 0.0

    def asked(self, time_s: float, *, waiting: bool) -> None:
        """A question at a time, and whether its answer is to wait for the sky."""
        if self._since_s is not None and 0.0 <= time_s - self._since_s <= LONGEST_GAP_S:
            self.waited_s += time_s - self._since_s
        self._since_s = time_s if waiting else None

    def exposed(self) -> None:
        """An exposure was taken."""
        self._since_s, self.waited_s = None, 0.0
