"""What the rules object to about a line of sight, from its first to its last moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sequencer.figures import apart
from sequencer.sky.drift import Objects, Path, altaz_of, nearest
from sequencer.sky.hazards import Hazards


@dataclass(frozen=True)
class Objection:
    """What is in the way, and the sentence about it."""

    name: str
    text: str


def objections(hazards: Hazards, path: Path) -> list[Objection]:
    """Everything against a path through the time of `hazards`, one objection a thing; empty if it keeps every rule.

    All bright sources go by the name "source".
    """
    found = _altitude(hazards, path)
    found += _too_near(path, hazards.objects)
    latitude, least = hazards.galactic_latitude_deg(path), hazards.rules.galactic_latitude_deg
    if latitude < least:
        found_deg, wanted = apart(latitude, least, "1f")
        text = f"Galactic latitude comes down to {found_deg} deg, at least {wanted} are wanted"
        found.append(Objection("Galactic plane", text))
    return found + [Objection("source", one.text) for one in _too_near(path, hazards.sources.near(path))]


def altitude_range_deg(hazards: Hazards, path: Path) -> tuple[float, float]:
    """The lowest and the highest altitude in deg along a path."""
    ends = [path.ha_at(time_s) for time_s in (hazards.start_s, hazards.end_s)]
    nodes = [*ends, *(meridian for meridian in (0.0, 180.0, -180.0) if min(ends) < meridian < max(ends))]
    altitudes = altaz_of(nodes, path.dec_deg, hazards.site.latitude_deg)[0]
    return float(min(altitudes)), float(max(altitudes))


def _altitude(hazards: Hazards, path: Path) -> list[Objection]:
    rules = hazards.rules
    low, high = rules.altitude_limits_deg
    high = min(high, 90.0 - rules.zenith_clearance_deg)
    lowest, highest = altitude_range_deg(hazards, path)
    found = []
    # A direction chosen on the limit itself comes back from hour angle and declination with rounding errors.
    if lowest < low - 1e-9:
        text = "altitude comes down to {} deg, the limit is {}".format(*apart(lowest, low, "1f"))
        found.append(Objection("altitude", text))
    if highest > high + 1e-9:
        text = "altitude comes up to {} deg, the limit is {}".format(*apart(highest, high, "1f"))
        found.append(Objection("zenith", text))
    return found


def _too_near(path: Path, objects: Objects) -> list[Objection]:
    """Objects nearer than they may be, each at its nearest."""
    distances, times = nearest(path, objects)
    worst: dict[str, int] = {}
    for row in (distances < objects.clear_deg).nonzero()[0].tolist():
        name = objects.names[row]
        if name not in worst or distances[row] < distances[worst[name]]:
            worst[name] = row
    return [
        Objection(name, _sentence(name, distances[row], objects.clear_deg[row], times[row]))
        for name, row in worst.items()
    ]


def _sentence(name: str, distance_deg: float, clear_deg: float, time_s: float) -> str:
    when = datetime.fromtimestamp(time_s, UTC).strftime("%H:%M UTC")
    unit, scale = ("deg", 1.0) if clear_deg >= 1.0 else ("arcmin", 60.0)
    away, wanted = apart(scale * distance_deg, scale * clear_deg, "1f", "1f")
    return f"{name} is {away} {unit} away at {when}, at least {wanted} are wanted"
