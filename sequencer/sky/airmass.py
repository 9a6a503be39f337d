"""Airmass and altitude: airmass = sec z, adequate to 2.5 and beyond (METIS needs no more)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sequencer.sky.angles import as_given

AIRMASS_TOLERANCE = 0.03
"""How far an airmass may be from the wanted one (SEQ.AIRMASS.TOL); "1.0" means at most 1.03."""

ZENITH_CLEARANCE_DEG = 5.0
"""Zenith distance never gone below. An altitude-azimuth telescope needs at least 2 deg; 13.9 deg would be
airmass 1.03. At 5 deg (airmass 1.0038) the patch is well inside both, and the Moon or a source can still be
avoided by azimuth."""


def airmass(altitude_deg: Any) -> Any:
    """Airmass sec z of an altitude in deg; infinite at the horizon and below. Scalars or arrays."""
    sine = np.sin(np.radians(np.asarray(altitude_deg, dtype=float)))
    with np.errstate(divide="ignore"):
        return as_given(1.0 / np.maximum(sine, 0.0))


def altitude_for_airmass(wanted: float) -> float:
    """Altitude in deg at which sec z is the airmass wanted. Raises ValueError below 1 and for what is not
    finite."""
    if not 1.0 <= wanted < math.inf:
        raise ValueError(
            f"airmass {wanted} does not exist: it is 1 at the zenith and infinite at the horizon"
        )
    return math.degrees(math.asin(1.0 / wanted))


def pointing_altitude_deg(wanted: float, zenith_clearance_deg: float = ZENITH_CLEARANCE_DEG) -> float:
    """Altitude in deg to point at for an airmass: `altitude_for_airmass`, but clear of the zenith.

    So airmass "1.0" gives 85 deg, airmass 1.0038. Raises ValueError as `altitude_for_airmass`.
    """
    return min(altitude_for_airmass(wanted), 90.0 - zenith_clearance_deg)
