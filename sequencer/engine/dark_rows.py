"""The rows of a plan of darks: which frames, how many, at which DIT, and how long they take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from sequencer.config.models import DetectorConfig, Instrument
from sequencer.engine.shot import Shot
from sequencer.observing.planning import PlanRow


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
