"""LST: the sidereal time of the site."""

from __future__ import annotations

import math
from functools import lru_cache

from sequencer.acquisition import Card
from sequencer.engine.cards.contributor import Contributor, Scene
from sequencer.sky.site import utc_time

DAY_S = 86400.0
SIDEREAL_RATE = 1.00273790935
"""Sidereal seconds in a second of UT1 (Explanatory Supplement to the Astronomical Almanac, 2.24)."""


def sidereal_cards(run: Scene, start_s: float) -> list[Card]:
    """LST when the exposure began (Unix seconds UTC)."""
    who = Contributor("GEN engine", start_s)
    return who.cards([("LST", round(sidereal_time_s(start_s, run.site.longitude_deg), 3))])


def sidereal_time_s(time_s: float, longitude_deg: float) -> float:
    """Local mean sidereal time in s, 0 to 86400, at a time (Unix seconds UTC) and a longitude (east positive)."""
    minute = math.floor(time_s / 60.0)
    return (_of_minute(minute, longitude_deg) + SIDEREAL_RATE * (time_s - 60.0 * minute)) % DAY_S


@lru_cache(maxsize=16)
def _of_minute(minute: int, longitude_deg: float) -> float:
    """At the beginning of a minute; cached, as it takes astropy 1.3 ms."""
    angle = utc_time(60.0 * minute).sidereal_time("mean", longitude_deg)
    return float(angle.hour) * 3600.0
