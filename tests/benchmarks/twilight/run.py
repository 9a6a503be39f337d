"""The same nights for every controller, in one run."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from . import bounds, ours
from .nights import Night, Scene, Shot
from .nights import scenes as everybody
from .score import Bounds, Cell, Score, score

FREE, LISTED, ORACLE, FORECASTER = "ours, free DIT", "ours, DIT list", "oracle", "ideal forecaster"

Observer = Callable[[Night], list[Shot]]


@dataclass
class Results:
    """Scores by scene and controller, how long our answers took in s, and how our nights ended."""

    scenes: list[Scene]
    seeds: list[int]
    scores: dict[tuple[Scene, str], list[Score]] = field(default_factory=dict)
    watch: ours.Watch = field(default_factory=ours.Watch)

    def cell(self, scene: Scene, name: str, seed: int | None = None) -> Cell:
        """The nights of a controller in a scene, or one of them."""
        scores = self.scores[scene, name]
        return Cell(tuple(scores) if seed is None else (scores[self.seeds.index(seed)],))

    @property
    def names(self) -> list[str]:
        """The controllers, in the order they were run."""
        return list(dict.fromkeys(name for _, name in self.scores))

    @property
    def answer_us(self) -> float:
        """Median time of an answer of ours."""
        return 1e6 * statistics.median(self.watch.answers_s)


def run(
    scenes: Sequence[Scene], seeds: Sequence[int], peers: Mapping[str, Observer], watch: ours.Watch
) -> Results:
    """Every controller on every night; `peers` by name."""
    results = Results(list(scenes), list(seeds), watch=watch)
    for scene in scenes:
        for seed in seeds:
            _night(Night(scene, seed), peers, results)
    return results


def _night(night: Night, peers: Mapping[str, Observer], results: Results) -> None:
    best, known = bounds.oracle(night), bounds.forecaster(night)
    # Only behind clouds does a list cost the forecaster frames.
    listed = bounds.forecaster(night, ours.DITS) if night.scene.clouds else known
    most = 0 if night.scene.clouds else bounds.most_flats(night)
    taken = {
        FREE: ours.observe(night, results.watch),
        LISTED: ours.observe(night, results.watch, listed=True),
        FORECASTER: known,
        ORACLE: best,
        **{name: observe(night) for name, observe in peers.items()},
    }
    for name, shots in taken.items():
        forecast = _good(listed if name == LISTED else known)
        reduce = name != FORECASTER and _reduced(night.scene)
        scored = score(night, shots, Bounds(_good(best), forecast, most), reduce=reduce)
        results.scores.setdefault((night.scene, name), []).append(scored)


def _reduced(scene: Scene) -> bool:
    """Whether master flats are made: of the nights nobody tuned for only where stars are in the frames."""
    return scene.plain or scene in everybody() or bool(scene.stars)


def _good(shots: Sequence[Shot]) -> int:
    return sum(shot.flat and shot.kept for shot in shots)
