"""The Moon and the planets: where they stand and how far a direction is from them.

Astropy's built-in ephemeris: within 31 arcsec of DE421 for every body here over 2025-2027, ample for
exclusion circles of 1 deg; no file and no network needed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sequencer.sky.angles import as_given, separation_deg
from sequencer.sky.site import Site, horizontal_frame

PLANETS = ("Mercury", "Venus", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune")


def moon_altaz(time_s: Any, site: Site) -> tuple[Any, Any]:
    """Topocentric altitude and azimuth of the Moon's centre in deg, no refraction. Scalar or array times."""
    return _altaz(("Moon",), time_s, site)["Moon"]


def bodies_altaz(time_s: Any, site: Site) -> dict[str, tuple[Any, Any]]:
    """Altitude and azimuth in deg of Sun, Moon and the planets Mercury to Neptune, by name. Scalar or array times."""
    return _altaz(("Sun", "Moon", *PLANETS), time_s, site)


def body_separations_deg(
    altitude_deg: float, azimuth_deg: float, time_s: float, site: Site
) -> dict[str, float]:
    """Distance in deg of a direction from Sun, Moon, Mercury ... Neptune, by name, horizon or not."""
    return {
        name: separation_deg(azimuth_deg, altitude_deg, azimuth, altitude)
        for name, (altitude, azimuth) in bodies_altaz(time_s, site).items()
    }


def _altaz(names: tuple[str, ...], time_s: Any, site: Site) -> dict[str, tuple[Any, Any]]:
    """All bodies through one transformation: it is what takes the time, and `get_body` makes one for each."""
    frame = horizontal_frame(time_s, site)
    from astropy import constants, units
    from astropy.coordinates import ICRS, CartesianRepresentation, get_body_barycentric

    def place(name: str, moment: Any) -> Any:
        return get_body_barycentric(name.lower(), moment, ephemeris="builtin")

    earth = place("Earth", frame.obstime)
    found = []
    for name in names:
        # Where it was when its light left; a second round would change less than 0.3 arcsec.
        under_way = (place(name, frame.obstime) - earth).norm() / constants.c
        found.append(place(name, frame.obstime - under_way).xyz.to_value(units.m))
    places = ICRS(CartesianRepresentation(np.stack(found, axis=1) * units.m)).transform_to(frame)
    pairs = zip(places.alt.deg, places.az.deg, strict=True)
    return {name: (as_given(alt), as_given(az)) for name, (alt, az) in zip(names, pairs, strict=True)}
