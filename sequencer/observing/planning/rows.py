"""The rows of a plan: which frames, how many, when, at which DIT and level."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class PlanRow:
    """One series of equal frames: what, how often, when, at which DIT and level; `note` says what will not work.

    `kind` is that of its frames: flat, ladder, dark or bias. Darks have neither filter nor airmass, and level 0.
    `predicted_sigma` is the 1 sigma of the level, in full wells as the level itself; `start_s` (Unix, UTC) is None
    where no time is foreseen; `seconds` is how long the series takes.
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

    def plain(self) -> dict[str, Any]:
        """The row for the journal."""
        return asdict(self)
