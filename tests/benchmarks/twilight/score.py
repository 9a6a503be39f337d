"""The figures of a night of one controller, and of many nights of a scene."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .flats import flat_errors
from .nights import Night, Shot


@dataclass(frozen=True)
class Score:
    """One night: counts, sums over the kept frames of the level error and its square, and flat errors.

    `oracle`, `forecaster` and `most` are the good frames of the bounds in the same night.
    """

    good: int
    wasted: int
    bad_kept: int
    after_end: int
    tried_after: int
    kept: int
    error_sum: float
    error_squares: float
    dits: int
    flat_error: float
    median_error: float
    oracle: int
    forecaster: int
    most: int


@dataclass(frozen=True)
class Bounds:
    """Good frames of those who know more, for one way of choosing a DIT."""

    oracle: int
    forecaster: int
    most: int


def score(night: Night, shots: Sequence[Shot], bounds: Bounds, *, reduce: bool = True) -> Score:
    """Count a night's exposures by what they truly are, and reduce those that were kept."""
    kept = [shot for shot in shots if shot.kept]
    good = sum(shot.flat for shot in kept)
    return Score(
        good,
        len(shots) - good,
        len(kept) - good,
        sum(shot.start_s > night.over_s for shot in shots),
        sum(shot.start_s > night.over_s and not shot.probe for shot in shots),
        len(kept),
        sum(shot.error for shot in kept),
        sum(shot.error**2 for shot in kept),
        len({round(shot.dit_s, 6) for shot in kept}),
        *(flat_errors(night, shots) if reduce else (math.nan, math.nan)),
        bounds.oracle,
        bounds.forecaster,
        bounds.most,
    )


@dataclass(frozen=True)
class Cell:
    """The nights of one controller in one scene, put together."""

    nights: tuple[Score, ...]

    def mean(self, name: str) -> float:
        """Mean of a figure over the nights."""
        return math.fsum(getattr(night, name) for night in self.nights) / len(self.nights)

    def worst(self, name: str) -> float:
        """Largest value of a figure."""
        return float(max(getattr(night, name) for night in self.nights))

    def share(self, of: str) -> float:
        """Good frames over those of a bound."""
        return self.mean("good") / self.mean(of)

    @property
    def bias(self) -> float:
        """Mean relative level error of the kept frames; NaN if there are none."""
        return self.mean("error_sum") / self.mean("kept") if self.mean("kept") else math.nan

    @property
    def rms(self) -> float:
        """Rms relative level error of the kept frames."""
        return math.sqrt(self.mean("error_squares") / self.mean("kept")) if self.mean("kept") else math.nan
