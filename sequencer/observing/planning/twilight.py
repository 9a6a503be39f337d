"""One twilight to work in: from when to when, and where the Sun is meanwhile."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sequencer.observing.planning.priors import SunAltitude
from sequencer.sky import Site, SunTrack, Window, twilight_window

TRACK_SPARE_S = 7200.0
"""Span of the Sun's track before and after the work and its window."""

_window = lru_cache(maxsize=32)(twilight_window)
_track = lru_cache(maxsize=32)(SunTrack.over)
# Pure functions of some 100 ms; several templates, and validation and plan, ask the same.


@dataclass(frozen=True)
class Twilight:
    """The `window` by the Sun; the work begins at `begin_s`, a preset early, and its sky ends at `end_s` (Unix s
    UTC), because of what `ends` says."""

    window: Window
    begin_s: float
    end_s: float
    sun_altitude_deg: SunAltitude
    ends: str = "the twilight ends"

    @property
    def left_s(self) -> float:
        """Sky time left, presets before the window apart, in s."""
        return max(self.end_s - max(self.begin_s, self.window.start_s), 0.0)


def window_of(parameters: dict[str, Any], site: Site, start_s: float) -> Window:
    """The twilight a template whose parameters are `complete` will work in. Raises NoTwilight, ValueError."""
    p = parameters
    return _window(site, start_s, p["SEQ.TWILIGHT"], p["SEQ.SUNALT.MIN"], p["SEQ.SUNALT.MAX"])


def twilight_in(
    window: Window, site: Site, start_s: float, lead_s: float, until_s: float = math.inf
) -> Twilight:
    """The work in a window by one who is free from `start_s` on and sets out `lead_s` early, and not longer than
    `until_s`."""
    begin_s = max(start_s, window.start_s - lead_s)
    first_s, last_s = min(begin_s, window.start_s), max(begin_s, window.end_s)
    sun = _track(site, first_s - TRACK_SPARE_S, last_s + TRACK_SPARE_S)
    if until_s < window.end_s:
        return Twilight(window, begin_s, until_s, sun.altitude_deg, "the time allowed (--until) ends")
    return Twilight(window, begin_s, window.end_s, sun.altitude_deg)
