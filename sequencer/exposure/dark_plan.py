"""The darks a plan of flats needs: every DIT, NDIT and read-out mode used, after the telescope is handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sequencer.exposure.forecast import PlannedFrame
from sequencer.exposure.rows import PlanRow
from sequencer.exposure.wish import FilterWish


@dataclass(frozen=True)
class DarkWish:
    """How many darks of each kind, and how long the detectors are kept dark before, in s. Raises ValueError for
    less than one dark or a negative wait."""

    n: int = 10
    wait_s: float = 300.0

    def __post_init__(self) -> None:
        if self.n < 1 or not self.wait_s >= 0.0:
            raise ValueError(f"no darks: {self}")


def dark_rows(
    rows: Sequence[PlanRow], wishes: Mapping[tuple[str, str], FilterWish], darks: DarkWish, time_s: float
) -> list[PlanRow]:
    """The darks of all frames in `rows`, shortest DIT first, cameras side by side, from `time_s` on.

    `wishes` by camera and filter give mode and overhead.
    """
    planned = []
    for camera in dict.fromkeys(row.camera for row in rows):
        of_camera = [row for row in rows if row.camera == camera]
        kinds = {(frame.dit_s, frame.ndit, row.mode) for row in of_camera for frame in row.frames}
        overheads = {row.mode: wishes[camera, row.filter].overhead_s for row in of_camera}
        opening_s = time_s + darks.wait_s
        for dit_s, ndit, mode in sorted(kinds):
            each_s = dit_s * ndit + overheads[mode]
            frames = tuple(
                PlannedFrame(opening_s + i * each_s, dit_s, ndit, 0.0, 0.0) for i in range(darks.n)
            )
            row = PlanRow(
                camera,
                "",
                0.0,
                0,
                opening_s,
                darks.n * each_s,
                dit_s,
                ndit,
                darks.n,
                0.0,
                0.0,
                "dark",
                mode=mode,
                frames=frames,
            )
            planned.append(row)
            opening_s += row.seconds
    return planned
