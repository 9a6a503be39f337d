"""The Moon and the planets: where they stand and how far a direction is from them.

Astropy's built-in ephemeris: within 31 arcsec of DE421 for every body here over 2025-2027, ample for
exclusion circles of 1 deg; no file and no network needed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sequencer.sky.angles import as_given, separation_deg
from sequencer.sky.site import Site, horizontal_frame
from sequencer.sky.sun import sun_altaz

PLANETS = ("Mercury", "Venus", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune")


def moon_altaz(time_s: Any, site: Site) -> tuple[Any, Any]:
    """Topocentric altitude and azimuth of the Moon's centre in deg, no refraction. Scalar or array times."""
    frame = horizontal_frame(time_s, site)
    position = _geocentric("Moon", frame).transform_to(frame)
    return as_given(position.alt.deg), as_given(position.az.deg)


def bodies_altaz(time_s: float, site: Site) -> dict[str, tuple[float, float]]:
    """Altitude and azimuth in deg of Sun, Moon and the planets Mercury to Neptune, by name."""
    frame = horizontal_frame(time_s, site)
    from astropy import units
    from astropy.coordinates import CartesianRepresentation

    names = ("Moon", *PLANETS)
    found = [_geocentric(name, frame) for name in names]
    places = np.array([position.cartesian.xyz.to_value(units.m) for position in found])
    # One transformation for all of them: it is what takes the time.
    together = found[0].realize_frame(CartesianRepresentation(places.T * units.m)).transform_to(frame)
    others = zip(names, zip(together.alt.deg.tolist(), together.az.deg.tolist(), strict=True), strict=True)
    return {"Sun": sun_altaz(time_s, site), **dict(others)}


def body_separations_deg(
    altitude_deg: float, azimuth_deg: float, time_s: float, site: Site
) -> dict[str, float]:
    """Distance in deg of a direction from Sun, Moon, Mercury ... Neptune, by name, horizon or not."""
    return {
        name: separation_deg(azimuth_deg, altitude_deg, azimuth, altitude)
        for name, (altitude, azimuth) in bodies_altaz(time_s, site).items()
    }


def _geocentric(name: str, frame: Any) -> Any:
    """A body's apparent place in GCRS as seen from the frame's location."""
    from astropy.coordinates import get_body

    return get_body(name.lower(), frame.obstime, frame.location, ephemeris="builtin").frame
