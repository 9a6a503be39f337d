"""How long one has waited for the sky: in time, however often one asked."""

from __future__ import annotations

LONGEST_GAP_S = 1800.0
"""Questions further apart than this, or back in time, are no wait: a clock jumped."""


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
