"""How the sky departs from its law: by how much, how far it usually does, and how long it lasts."""

from __future__ import annotations

import math

DARKEST = -7.0
"""ln of the transmission of a cloud through which no light was measured: 0.1 %."""

DEEPEST = 1.0
"""|departure| beyond which a cloud is thick: how thick says nothing of how far and how fast a sky wanders. Assumed."""

MEMORIES_S = (4.0, 40.0, 160.0, 640.0)
"""Times in which a departure may go by e: cirrus faster than a read-out to a haze that stays."""

USUAL_MEMORY_S = 160.0
"""The one expected before it was watched, at odds of e^2 against any other. Assumed."""

USUAL_SIGMA, USUAL_FRAMES = 0.15, 3.0
"""rms of the departures, and how many frames it weighs like, against what is watched. Assumed."""

FORGETTING = 0.97
"""What is left of the weight of older frames with every new one."""

CALM_SIGMA = 0.02
"""rms of the departures below which the sky follows its law again. Assumed."""


class Weather:
    """ln of the sky over its law as last measured (0: it follows it), a process that returns to 0 by e in `memory_s`.

    The memory is the likeliest of `MEMORIES_S` for an Ornstein-Uhlenbeck process of what was watched. Once the sky was
    brighter than its law (`both`), the law is that of the mean sky, and what was known of it of one moment only.
    """

    def __init__(self) -> None:
        self.departure = 0.0
        self.both = False
        self._calm()

    def _calm(self) -> None:
        self._time_s = -math.inf
        self._frames = self._squares = 0.0
        self._scores = [[0.0, 0.0 if memory_s == USUAL_MEMORY_S else 4.0] for memory_s in MEMORIES_S]
        self.memory_s = USUAL_MEMORY_S

    @property
    def sigma(self) -> float:
        """rms of the departures; 0 in a sky that follows its law."""
        if not self._frames:
            return 0.0
        return math.sqrt(self._squares / self._frames)

    def at(self, time_s: float) -> float:
        """The departure expected at a time."""
        return self.departure * math.exp(-max(time_s - self._time_s, 0.0) / self.memory_s) if self.departure else 0.0

    def change_sigma(self, time_s: float) -> float:
        """1 sigma of what will have come beside that by a time."""
        kept = math.exp(-2.0 * max(time_s - self._time_s, 0.0) / self.memory_s)
        return self.sigma * math.sqrt(1.0 - kept)

    def variance_at(self, time_s: float) -> float:
        """Variance of a frame at a time as a measurement of the law: that of so many which repeat each other."""
        kept = math.exp(-max(time_s - self._time_s, 1.0) / self.memory_s)
        return self.sigma**2 * (1.0 + kept) / (1.0 - kept)

    def wander(self) -> None:
        """The law was that of no clear sky: from here on it is that of the mean one."""
        self.both = True

    def measured(self, departure: float, time_s: float) -> None:
        """A frame shows how far the sky is from its law."""
        departure = max(departure, DARKEST)
        if not (departure or self._frames):
            return
        self._weigh(departure, max(time_s - self._time_s, 0.0))
        self._frames = FORGETTING * self._frames + 1.0
        self._squares = FORGETTING * self._squares + _bounded(departure) ** 2
        self.departure, self._time_s = departure, time_s
        if self.sigma < CALM_SIGMA:
            self.departure, self.both = 0.0, False
            self._calm()

    def _weigh(self, departure: float, elapsed_s: float) -> None:
        """Likelihood of every memory: squares over the innovation's variance, and the logarithm of that."""
        if 0.0 < elapsed_s < math.inf:
            for memory_s, score in zip(MEMORIES_S, self._scores, strict=True):
                kept = math.exp(-elapsed_s / memory_s)
                free = 1.0 - kept * kept + 1e-6
                score[0] = FORGETTING * score[0] + (_bounded(departure) - kept * _bounded(self.departure)) ** 2 / free
                score[1] = FORGETTING * score[1] + math.log(free)
        frames = USUAL_FRAMES + self._frames
        usual = USUAL_FRAMES * USUAL_SIGMA**2
        costs = [frames * math.log((squares + usual) / frames) + logs for squares, logs in self._scores]
        self.memory_s = MEMORIES_S[costs.index(min(costs))]


def _bounded(departure: float) -> float:
    return min(max(departure, -DEEPEST), DEEPEST)
