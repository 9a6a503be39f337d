"""The best of many directions: nearest to opposite the Sun, away from the Galaxy, and with nothing in the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sequencer.sky.airmass import airmass as airmass_at
from sequencer.sky.airmass import altitude_for_airmass
from sequencer.sky.angles import separation_deg
from sequencer.sky.drift import Path, hour_angle_dec
from sequencer.sky.hazards import Hazards
from sequencer.sky.judge import Objection, objections

AltAz = tuple[float, float]

TURN_STEP_DEG = 5.0
"""Directions are tried at steps of this in azimuth, all around."""

TOLERANCE_SHARES = (0.0, 0.45, -0.45, 0.9, -0.9)
"""and at these shares of the airmass tolerance above and below the airmass wanted."""

GALACTIC_WEIGHT = 2.0
"""Degrees of turn that a degree of Galactic latitude is worth: with 1 or less going round would never pay."""


@dataclass(frozen=True)
class Choice:
    """The direction chosen (`index` into those given) with its path, its Galactic latitude in deg, and one text for
    everything that was in the way of a better one."""

    index: int
    path: Path
    galactic_latitude_deg: float
    rejected: list[str]


def directions_around(
    hazards: Hazards, altitude_deg: float, azimuth_deg: float, airmass: float
) -> list[AltAz]:
    """Directions all around within the tolerance of an airmass and the altitude limits; the given one first."""
    rules = hazards.rules
    low, high = rules.altitude_limits_deg
    high = max(altitude_deg, min(high, 90.0 - rules.zenith_clearance_deg))
    altitudes = [altitude_deg]
    for share in TOLERANCE_SHARES[1:]:
        nearby = airmass + share * rules.airmass_tolerance
        if nearby >= 1.0 and low <= altitude_for_airmass(nearby) <= high:
            altitudes.append(altitude_for_airmass(nearby))
    turns = TURN_STEP_DEG * np.arange(round(360.0 / TURN_STEP_DEG))
    return [(altitude, (azimuth_deg + turn) % 360.0) for altitude in altitudes for turn in turns.tolist()]


def choose(
    hazards: Hazards,
    directions: Sequence[AltAz],
    ideal: AltAz,
    rate_deg_s: float,
    unreachable: Callable[[Path], Objection | None],
) -> Choice | list[str]:
    """The direction with the least turn away from `ideal` that has nothing in the way, or else why there is none.

    Directions are (altitude, azimuth) in deg at the middle of the time of `hazards`. A degree of Galactic latitude
    short of the preferred one counts like two of turn, the whole airmass tolerance like one. `rate_deg_s` as in
    `Path`; `unreachable` may object to the way there.
    """
    altitude, azimuth = np.array(directions, dtype=float).reshape(-1, 2).T
    ha, dec = hour_angle_dec(altitude, azimuth, hazards.site.latitude_deg)
    ha_start = ha - 0.5 * rate_deg_s * (hazards.end_s - hazards.start_s)
    everywhere = Path(hazards.start_s, ha_start[:, None], dec[:, None], rate_deg_s)
    latitude = hazards.galactic_latitude_deg(everywhere)
    off_airmass = np.abs(airmass_at(altitude) - airmass_at(ideal[0])) / max(
        hazards.rules.airmass_tolerance, 1e-9
    )
    cost = separation_deg(ideal[1], ideal[0], azimuth, altitude) + off_airmass
    cost += GALACTIC_WEIGHT * np.maximum(hazards.rules.galactic_preferred_deg - latitude, 0.0)
    refused: dict[str, tuple[str, int]] = {}
    for index in np.argsort(cost, kind="stable").tolist():
        path = Path(hazards.start_s, float(ha_start[index]), float(dec[index]), rate_deg_s)
        against = [*objections(hazards, path), *filter(None, [unreachable(path)])]
        if not against:
            return Choice(index, path, float(latitude[index]), _told(refused))
        where = f"not at azimuth {azimuth[index]:.1f}, altitude {altitude[index]:.1f} deg"
        for name, text in {objection.name: objection.text for objection in against}.items():
            first, count = refused.get(name, (f"{where}: {text}", 0))
            refused[name] = (first, count + 1)
    return _told(refused)


def _told(refused: dict[str, tuple[str, int]]) -> list[str]:
    """One text a thing in the way: where it was met first, and in how many directions more."""
    more = {1: "", 2: " (and in another direction)"}
    return [
        text + more.get(count, f" (and in {count - 1} other directions)") for text, count in refused.values()
    ]
