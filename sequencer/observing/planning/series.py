"""What tells one series of a twilight from the others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Series:
    """Which series: camera, filter, requested airmass, kind of its frames."""

    camera: str
    filter: str
    requested_airmass: float | None
    kind: str

    def __str__(self) -> str:
        ladder = "ladder in " if self.kind == "ladder" else ""
        return f"{self.camera} {ladder}{self.filter} at airmass {self.requested_airmass:g}"
