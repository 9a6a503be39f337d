"""The darks that match a twilight's frames: one series for each DIT, NDIT and read-out mode used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sequencer.observing.planning.dry_run import ThoughtDetector
from sequencer.observing.planning.programme import Programme
from sequencer.observing.planning.rows import PlanRow


def dark_rows(
    programme: Programme, rows: Sequence[PlanRow], camera: str, detector: ThoughtDetector
) -> Iterator[PlanRow]:
    """The darks for the `rows` of a camera, shortest first; they have no time yet."""
    modes = {wish.filter: wish.mode for wish in programme.wishes if wish.camera == camera}
    used = {(row.dit_s, row.ndit, modes[row.filter]) for row in rows if row.camera == camera and row.n}
    n = programme.darks
    for dit_s, ndit, _ in sorted(used):
        seconds = detector.settled_s(dit_s, ndit) + n * (dit_s * ndit + detector.overhead_s)
        yield PlanRow(camera, "", None, None, dit_s, ndit, n, 0.0, "dark", seconds=seconds)
