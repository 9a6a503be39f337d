"""What a block wishes for, filter by filter, and the series of exposures that come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sequencer.exposure.dit_list import DitList
from sequencer.exposure.estimator import RatePrior
from sequencer.exposure.limits import DetectorLimits
from sequencer.exposure.plan import LevelPlan

SeriesKind = Literal["flat", "ladder"]

Key = tuple[str, str, float, str]
"""Camera, filter, airmass and kind of a series."""


@dataclass(frozen=True)
class FilterWish:
    """One filter of one camera: what is wished of it and what is believed of it.

    `mode` names the read-out mode `limits` belong to, `overhead_s` is the time between two exposures.
    """

    camera: str
    filter: str
    mode: str
    limits: DetectorLimits
    prior: RatePrior
    plan: LevelPlan
    overhead_s: float
    dit_list: DitList | None = None


@dataclass(frozen=True)
class Series:
    """`n` exposures of one filter at one airmass, the `level`th of the block (from 1).

    Of a ladder `n` counts the passes.
    """

    camera: str
    filter: str
    airmass: float
    level: int
    n: int
    kind: SeriesKind = "flat"

    @property
    def key(self) -> Key:
        """What tells the series from the others of a block."""
        return self.camera, self.filter, self.airmass, self.kind


def all_series(
    wishes: Sequence[FilterWish],
    airmasses: Sequence[float],
    n: int,
    ladders: Mapping[str, str] | None = None,
    passes: int = 2,
) -> list[Series]:
    """Every series of a block: each filter at each airmass, and at the first airmass a DIT ladder, after its flats.

    `ladders` maps a camera to the filter its ladder is taken in. In LADDER mode every series is one of `n` passes.
    """
    series = []
    for level, airmass in enumerate(airmasses, start=1):
        for wish in wishes:
            kind: SeriesKind = "ladder" if wish.plan.mode == "LADDER" else "flat"
            series.append(Series(wish.camera, wish.filter, airmass, level, n, kind))
        if level == 1:
            extra = (ladders or {}).items()
            series += [Series(camera, name, airmass, level, passes, "ladder") for camera, name in extra]
    return series
