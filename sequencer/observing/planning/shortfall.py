"""What falls short in a twilight: fewer frames than asked for, and why."""

from __future__ import annotations

from dataclasses import dataclass

from sequencer.observing.planning.series import Series


@dataclass(frozen=True)
class Shortfall:
    """A series with fewer frames than asked for; `steady`: its light does not change, another hour helps nothing."""

    series: Series
    taken: int
    asked: int
    why: str
    steady: bool = False

    def __str__(self) -> str:
        item = self.series
        what = "ladder in " if item.kind == "ladder" else ""
        return f"{item.camera} {what}{item.filter} at airmass {item.requested_airmass:g}: {self.why}"
