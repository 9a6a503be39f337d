"""Which darks the flats of a run still want. Pure but for reading headers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sequencer.acquisition.errors import CorruptFile
from sequencer.config.models import Instrument
from sequencer.reduction.frames import DARK, FLAT, LADDER, RawFrame, of_set_ups, raw_files, read_frame
from sequencer.reduction.set_up import Readout


@dataclass(frozen=True, order=True)
class MissingDark:
    """Darks still to be taken: `wanted` more of this read-out."""

    readout: Readout
    wanted: int

    def __str__(self) -> str:
        return f"{self.wanted} darks {self.readout}"


def missing_darks(frames: Iterable[RawFrame], wanted: int = 10) -> list[MissingDark]:
    """Which darks are missing of `wanted` for every read-out (camera, mode, window, DIT, NDIT) of good flats.

    A DIT ladder counts as flats: where a filter has no others its frames make the flat. Shortest DIT first.
    Raises ValueError for `wanted` below 1.
    """
    if wanted < 1:
        raise ValueError(f"{wanted} darks wanted of each read-out")
    good = [frame for frame in of_set_ups(frames) if frame.good]
    there = Counter(frame.key.readout for frame in good if frame.key.kind == DARK)
    lit = {frame.key.readout for frame in good if frame.key.kind in (FLAT, LADDER)}
    return [MissingDark(one, wanted - there[one]) for one in sorted(lit) if there[one] < wanted]


def missing_darks_of_run(run_dir: Path, instrument: Instrument, wanted: int = 10) -> list[MissingDark]:
    """`missing_darks` of a run's raw frames; files that are no sound FITS do not count as darks or flats."""
    frames = []
    for path in raw_files(run_dir):
        try:
            frames.append(read_frame(path, instrument))
        except (CorruptFile, OSError):
            continue
    return missing_darks(frames, wanted)
