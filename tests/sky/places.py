"""Places and times the tests of this folder share."""

from datetime import UTC, datetime

import numpy as np

from sequencer.sky import Site, altaz_to_radec

ARMAZONES = Site("Armazones", -24.5899, -70.1918, 3060.0)
ROQUE = Site("Roque de los Muchachos", 28.756611, -17.892028, 2267.0)
TROMSO = Site("Tromso", 69.65, 18.96, 0.0)
LUXOR = Site("Luxor", 25.69, 32.64, 80.0)

NO_SOURCES = np.empty((0, 3))


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def source_at(altitude: float, azimuth: float, time_s: float, magnitude: float) -> tuple[float, float, float]:
    """A source (ra, dec, mag) that stands in a direction over Armazones at a time."""
    return (*altaz_to_radec(altitude, azimuth, time_s, ARMAZONES), magnitude)
