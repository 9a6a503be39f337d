"""The rules for a patch of sky, in one place: limits of the telescope and distances to keep."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sequencer.sky.airmass import AIRMASS_TOLERANCE, ZENITH_CLEARANCE_DEG

LUNAR_HALF_MONTH_DAYS = 14.765
"""From full to new Moon: half the mean synodic month of 29.531 d."""


@dataclass(frozen=True)
class PatchRules:
    """What a patch of sky must keep to, along all of it and all the time it is used. Angles in deg.

    `altitude_limits_deg` and `zenith_clearance_deg` (the blind spot of an altitude-azimuth mount) are the
    telescope's. `airmass_tolerance` is how far a patch may be from the airmass asked for. `moon_distance_deg` is
    that of a full Moon, see `moon_clear_deg`; `moon_least_deg` is kept from any Moon. Galactic latitude: below
    `galactic_latitude_deg` (absolute) never; each degree short of `galactic_preferred_deg` counts like two off the
    best direction. LMC and SMC: from their centres. `field_radius_deg` (half the diagonal of the detector) is added
    to the distances from planets, sources and the clouds. Every default is an assumption but for the clouds and the
    preferred latitude (recommended in the notes on blank fields and infrared sources).
    Raises ValueError for what cannot be.
    """

    altitude_limits_deg: tuple[float, float] = (25.0, 88.0)
    zenith_clearance_deg: float = ZENITH_CLEARANCE_DEG
    airmass_tolerance: float = AIRMASS_TOLERANCE
    sun_distance_deg: float = 30.0
    moon_distance_deg: float = 30.0
    moon_width_days: float = 6.0
    moon_least_deg: float = 0.0
    planet_distance_deg: float = 1.0
    galactic_latitude_deg: float = 10.0
    galactic_preferred_deg: float = 30.0
    lmc_distance_deg: float = 10.0
    smc_distance_deg: float = 5.0
    field_radius_deg: float = 0.0

    def __post_init__(self) -> None:
        low, high = self.altitude_limits_deg
        if not 0.0 <= low < high <= 90.0:
            raise ValueError(f"altitude limits {low} to {high} deg are no range within 0 to 90")
        for name in list(self.__dataclass_fields__)[1:]:
            value = getattr(self, name)
            if not 0.0 <= value < math.inf:
                raise ValueError(f"{name} {value} is not a number of at least 0")

    def moon_clear_deg(self, elongation_deg: float) -> float:
        """Distance in deg to keep from a Moon that is so far from the Sun (180: full, 0: new).

        The "Moon-avoidance Lorentzian" of the Berkeley Automated Imaging Telescope as published for ACP/RTML:
        distance / (1 + (days from full / width)^2), width 6 d where nothing better is known: half the distance
        6 days from full, a seventh of it at new Moon. Width 0 minds the full Moon only. Never less than the least.
        """
        days = LUNAR_HALF_MONTH_DAYS * (1.0 - elongation_deg / 180.0)
        if days == 0.0 or self.moon_width_days == 0.0:
            clear_deg = self.moon_distance_deg if days == 0.0 else 0.0
        else:
            clear_deg = self.moon_distance_deg / (1.0 + (days / self.moon_width_days) ** 2)
        return max(clear_deg, self.moon_least_deg)
