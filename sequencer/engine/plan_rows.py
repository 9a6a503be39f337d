"""The rows of a plan: which frames, how many, at which DIT and level, and how long they take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sequencer.config.models import DetectorConfig, Instrument
from sequencer.engine.shot import Shot


@dataclass(frozen=True)
class PlanRow:
    """One series: what, how often, at which DIT and level; `note` says what will not work. `seconds` it takes.

    `kind` is that of its frames: flat, ladder, dark or bias. Darks have neither filter nor airmass, and level 0.
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

    def plain(self) -> dict[str, Any]:
        """The row for the journal."""
        return asdict(self)


def dark_rows(instrument: Instrument, shots: Mapping[str, Sequence[Shot]]) -> tuple[list[PlanRow], float]:
    """One row for each kind, mode, DIT and NDIT of each camera's darks; and the seconds all take, side by side."""
    rows: list[PlanRow] = []
    longest_s = 0.0
    for camera, own in shots.items():
        alike = Counter((shot.kind, shot.mode, shot.dit_s, shot.ndit) for shot in own)
        mine = [_dark_row(instrument.detectors[camera], *key, n) for key, n in alike.items()]
        rows += mine
        longest_s = max(longest_s, sum(row.seconds for row in mine))
    return rows, longest_s


def _dark_row(detector: DetectorConfig, kind: str, mode: str, dit_s: float, ndit: int, n: int) -> PlanRow:
    seconds = n * (dit_s * ndit + detector.modes[mode].overhead_s)
    return PlanRow(detector.camera, "", None, None, dit_s, ndit, n, 0.0, kind, seconds=seconds)
