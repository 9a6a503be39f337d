"""Which pixels were overfilled, when and why, and the charge they give back afterwards."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.world.light import Piece


@dataclass(frozen=True)
class PersistenceEvent:
    """Pixels were filled beyond the threshold, the last time at `end_s`.

    `fill_e` is the most charge an average lit pixel collected in a DIT, `filter_name` the filter it came
    through. `cause` names the exposure, or says that the array was idle in continuous reset, and what the
    beam held.
    """

    camera: str
    start_s: float
    end_s: float
    filter_name: str
    fill_e: float
    full_well_e: float
    cause: str


def fills(found: list[Piece], dit_s: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times, and the charge in e- collected in the `dit_s` before each, wherever that may be largest.

    Pieces must follow each other, at least one. An idle array's resets come at no known phase, so every phase
    counts; before the first piece the array was empty.
    """
    times = np.array([found[0].start_s, *(piece.end_s for piece in found)])
    total = np.concatenate([[0.0], np.cumsum([piece.electrons for piece in found])])
    ends = np.unique(np.concatenate([times, times + dit_s]))
    ends = ends[ends <= times[-1]]
    return ends, np.interp(ends, times, total) - np.interp(ends - dit_s, times, total)


def released_share(event: PersistenceEvent, start_s: float, end_s: float, tau_s: float) -> float:
    """Share of an event's trapped charge that comes out between start and end: exponential with `tau_s`."""
    since = max(start_s - event.end_s, 0.0)
    until = max(end_s - event.end_s, 0.0)
    return math.exp(-since / tau_s) - math.exp(-until / tau_s)
