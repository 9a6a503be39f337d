"""Places and times the tests of this folder share."""

from datetime import UTC, datetime

from sequencer.sky import Site

ARMAZONES = Site("Armazones", -24.5899, -70.1918, 3060.0)
TROMSO = Site("Tromso", 69.65, 18.96, 0.0)
LUXOR = Site("Luxor", 25.69, 32.64, 80.0)


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
