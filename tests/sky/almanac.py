"""A second opinion on where things stand: PyEphem (VSOP87 and ELP-2000/82 in C), which shares no code with astropy."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import ephem

from sequencer.sky import Site


def observer(site: Site, time_s: float) -> ephem.Observer:
    """The site at a time, without air: no refraction, as everywhere in `sequencer.sky`."""
    here = ephem.Observer()
    here.lat, here.lon = math.radians(site.latitude_deg), math.radians(site.longitude_deg)
    here.elevation, here.pressure = site.elevation_m, 0.0
    here.date = ephem.Date(datetime.fromtimestamp(time_s, UTC).replace(tzinfo=None))
    return here


def body_altaz(name: str, site: Site, time_s: float) -> tuple[float, float]:
    """Altitude and azimuth in deg of the Sun, the Moon or a planet."""
    body = getattr(ephem, name)()
    body.compute(observer(site, time_s))
    return math.degrees(body.alt), math.degrees(body.az)


def star_altaz(ra_deg: float, dec_deg: float, site: Site, time_s: float) -> tuple[float, float]:
    """Altitude and azimuth in deg of a place on the sky at J2000."""
    star = ephem.FixedBody()
    star._ra, star._dec, star._epoch = math.radians(ra_deg), math.radians(dec_deg), ephem.J2000
    star.compute(observer(site, time_s))
    return math.degrees(star.alt), math.degrees(star.az)


def altaz_radec(altitude_deg: float, azimuth_deg: float, site: Site, time_s: float) -> tuple[float, float]:
    """J2000 right ascension and declination in deg of a direction."""
    ra, dec = observer(site, time_s).radec_of(math.radians(azimuth_deg), math.radians(altitude_deg))
    return math.degrees(ra), math.degrees(dec)


def moon_lit(site: Site, time_s: float) -> float:
    """The lit share of the Moon's disc, 0 to 1."""
    moon = ephem.Moon()
    moon.compute(observer(site, time_s))
    return float(moon.moon_phase)


def sun_crossing_s(site: Site, near_s: float, altitude_deg: float, rising: bool) -> float:
    """When the Sun's centre next passes an altitude: Unix time in s."""
    here = observer(site, near_s)
    here.horizon = math.radians(altitude_deg)
    find = here.next_rising if rising else here.next_setting
    moment = find(ephem.Sun(), use_center=True)
    return ephem.Date(moment).datetime().replace(tzinfo=UTC).timestamp()
