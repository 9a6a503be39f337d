"""Random effects: each run has its own mean of each kind of step, each single step its own scatter about it.

The means of several kinds may go up and down together from run to run (a cold night, a slow network), so it is the
runs' totals of the work to come whose scatter is looked at.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sequencer.durations.runs import Spread

ASSUMED_SIGMA = 0.5
"""Relative 1 sigma of the figure of an instrument file, from which nobody has learned yet. Assumed: METIS is planned
with presets of 180 s, its simulator takes 23 to 104 s."""

BETWEEN_RUNS_SIGMA = 0.1
"""Relative 1 sigma from one run to another while fewer than `ENOUGH_RUNS` tell. Assumed."""

LEAST_SHARE = 1.0 / 3.0
"""At least this share of what the scatter of single steps alone would give is the variance of a forecast.

The scatter of few runs may by chance be far below it. The whole of it (1) would be right 96 times out of 100 after
three runs, none of it (0) would promise certainty now and then; measured by tests/durations.
"""

ENOUGH_RUNS = 3
"""From so many runs on their own scatter is believed: with two its uncertainty would be a factor of 6."""


@dataclass(frozen=True)
class Part:
    """One part of a variance (s^2; may be negative) with the degrees of freedom it is known by."""

    variance_s2: float
    dof: float = math.inf


@dataclass(frozen=True)
class Effect:
    """A kind of step: expected `mean_s`; `means_s` are those of the runs (none: a figure of the instrument).

    `within_s2` is the variance within a run, `within_dof` its degrees of freedom, `per_run` the mean of 1/n.
    """

    mean_s: float
    means_s: Mapping[str, float] = field(default_factory=dict)
    within_s2: float = 0.0
    within_dof: int = 0
    per_run: float = 0.0

    @property
    def runs(self) -> int:
        """How many runs taught it."""
        return len(self.means_s)

    @classmethod
    def learned(cls, spreads: Mapping[str, Spread]) -> Effect:
        """From what was kept of one or more runs; each run counts the same."""
        runs, kept = len(spreads), spreads.values()
        within_dof = sum(one.n - 1 for one in kept)
        squares = sum((one.n - 1) * one.sd_s**2 for one in kept)
        return cls(
            sum(one.mean_s for one in kept) / runs,
            {run: one.mean_s for run, one in spreads.items()},
            squares / within_dof if within_dof else 0.0,
            within_dof,
            sum(1.0 / one.n for one in kept) / runs,
        )


Counted = Sequence[tuple[Effect, float]]
"""Kinds of steps, and how many of each are to come in one run."""


def variance_parts(work: Iterable[tuple[Effect, float]]) -> list[Part]:
    """The variance of the sum of all these steps about its expectation; steps are (kind, how many)."""
    groups: defaultdict[frozenset[str], list[tuple[Effect, float]]] = defaultdict(list)
    for effect, count in work:
        groups[frozenset(effect.means_s)].append((effect, count))
    return [part for runs, own in groups.items() for part in _group_parts(len(runs), own)]


def _group_parts(runs: int, work: Counted) -> list[Part]:
    """Of kinds that the same runs taught.

    With B the variance of the runs' totals, W_k that of a step within a run and 1/n_k the mean over the runs, the
    totals of the runs' means scatter by S = B + sum(c_k^2 W_k/n_k), and the total to come about their mean by
    B + sum(c_k W_k) + S/runs = S (1 + 1/runs) + sum((c_k - c_k^2/n_k) W_k).
    """
    if not runs:
        return [Part((ASSUMED_SIGMA * effect.mean_s * count) ** 2) for effect, count in work]
    scatter = _scatter_s2(runs, work)
    found = [Part(scatter * (1.0 + 1.0 / runs), runs - 1 if runs >= ENOUGH_RUNS else math.inf)]
    for effect, count in work:
        if effect.within_dof:
            found.append(Part((count - count**2 * effect.per_run) * effect.within_s2, effect.within_dof))
    least = LEAST_SHARE * sum(c * one.within_s2 * (1.0 + c * one.per_run / runs) for one, c in work)
    if sum(part.variance_s2 for part in found) < least:
        return [Part(least, sum(effect.within_dof for effect, _ in work))]
    return found


def _scatter_s2(runs: int, work: Counted) -> float:
    """How much the runs' means scatter, as totals of the work; of few runs at least as assumed."""
    apart: defaultdict[str, float] = defaultdict(float)
    for effect, count in work:
        for run, mean_s in effect.means_s.items():
            apart[run] += count * (mean_s - effect.mean_s)
    seen = sum(away_s**2 for away_s in apart.values()) / (runs - 1) if runs > 1 else 0.0
    if runs >= ENOUGH_RUNS:
        return seen
    assumed = sum(
        count**2 * ((BETWEEN_RUNS_SIGMA * effect.mean_s) ** 2 + effect.per_run * effect.within_s2)
        for effect, count in work
    )
    return max(seen, assumed)


def degrees(parts: Sequence[Part]) -> float:
    """Degrees of freedom of the sum of variances, at least 1 (Welch 1947, Satterthwaite 1946)."""
    total = sum(part.variance_s2 for part in parts)
    unsure = sum(part.variance_s2**2 / part.dof for part in parts)
    return max(total**2 / unsure, 1.0) if unsure > 0.0 else math.inf
