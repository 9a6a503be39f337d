"""What a pointing in altitude and azimuth is on the sky."""

from __future__ import annotations

import math
from functools import lru_cache

from sequencer.devices.telescope import TelescopeState
from sequencer.sky import Site
from sequencer.sky.coordinates import altaz_to_radec

SIDEREAL_DEG_S = 360.0 / 86164.0905


def direction(state: TelescopeState, time_s: float, site: Site) -> tuple[float, float]:
    """ICRS right ascension and declination in deg; of a telescope that stands still they move on with the sky."""
    if state.tracking:
        return state.ra_deg, state.dec_deg
    minute = math.floor(time_s / 60.0)
    ra_deg, dec_deg = _standing(state.altitude_deg, state.azimuth_deg, minute, site)
    return (ra_deg + SIDEREAL_DEG_S * (time_s - 60.0 * minute)) % 360.0, dec_deg


@lru_cache(maxsize=16)
def _standing(altitude_deg: float, azimuth_deg: float, minute: int, site: Site) -> tuple[float, float]:
    """The direction at the beginning of a minute; cached, as it takes astropy 5 ms."""
    ra_deg, dec_deg = altaz_to_radec(altitude_deg, azimuth_deg, 60.0 * minute, site)
    return float(ra_deg), float(dec_deg)
