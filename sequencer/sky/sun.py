"""Where the Sun stands, from astropy's built-in ephemeris (0.6 arcsec against DE421 over 2025-2027)."""

from __future__ import annotations

from typing import Any

from sequencer.sky.angles import as_given
from sequencer.sky.site import Site, horizontal_frame


def sun_altaz(time_s: Any, site: Site) -> tuple[Any, Any]:
    """Altitude and azimuth (north 0, east 90) of the Sun's geometric centre in deg, without refraction.

    `time_s` is Unix seconds UTC, scalar or array; floats or arrays of that shape come back. The centre and no
    refraction are the convention of the -6, -12 and -18 deg twilights. Raises ValueError for a time not
    finite.
    """
    frame = horizontal_frame(time_s, site)
    from astropy.coordinates import get_sun

    position = get_sun(frame.obstime).transform_to(frame)
    return as_given(position.alt.deg), as_given(position.az.deg)


def sun_altitude_deg(time_s: Any, site: Site) -> Any:
    """Altitude of the Sun in deg, as in `sun_altaz`."""
    return sun_altaz(time_s, site)[0]
