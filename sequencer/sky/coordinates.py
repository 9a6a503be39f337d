"""Between the sky (ICRS right ascension, declination) and the telescope (altitude, azimuth)."""

from __future__ import annotations

from typing import Any

from sequencer.sky.angles import as_given
from sequencer.sky.site import Site, horizontal_frame


def altaz_to_radec(altitude_deg: Any, azimuth_deg: Any, time_s: Any, site: Site) -> tuple[Any, Any]:
    """ICRS right ascension and declination in deg of a direction without refraction. Scalars or arrays."""
    frame = horizontal_frame(time_s, site)
    from astropy import units
    from astropy.coordinates import SkyCoord

    position = SkyCoord(alt=altitude_deg * units.deg, az=azimuth_deg * units.deg, frame=frame).icrs
    return as_given(position.ra.deg), as_given(position.dec.deg)


def radec_to_altaz(ra_deg: Any, dec_deg: Any, time_s: Any, site: Site) -> tuple[Any, Any]:
    """Altitude and azimuth in deg, without refraction, of an ICRS position in deg. Scalars or arrays."""
    frame = horizontal_frame(time_s, site)
    from astropy import units
    from astropy.coordinates import SkyCoord

    position = SkyCoord(ra=ra_deg * units.deg, dec=dec_deg * units.deg, frame="icrs").transform_to(frame)
    return as_given(position.alt.deg), as_given(position.az.deg)
