"""Angles on the sphere: separations, the parallactic angle, and azimuths brought into one turn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def separation_deg(
    longitude_1_deg: ArrayLike,
    latitude_1_deg: ArrayLike,
    longitude_2_deg: ArrayLike,
    latitude_2_deg: ArrayLike,
) -> Any:
    """Great-circle distance in deg between points given as longitude (or azimuth) and latitude (or altitude).

    Scalars or arrays that broadcast. Vincenty's form, exact for tiny and for antipodal separations alike
    (T. Vincenty 1975, Survey Review 23, 88, on a sphere).
    """
    lon_1, lat_1, lon_2, lat_2 = (
        np.radians(np.asarray(a, dtype=float))
        for a in (longitude_1_deg, latitude_1_deg, longitude_2_deg, latitude_2_deg)
    )
    d_lon = lon_2 - lon_1
    across = np.cos(lat_2) * np.sin(d_lon)
    along = np.cos(lat_1) * np.sin(lat_2) - np.sin(lat_1) * np.cos(lat_2) * np.cos(d_lon)
    cosine = np.sin(lat_1) * np.sin(lat_2) + np.cos(lat_1) * np.cos(lat_2) * np.cos(d_lon)
    return as_given(np.degrees(np.arctan2(np.hypot(across, along), cosine)))


def shortest_turn_deg(from_deg: float, to_deg: float) -> float:
    """The signed rotation in deg, in [-180, 180), that brings one azimuth onto another by the short way."""
    return (to_deg - from_deg + 180.0) % 360.0 - 180.0


def parallactic_angle_deg(altitude_deg: float, azimuth_deg: float, latitude_deg: float) -> float:
    """Angle at the star between north pole and zenith, -180 to 180 deg, positive west of the meridian.

    Azimuth counts from north through east. Spherical triangle pole-zenith-star (Smart, Spherical Astronomy, 1).
    """
    altitude, azimuth, latitude = (math.radians(angle) for angle in (altitude_deg, azimuth_deg, latitude_deg))
    across = -math.sin(azimuth) * math.cos(latitude)
    along = math.sin(latitude) * math.cos(altitude) - math.cos(latitude) * math.sin(altitude) * math.cos(
        azimuth
    )
    return math.degrees(math.atan2(across, along))


def as_given(value: Any) -> Any:
    """A zero-dimensional array as a float, everything else as it is: scalar in, scalar out."""
    return float(value) if np.ndim(value) == 0 else value
