"""What our controller has to reach, and what the best of the others reach where it is measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .nights import Scene
from .run import FORECASTER, FREE, LISTED, ORACLE, Results
from .score import Cell

ANSWER_US = 100.0
"""Median CPU time of `ExposureController.next` that is allowed."""


@dataclass(frozen=True)
class Target:
    """A figure of ours with its limit, in the scenes where it is wanted.

    `least`: whether the limit is a minimum; `theirs`: what to show of the others, if not the same figure.
    """

    text: str
    figure: Callable[[Cell], float]
    limit: float
    where: Callable[[Scene], bool]
    names: tuple[str, ...] = (FREE, LISTED)
    least: bool = False
    unit: str = "%"
    theirs: Callable[[Cell], float] | None = None

    def met(self, value: float) -> bool:
        """Whether a value is within the limit; NaN is not."""
        return value >= self.limit if self.least else value <= self.limit

    def shown(self, value: float) -> str:
        """A value with its unit."""
        return f"{100.0 * value:.3g} %" if self.unit == "%" else f"{value:.3g}"


def _plain(*overheads: float) -> Callable[[Scene], bool]:
    return lambda scene: scene.plain and (not overheads or scene.overhead_s in overheads)


def _share(of: str) -> Callable[[Cell], float]:
    return lambda cell: cell.share(of)


def _clouds(scene: Scene) -> bool:
    return scene.clouds in ("thin", "thick")


def _passing(scene: Scene) -> bool:
    return scene.clouds in ("thin passing", "thick passing", "slow")


def _believed(scene: Scene) -> bool:
    return scene.believed != 1.0


def _others(scene: Scene) -> bool:
    return bool(scene.stars or scene.lies or scene.flashes or not scene.told)


def _worst(cell: Cell) -> float:
    return min(night.good / night.forecaster for night in cell.nights)


def _floor(scene: Scene) -> bool:
    return scene.floor and scene.told


def _sure(scene: Scene) -> bool:
    """Whether it ends without a look: behind clouds and after flashes only that tells."""
    return not (scene.clouds or scene.flashes)


def _one_way(scene: Scene) -> bool:
    """Whether its weather does not come back: nobody knows which flat is the last of a sky that wanders both ways."""
    return not (scene.weather and scene.weather.both)


def _any(scene: Scene) -> bool:
    return True


TARGETS = (
    Target("good frames / oracle, clear, 5 s", _share("oracle"), 0.98, _plain(5.0), least=True),
    Target("good frames / oracle, clear, 16 s", _share("oracle"), 0.98, _plain(16.0), least=True),
    Target("good frames / oracle, clouds, free DIT", _share("oracle"), 0.88, _clouds, (FREE,), least=True),
    Target("good frames / ideal forecaster, clouds", _share("forecaster"), 0.97, _clouds, least=True),
    Target("rms level error, clear, free DIT", lambda cell: cell.rms, 0.015, _plain(), (FREE,)),
    Target("rms level error, clear, DIT list", lambda cell: cell.rms, 0.045, _plain(), (LISTED,)),
    Target("bias, clear, DIT list", lambda cell: abs(cell.bias), 0.01, _plain(), (LISTED,)),
    Target(
        "distinct DITs of a night, DIT list", lambda cell: cell.worst("dits"), 25, _any, (LISTED,), unit=""
    ),
    Target("exposures after the useful twilight", lambda cell: cell.worst("after_end"), 0, _sure, unit=""),
    Target("flats tried after the useful twilight", lambda cell: cell.worst("tried_after"), 0, _one_way, unit=""),
    Target("frames kept though bad", lambda cell: cell.worst("bad_kept"), 0, _any, unit=""),
    Target("wasted exposures, clear", lambda cell: cell.mean("wasted"), 4, _plain(), unit=""),
    Target("good frames / ideal forecaster, clouds of both signs", _share("forecaster"), 0.97, _passing, least=True),
    Target("the same, worst night", _worst, 0.85, _passing, least=True),
    Target("good frames / ideal forecaster, wrong priors", _share("forecaster"), 0.97, _believed, least=True),
    Target("the same, worst night", _worst, 0.90, _believed, least=True),
    Target(
        "good frames / ideal forecaster, stars, lies, flashes, untold floor",
        _share("forecaster"),
        0.97,
        _others,
        least=True,
    ),
    Target(
        "rms error of the flat, thermal floor (others: normalise and median)",
        lambda cell: cell.mean("flat_error"),
        0.0015,
        _floor,
        theirs=lambda cell: cell.mean("median_error"),
    ),
)


@dataclass(frozen=True)
class Outcome:
    """What was reached for a target: values of ours by (scene, controller), and of the others."""

    target: Target
    ours: dict[tuple[Scene, str], float]
    others: dict[tuple[Scene, str], float]

    @property
    def missed(self) -> dict[tuple[Scene, str], float]:
        """The values of ours outside the limit."""
        return {where: value for where, value in self.ours.items() if not self.target.met(value)}

    @property
    def best_others(self) -> list[float]:
        """The best value of the others in each scene."""
        best = max if self.target.least else min
        by_scene: dict[Scene, list[float]] = {}
        for (scene, _), value in self.others.items():
            by_scene.setdefault(scene, []).append(value)
        return [best(values) for values in by_scene.values()]


def outcomes(results: Results, targets: Sequence[Target] = TARGETS) -> list[Outcome]:
    """Every target with what was reached."""
    return [_outcome(results, target) for target in targets]


def _outcome(results: Results, target: Target) -> Outcome:
    peers = [name for name in results.names if name not in (FREE, LISTED, ORACLE, FORECASTER)]
    return Outcome(
        target,
        _values(results, target, target.names, target.figure),
        _values(results, target, peers, target.theirs or target.figure),
    )


def _values(
    results: Results, target: Target, names: Sequence[str], figure: Callable[[Cell], float]
) -> dict[tuple[Scene, str], float]:
    scenes = [scene for scene in results.scenes if target.where(scene)]
    return {(scene, name): figure(results.cell(scene, name)) for scene in scenes for name in names}


def missing_nights(results: Results, outcome: Outcome) -> list[tuple[Scene, str, int, float]]:
    """Of the missed values, the nights outside the limit: scene, controller, seed, value."""
    found = []
    for scene, name in outcome.missed:
        for seed in results.seeds:
            value = outcome.target.figure(results.cell(scene, name, seed))
            if not outcome.target.met(value):
                found.append((scene, name, seed, value))
    return found
