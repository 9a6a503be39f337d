"""Exposures off the record that find out how bright a sky is: bounded in number, shorter or longer after a miss."""

from __future__ import annotations

from sequencer.exposure.answers import Expose, Stop
from sequencer.exposure.conditions import Conditions
from sequencer.exposure.dit_list import on_grid
from sequencer.exposure.rate import Background

PROBE_FRACTION = 0.25
"""Level a probe aims at: survives a sky 1.8 times as bright as believed (+2 sigma), unsaturated up to 4 times."""

PROBE_STEP = 4.0
"""Factor on the DIT after a probe that saturated (shorter) or saw nothing (longer)."""

MAX_PROBES = 6
"""Probes taken in a row without a flat; five quarterings span a factor of 1000 in DIT."""


class Probes:
    """The probes of one filter. Those count that were taken, not those that were asked for."""

    def __init__(self, sky: Background) -> None:
        self._sky = sky
        self._again_s: float | None = None
        self._count = 0

    @property
    def due(self) -> bool:
        """Whether the last frame taught nothing and a probe has to follow."""
        return self._again_s is not None

    def answer(self, opening: Conditions) -> Expose | Stop:
        """The next probe; Stop after `MAX_PROBES` in a row."""
        if self._count >= MAX_PROBES:
            return Stop(f"{self._count} probes in a row and no flat")
        dit_s = self._sky.outlook(opening).dit_for(PROBE_FRACTION) if self._again_s is None else self._again_s
        note = f"probe {self._count + 1} of at most {MAX_PROBES}"
        return Expose(on_grid(dit_s, self._sky.limits), 1, True, note)

    def look(self, opening: Conditions) -> Expose:
        """A probe of a cloud that stays unsaturated should it be gone."""
        dit_s = self._sky.outlook(opening, clear=True).dit_for(PROBE_FRACTION)
        return Expose(on_grid(dit_s, self._sky.limits), 1, True, "is the cloud still there?")

    def taken(self) -> None:
        """A probe was taken that was no look at a cloud or at a sky still too bright."""
        self._count += 1

    def flat(self) -> None:
        """A usable frame on the record: as many probes as ever may follow."""
        self._count = 0

    def taught(self) -> None:
        """A frame taught the rate."""
        self._again_s = None

    def saturated(self, dit_s: float) -> None:
        """A DIT saturated unexpectedly: a shorter one is next."""
        self._again_s = max(dit_s / PROBE_STEP, self._sky.limits.min_dit_s)

    def dark(self, dit_s: float) -> None:
        """A DIT saw nothing: a longer one is next."""
        self._again_s = min(dit_s * PROBE_STEP, self._sky.limits.max_dit_s)
