"""Offsets between frames of a tracked field, so that no star falls twice on the same pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence

GOLDEN_ANGLE_DEG = 180.0 * (3.0 - math.sqrt(5.0))
"""137.508 deg: the turn from one offset to the next that spreads any number of them evenly."""

DITHER_STEP_ARCSEC = 10.0
"""Least distance between any two offsets: five times a seeing of 2 arcsec (assumed). 2-3 arcsec are enough behind
natural seeing of 0.6 arcsec in L (notes on blank fields); a star then vanishes in the median of three frames."""

Offset = tuple[float, float]


def dither_offsets(count: int, step_arcsec: float = DITHER_STEP_ARCSEC) -> tuple[Offset, ...]:
    """Offsets (east, north) in arcsec on the sky for `count` frames, the first (0, 0).

    A sunflower spiral (H. Vogel 1979, Math. Biosciences 44, 179): frame k at a distance of step x sqrt(k), turned by
    the golden angle. Any two are at least `step_arcsec` apart, all within step x sqrt(count - 1) of the centre.
    Raises ValueError for a negative count or a step not above 0.
    """
    if count < 0 or not 0.0 < step_arcsec < math.inf:
        raise ValueError(f"no dither of {count} frames in steps of {step_arcsec} arcsec")
    turns = (math.radians(k * GOLDEN_ANGLE_DEG) for k in range(count))
    return tuple(
        (step_arcsec * math.sqrt(k) * math.cos(turn), step_arcsec * math.sqrt(k) * math.sin(turn))
        for k, turn in enumerate(turns)
    )


def dither_radius_deg(offsets: Sequence[Offset]) -> float:
    """The largest distance of an offset from the centre, in deg; 0 for none."""
    return max((math.hypot(*offset) for offset in offsets), default=0.0) / 3600.0


def offset_position(ra_deg: float, dec_deg: float, offset_arcsec: Offset) -> tuple[float, float]:
    """Right ascension (0..360) and declination in deg after an offset (east, north) in arcsec, on the tangent plane.

    Gnomonic (M. Calabretta & E. Greisen 2002, A&A 395, 1077, 5.1.3), so right at the poles too.
    """
    east, north = (math.radians(part / 3600.0) for part in offset_arcsec)
    dec = math.radians(dec_deg)
    across = math.cos(dec) - north * math.sin(dec)
    turn = math.atan2(east, across)
    up = math.sin(dec) + north * math.cos(dec)
    # Once is not enough: a hair below 0 comes out as 360.
    moved_ra_deg = (ra_deg + math.degrees(turn)) % 360.0 % 360.0
    return moved_ra_deg, math.degrees(math.atan2(up, math.hypot(east, across)))
