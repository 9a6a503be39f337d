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
