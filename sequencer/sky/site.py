"""Where the observer stands, and astropy set up so that it never asks the network."""

from __future__ import annotations

import math
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Site:
    """A place on Earth: geodetic WGS84 latitude and longitude (east positive) in deg, elevation in m.

    A longitude may be given from -360 to 360 and is -180 (included) to 180 ever after, so that local noon is that of
    the same date whichever way it was written. Raises ValueError for a latitude outside -90..90, a longitude outside
    -360..360 or anything not finite.
    """

    name: str
    latitude_deg: float
    longitude_deg: float
    elevation_m: float

    def __post_init__(self) -> None:
        if not abs(self.latitude_deg) <= 90.0:
            raise ValueError(f"site {self.name}: latitude {self.latitude_deg} deg is not in -90..90")
        if not abs(self.longitude_deg) <= 360.0:
            raise ValueError(f"site {self.name}: longitude {self.longitude_deg} deg is not in -360..360")
        if not math.isfinite(self.elevation_m):
            raise ValueError(f"site {self.name}: elevation {self.elevation_m} m is not a number")
        if not -180.0 <= self.longitude_deg < 180.0:
            object.__setattr__(self, "longitude_deg", (self.longitude_deg + 180.0) % 360.0 - 180.0)


ROTATION_MJD = (0.0, 57023.0, 88070.0)
"""From 1858 to 2100: before 2015-01-01 the Earth's rotation is taken to be what it was then, after the last
prediction what that says."""


def offline() -> None:
    """Forbid astropy every download, and have it take far dates as they are, without a word.

    Without a current table UT1 is off by less than 1 s, that is 15 arcsec in hour angle: irrelevant here. Nor is a leap
    second that nobody has announced yet, of which ERFA warns for every date five years after its table.
    Called by every function of this package that needs astropy; calling it again changes nothing.
    """
    from astropy.utils.data import conf
    from astropy.utils.iers import conf as iers_conf
    from erfa import ErfaWarning

    conf.allow_internet = False
    iers_conf.auto_download = False
    iers_conf.auto_max_age = None
    iers_conf.iers_degraded_accuracy = "warn"
    warnings.filterwarnings("ignore", r'ERFA function ".*" yielded .*dubious year', ErfaWarning)
    _read_rotation()


@cache
def _read_rotation() -> None:
    """Have astropy use the packaged Bulletin A alone, and of its lines those of the years we work in: to read them all
    takes 0.6 s at each start, and Bulletin B beside it, for 0.04 ms of UT1, as long again."""
    from astropy.utils.iers import IERS_A, IERS_A_FILE, earth_orientation_table

    earliest, first, latest = ROTATION_MJD
    with open(IERS_A_FILE, "rb") as whole, tempfile.NamedTemporaryFile() as recent:
        recent.writelines(line for line in whole if float(line[7:15]) >= first)
        recent.flush()
        table = IERS_A.read(recent.name)
    table.insert_row(0, table[0])
    table.add_row(table[-1])
    table["MJD"][[0, -1]] = [earliest, latest] * table["MJD"].unit
    earth_orientation_table.set(table)


def earth_location(site: Site) -> Any:
    """The site as an astropy EarthLocation."""
    offline()
    from astropy import units
    from astropy.coordinates import EarthLocation

    return EarthLocation.from_geodetic(
        lon=site.longitude_deg * units.deg,
        lat=site.latitude_deg * units.deg,
        height=site.elevation_m * units.m,
    )


def utc_time(time_s: Any) -> Any:
    """Unix seconds UTC (scalar or array) as an astropy Time. Raises ValueError for what is not finite."""
    offline()
    import numpy as np
    from astropy.time import Time

    if not np.all(np.isfinite(time_s)):
        raise ValueError(f"time {time_s} s is not finite")
    return Time(time_s, format="unix")


def horizontal_frame(time_s: Any, site: Site) -> Any:
    """The astropy AltAz frame of the site at a time: pressure 0, so no refraction."""
    from astropy.coordinates import AltAz

    return AltAz(obstime=utc_time(time_s), location=earth_location(site))
