"""How long work will take: what is expected, and the interval that is right nine times out of ten."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from sequencer.durations.effects import Effect, Part, degrees, variance_parts
from sequencer.durations.runs import RunDurations, Spread
from sequencer.durations.student import two_sided

LEAST_HALF_WIDTH_S = 0.5
"""Where anything is to be done the interval is at least twice this: what always took the same may take a moment more.
Assumed."""


@dataclass(frozen=True)
class Work:
    """What is to be done: seconds that are certain (integrations, prescribed waits), and steps by kind."""

    fixed_s: float = 0.0
    counts: Mapping[str, float] = field(default_factory=dict)

    def __add__(self, other: Work) -> Work:
        """One after the other."""
        counts = Counter(self.counts)
        counts.update(other.counts)
        return Work(self.fixed_s + other.fixed_s, dict(counts))


@dataclass(frozen=True)
class Forecast:
    """Seconds until something is over: expected, and the ends of the 90 % interval.

    `runs` is how many earlier runs taught the least known of its steps; 0: some figure is the instrument file's,
    its spread assumed.
    """

    expected_s: float
    low_s: float
    high_s: float
    runs: int | None = None

    def then(self, other: Forecast) -> Forecast:
        """This, and after it the other, which is independent of it."""
        down_s = math.hypot(self.expected_s - self.low_s, other.expected_s - other.low_s)
        up_s = math.hypot(self.high_s - self.expected_s, other.high_s - other.expected_s)
        expected_s = self.expected_s + other.expected_s
        low_s = max(expected_s - down_s, min(expected_s, 0.0))
        told = [runs for runs in (self.runs, other.runs) if runs is not None]
        return Forecast(expected_s, low_s, expected_s + up_s, min(told, default=None))

    def not_before(self, time_s: float) -> Forecast:
        """The same where it is not over before `time_s`: what is early waits."""
        return self._each(lambda seconds: max(seconds, time_s))

    def at_most(self, time_s: float) -> Forecast:
        """The same where it is broken off at `time_s`."""
        return self._each(lambda seconds: min(seconds, time_s))

    def _each(self, change: Callable[[float], float]) -> Forecast:
        return Forecast(change(self.expected_s), change(self.low_s), change(self.high_s), self.runs)


NOTHING = Forecast(0.0, 0.0, 0.0)


class Durations:
    """What earlier runs taught, by run id; `figures` are the instrument's own, in s, for what nobody has learned."""

    def __init__(self, runs: Mapping[str, RunDurations], figures: Mapping[str, float]) -> None:
        self._runs = runs
        self._figures = figures

    def mean_s(self, key: str, otherwise_s: float = 0.0) -> float:
        """How long one step of a kind takes, as runs taught or the instrument's figure; else `otherwise_s`."""
        return self.effect(key).mean_s if self.known(key) or key in self._figures else otherwise_s

    def known(self, key: str) -> bool:
        """Whether a run taught it."""
        return key in self._spreads

    def effect(self, key: str) -> Effect:
        """A kind of step, as the runs have it, or the instrument file."""
        if key in self._spreads:
            return Effect.learned(self._spreads[key])
        return Effect(self._figures.get(key, 0.0))

    def forecast(self, work: Work, fainter_s: float = 0.0, brighter_s: float = 0.0) -> Forecast:
        """How long work takes; with so much more (less if negative) in a sky 1 sigma fainter and brighter."""
        steps = [(self.effect(key), count) for key, count in work.counts.items() if count]
        parts = variance_parts(steps)
        expected_s = work.fixed_s + sum(count * effect.mean_s for effect, count in steps)
        least_s = LEAST_HALF_WIDTH_S if steps else 0.0
        down_s, up_s = (
            max(_half_width([*parts, Part(away_s**2)]), least_s)
            for away_s in (max(-fainter_s, -brighter_s, 0.0), max(fainter_s, brighter_s, 0.0))
        )
        runs = [effect.runs for effect, _ in steps if effect.mean_s]
        low_s = max(expected_s - down_s, min(expected_s, 0.0))
        return Forecast(expected_s, low_s, expected_s + up_s, min(runs, default=None))

    @cached_property
    def _spreads(self) -> dict[str, dict[str, Spread]]:
        found: dict[str, dict[str, Spread]] = {}
        for name, run in self._runs.items():
            for key, spread in run.items():
                found.setdefault(key, {})[name] = spread
        return found


def _half_width(parts: list[Part]) -> float:
    variance = sum(part.variance_s2 for part in parts)
    return two_sided(round(degrees(parts), 2)) * math.sqrt(variance) if variance > 0.0 else 0.0
