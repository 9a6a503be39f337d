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
    steady: bool

    def __str__(self) -> str:
        return f"{self.series}: {self.why}"
