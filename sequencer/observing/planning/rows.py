"""The rows of a plan: which frames, how many, when, at which DIT and level."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any

from sequencer.observing.planning.dry_run import ThoughtFrame
from sequencer.observing.planning.series import Series


@dataclass(frozen=True)
class PlanRow:
    """One series of equal frames: what, how often, when, at which DIT and level; `note` says what will not work.

    `kind` is that of its frames: flat, ladder, dark or bias. Darks have neither filter nor airmass, and level 0.
    `predicted_sigma` is the 1 sigma of the level, in full wells as the level itself; `start_s` (Unix, UTC) is that of
    the first exposure, None where none is foreseen; `seconds` is how long the exposures take, read-out included.
    """

    camera: str
    filter: str
    airmass: float | None
    requested_airmass: float | None
    dit_s: float
    ndit: int
    n: int
    predicted_fraction: float
    kind: str
    note: str = ""
    seconds: float = 0.0
    start_s: float | None = None
    predicted_sigma: float | None = None

    @property
    def series(self) -> Series:
        """The series the row belongs to."""
        return Series(self.camera, self.filter, self.requested_airmass, self.kind)

    def plain(self) -> dict[str, Any]:
        """The row for the journal."""
        return asdict(self)


def rows_of(blank: PlanRow, frames: Iterable[ThoughtFrame], overhead_s: float) -> list[PlanRow]:
    """The frames of a series as rows of equal DIT and NDIT, each like `blank` in all else.

    Those of a ladder are put together rung by rung, shortest first, whatever the pass.
    """
    ladder = blank.kind == "ladder"
    ordered = sorted(frames, key=_exposure) if ladder else frames
    return [_row(blank, list(alike), overhead_s) for _, alike in groupby(ordered, key=_exposure)]


def _exposure(frame: ThoughtFrame) -> tuple[float, int]:
    return frame.dit_s, frame.ndit


def _row(blank: PlanRow, frames: Sequence[ThoughtFrame], overhead_s: float) -> PlanRow:
    levels, first = sorted(frame.level_fraction for frame in frames), frames[0]
    return replace(
        blank,
        dit_s=first.dit_s,
        ndit=first.ndit,
        n=len(frames),
        predicted_fraction=levels[len(levels) // 2],
        start_s=first.start_s,
        seconds=len(frames) * (first.dit_s * first.ndit + overhead_s),
    )
