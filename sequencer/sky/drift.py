"""How near things come to the telescope's line of sight while the sky turns.

In hour angle and declination the daily turn is a shift of hour angle alone. A fixed direction (untracked) and
everything on the sky keep their declination, so that the nearest moment is the one at which the hour angles
agree, or else an end of the interval: no sampling, however fast the sky passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sequencer.sky.angles import separation_deg

SIDEREAL_DEG_S = 360.98564736629 / 86400.0
"""The Earth's turn, 15.04 arcsec a second (IERS Conventions 2010, eq. 5.15, plus precession in right ascension)."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Path:
    """Where the telescope looks from `start_s` (Unix seconds UTC): hour angle then, declination, in deg.

    `rate_deg_s` is the change of hour angle: 0 untracked, `SIDEREAL_DEG_S` tracked. Columns of shape (n, 1) for
    n paths at once.
    """

    start_s: float
    ha_deg: Any
    dec_deg: Any
    rate_deg_s: float = 0.0

    def ha_at(self, time_s: Any) -> Any:
        """Hour angle in deg at a time."""
        return self.ha_deg + self.rate_deg_s * (time_s - self.start_s)


@dataclass(frozen=True)
class Objects:
    """Things to keep away from, one row for each and each stretch of time; all columns have one length.

    Hour angle (deg) at `start_s`, its change over `duration_s`, declinations (deg) at both ends, and the distance
    wanted, `clear_deg`. Within a stretch everything is taken as linear in time.
    """

    names: tuple[str, ...]
    start_s: Floats
    duration_s: Floats
    ha_deg: Floats
    turn_deg: Floats
    dec_start_deg: Floats
    dec_end_deg: Floats
    clear_deg: Floats

    def within(self, rows: Any) -> Objects:
        """Some of the rows: a mask or indices."""
        columns = (getattr(self, name) for name in list(self.__dataclass_fields__)[1:])
        index = np.arange(len(self.names))[rows]
        return Objects(tuple(self.names[i] for i in index), *(column[index] for column in columns))

    def near(self, path: Path) -> Objects:
        """The rows whose declination alone does not keep them clear of a path: few of very many."""
        low = np.minimum(self.dec_start_deg, self.dec_end_deg) - self.clear_deg
        high = np.maximum(self.dec_start_deg, self.dec_end_deg) + self.clear_deg
        return self.within((low <= path.dec_deg) & (path.dec_deg <= high))


def nearest(path: Path, objects: Objects) -> tuple[Floats, Floats]:
    """The smallest distance in deg of each object from a path, and its Unix time in s: one a row.

    Arrays of shape (rows,), or (n, rows) for a column of n paths.
    """
    ahead = (objects.ha_deg - path.ha_at(objects.start_s) + 180.0) % 360.0 - 180.0
    moved = objects.turn_deg - path.rate_deg_s * objects.duration_s
    with np.errstate(divide="ignore", invalid="ignore"):
        meeting = np.where(moved == 0.0, 0.0, -ahead / moved)
    last = np.abs((ahead + moved + 180.0) % 360.0 - 180.0)
    end = np.where(last < np.abs(ahead), 1.0, 0.0)
    share = np.where((meeting >= 0.0) & (meeting <= 1.0), meeting, end)
    declination = objects.dec_start_deg + share * (objects.dec_end_deg - objects.dec_start_deg)
    distance = separation_deg(0.0, path.dec_deg, ahead + share * moved, declination)
    return distance, objects.start_s + share * objects.duration_s


def hour_angle_dec(altitude_deg: Any, azimuth_deg: Any, latitude_deg: float) -> tuple[Any, Any]:
    """Hour angle (west positive, -180..180) and declination of date in deg of a direction. Scalars or arrays."""
    altitude, azimuth, latitude = (
        np.radians(np.asarray(a, float)) for a in (altitude_deg, azimuth_deg, latitude_deg)
    )
    north, east = np.cos(altitude) * np.cos(azimuth), np.cos(altitude) * np.sin(azimuth)
    up = np.sin(altitude)
    towards = up * np.cos(latitude) - north * np.sin(latitude)
    pole = up * np.sin(latitude) + north * np.cos(latitude)
    return np.degrees(np.arctan2(-east, towards)), np.degrees(np.arctan2(pole, np.hypot(east, towards)))


def altaz_of(ha_deg: Any, dec_deg: Any, latitude_deg: float) -> tuple[Any, Any]:
    """Altitude and azimuth (0..360) in deg of an hour angle and declination of date. Scalars or arrays."""
    azimuth_deg, altitude_deg = hour_angle_dec(dec_deg, ha_deg, latitude_deg)  # the same rotation, back
    return altitude_deg, azimuth_deg % 360.0
