"""The persistence ledger of one camera: watches its whole night, exposing or idle, for overfilled pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

from sequencer.config.models import NightConfig
from simulators.world.light import Piece
from simulators.world.persistence import PersistenceEvent, fills
from simulators.world.timeline import Track

SURELY_FINE = 0.5
"""Below this share of the threshold no pixel can be overfilled: none is twice as sensitive as the average."""


@dataclass(frozen=True)
class Integration:
    """What the array does: exposing, or idle (`exposure` empty); `dit_s` is the time between two resets."""

    exposure: str
    dit_s: float
    full_well_e: float


class Ledger:
    """Events of one camera in order of time, worked out up to the moment that is asked for."""

    def __init__(
        self,
        camera: str,
        night: NightConfig,
        integration: Track,
        light: Callable[[float, float], list[Piece]],
        peak: Callable[[str], float],
    ) -> None:
        self.camera = camera
        self.night = night
        self.events: list[PersistenceEvent] = []
        self._integration = integration
        self._light = light
        self._peak = peak
        self._done_s: float | None = None

    def until(self, start_s: float, end_s: float) -> list[PersistenceEvent]:
        """All events up to `end_s`, watching from `start_s` on the first time, then from where it stopped."""
        begin_s = start_s if self._done_s is None else self._done_s
        if end_s > begin_s:
            edges = [begin_s, *self._integration.breaks(begin_s, end_s), end_s]
            for left, right in pairwise(edges):
                self._watch(left, right)
            self._done_s = end_s
        return list(self.events)

    def _watch(self, start_s: float, end_s: float) -> None:
        doing: Integration = self._integration.at(start_s)
        found = self._light(start_s, end_s)
        if not any(piece.open_s > 0.0 for piece in found):
            return
        brightest = max(found, key=lambda piece: piece.electrons / (piece.end_s - piece.start_s))
        limit_e = self.night.persistence_threshold * doing.full_well_e
        times, charge = fills(found, doing.dit_s)
        if charge.max() < SURELY_FINE * limit_e:
            return
        over = times[charge * self._peak(brightest.filter_name) > limit_e]
        if len(over):
            what = f"exposure {doing.exposure}" if doing.exposure else f"idle, reset every {doing.dit_s:g} s"
            name, most, cause = brightest.filter_name, float(charge.max()), f"{what}: {brightest.text}"
            last_s = float(over[-1])
            self._note(PersistenceEvent(self.camera, start_s, last_s, name, most, doing.full_well_e, cause))

    def _note(self, event: PersistenceEvent) -> None:
        """Add an event, or lengthen the last one if it is the same idle overfill, seen in two looks."""
        last = self.events[-1] if self.events else None
        if last is not None and last.end_s == event.start_s and last.cause == event.cause:
            event = replace(event, start_s=last.start_s, fill_e=max(event.fill_e, last.fill_e))
            self.events.pop()
        self.events.append(event)
