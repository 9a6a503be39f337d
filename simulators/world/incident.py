"""What fell on a detector during one exposure."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.world.light import Collected
from simulators.world.persistence import PersistenceEvent
from simulators.world.stars import StarImage


@dataclass(frozen=True)
class Light:
    """What fell on a detector in one exposure, per DIT: light by filter, stars, and earlier events' charge.

    `leak_e` is what came through cover and shutter of a CCD without a camera's light path (layout megara), and what a
    leak let in.
    """

    filters: dict[str, Collected]
    stars: list[StarImage]
    events: list[tuple[PersistenceEvent, float]]
    leak_e: float
