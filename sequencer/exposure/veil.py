"""The cloud between the sky and the detector: how much it takes away, and how soon it may go again."""

from __future__ import annotations

import math

DARKEST = -7.0
"""ln of the transmission of a cloud through which no light was measured: 0.1 %."""

USUAL_MEMORY_S = 200.0
"""Time in which a cloud is expected to go by e before it was watched. Assumed."""

SHORTEST_MEMORY_S = 40.0
"""No cloud is expected to go faster. Assumed."""

USUAL_WEIGHT_S2 = 10.0
"""How much the expectation weighs against what is watched, as depth^2 x time^2. Assumed."""

FORGETTING = 0.97
"""What is left of the weight of older frames with every new one."""


class Veil:
    """ln of what a cloud does to the rate, as last measured; 0 under a clear sky.

    Clouds come and go: their depth is expected to shrink exponentially, at a pace learned from how it changed
    from frame to frame (regression of the change on depth x time).
    """

    def __init__(self) -> None:
        self.depth = 0.0
        self._time_s = 0.0
        self._weight = USUAL_WEIGHT_S2
        self._went = USUAL_WEIGHT_S2 / USUAL_MEMORY_S

    def at(self, time_s: float) -> float:
        """The veil expected at a time."""
        if not self.depth:
            return 0.0
        pace = min(max(self._went / self._weight, 0.0), 1.0 / SHORTEST_MEMORY_S)
        return self.depth * math.exp(-pace * max(time_s - self._time_s, 0.0))

    def measured(self, depth: float, time_s: float) -> None:
        """A frame shows how deep the cloud is; 0 for none."""
        elapsed_s = time_s - self._time_s
        if self.depth > DARKEST and 0.0 < elapsed_s < USUAL_MEMORY_S:
            seen = self.depth * elapsed_s
            self._weight = FORGETTING * self._weight + seen * seen
            self._went = FORGETTING * self._went + seen * (self.depth - depth)
        self.depth, self._time_s = max(depth, DARKEST), time_s
