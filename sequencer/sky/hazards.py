"""Everything a patch of sky must keep clear of between two times, worked out once and asked for many directions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sequencer.sky.angles import as_given, separation_deg
from sequencer.sky.bodies import bodies_altaz
from sequencer.sky.coordinates import radec_to_altaz
from sequencer.sky.drift import SIDEREAL_DEG_S, Floats, Objects, Path, hour_angle_dec, nearest
from sequencer.sky.rules import PatchRules
from sequencer.sky.site import Site
from sequencer.sky.sources import bright_ir_names, bright_ir_sources, source_clear_deg

MINDED_ALTITUDE_DEG = -1.0
"""Moon and planets further below the horizon than this all the time send no light into the telescope."""

STRETCH_S = 1800.0
"""Bodies move linearly in hour angle and declination between nodes this far apart; the Moon's parallax then
leaves 8 arcsec (measured against astropy, tests/sky/test_hazards.py)."""

LONGEST_S = 6.0 * 3600.0
"""Longest interval; in half a sidereal day a thing on the sky would no longer have one nearest moment."""

CLOUDS = (("LMC", 80.894, -69.756), ("SMC", 13.187, -72.829))
"""Magellanic clouds, ICRS centres in deg (NED)."""

GALACTIC_POLES = (("north", 192.85948, 27.12825), ("south", 12.85948, -27.12825))
"""Poles of the Galaxy, ICRS in deg (ESA 1997, The Hipparcos Catalogue, vol. 1, 1.5.3)."""


@dataclass(frozen=True)
class Hazards:
    """The sky between two Unix times over a site: what `rules` mind, by name; made by `hazards_over`.

    `objects` are Sun, Moon, planets and the clouds, `sources` the bright sources, `poles` those of the Galaxy.
    """

    site: Site
    start_s: float
    end_s: float
    rules: PatchRules
    objects: Objects
    sources: Objects
    poles: Objects

    @property
    def moon_clear_deg(self) -> float:
        """Distance in deg to keep from the Moon; 0 while it is down."""
        moon = [row for row, name in enumerate(self.objects.names) if name.startswith("Moon")]
        return float(max(self.objects.clear_deg[moon], default=0.0))

    def galactic_latitude_deg(self, path: Path) -> Any:
        """The smallest absolute Galactic latitude along a path; an array for a column of paths."""
        apart = nearest(path, self.poles)[0]
        highest, lowest = 90.0 - apart[..., 0], apart[..., 1] - 90.0
        crossed = (lowest <= 0.0) & (highest >= 0.0)
        return as_given(np.where(crossed, 0.0, np.minimum(np.abs(lowest), np.abs(highest))))

    def distances_deg(self, path: Path) -> dict[str, float]:
        """The smallest distance of each of `objects` from a path, by name."""
        found: dict[str, float] = {}
        for name, distance in zip(self.objects.names, nearest(path, self.objects)[0].tolist(), strict=True):
            found[name] = min(distance, found.get(name, math.inf))
        return found


def hazards_over(
    site: Site, start_s: float, end_s: float, rules: PatchRules, bright_sources: ArrayLike | None = None
) -> Hazards:
    """What there is to keep clear of between two Unix times UTC.

    `bright_sources` has rows (ra_deg, dec_deg, mag); None takes the packaged infrared list, an empty one checks
    none. Raises ValueError for times not finite, an end before the start, or more than 6 h.
    """
    if not 0.0 <= end_s - start_s <= LONGEST_S:
        raise ValueError(f"from {start_s} to {end_s} s: not finite, or the end not 0 to 6 h after the start")
    names, given = _minded(bright_sources)
    clear = [
        *(source_clear_deg(given[:, 2]) + rules.field_radius_deg),
        rules.lmc_distance_deg + rules.field_radius_deg,
        rules.smc_distance_deg + rules.field_radius_deg,
        *(0.0 for _ in GALACTIC_POLES),
    ]
    places = np.vstack([given[:, :2], *([ra, dec] for _, ra, dec in (*CLOUDS, *GALACTIC_POLES))])
    labels = (*names, *(name for name, *_ in (*CLOUDS, *GALACTIC_POLES)))
    fixed = _fixed(site, start_s, end_s, labels, places, np.array(clear))
    sources, clouds, poles = (fixed.within(rows) for rows in (slice(0, -4), slice(-4, -2), slice(-2, None)))
    objects = _joined(_bodies(site, start_s, end_s, rules), clouds)
    return Hazards(site, start_s, end_s, rules, objects, sources, poles)


def _minded(bright_sources: ArrayLike | None) -> tuple[list[str], Floats]:
    """The sources bright enough to matter: their labels and their rows (ra_deg, dec_deg, mag)."""
    if bright_sources is None:
        names, given = bright_ir_names(), bright_ir_sources()
    else:
        given = np.asarray(bright_sources, dtype=float).reshape(-1, 3)
        names = ("source",) * len(given)
    rows = np.flatnonzero(source_clear_deg(given[:, 2]) > 0.0)
    return [f"{names[row]} (mag {given[row, 2]:.1f})" for row in rows], given[rows]


def _fixed(
    site: Site, start_s: float, end_s: float, names: tuple[str, ...], places_deg: Floats, clear_deg: Floats
) -> Objects:
    """Places (ICRS ra, dec in deg) on the sky: over a few hours the daily turn is all that moves them."""
    altitude, azimuth = radec_to_altaz(places_deg[:, 0], places_deg[:, 1], start_s, site)
    ha, dec = hour_angle_dec(altitude, azimuth, site.latitude_deg)
    same = np.ones(len(names))
    duration = end_s - start_s
    turn = same * duration * SIDEREAL_DEG_S
    return Objects(names, same * start_s, same * duration, ha, turn, dec, dec, clear_deg)


def _bodies(site: Site, start_s: float, end_s: float, rules: PatchRules) -> Objects:
    """Sun, Moon and planets that are up at some time, and how far to keep from each."""
    tracks = _tracks(site, start_s, end_s)
    sun, moon = (tracks[name][0] for name in ("Sun", "Moon"))
    elongation = separation_deg(sun[1], sun[0], moon[1], moon[0])
    lit = 50.0 * (1.0 - math.cos(math.radians(elongation)))
    wanted = {"Sun": rules.sun_distance_deg, "Moon": rules.moon_clear_deg(elongation)}
    labels = {"Moon": f"Moon ({lit:.0f} % lit)"}
    rows = [
        (labels.get(name, name), *row, wanted.get(name, rules.planet_distance_deg + rules.field_radius_deg))
        for name, (_, altitude, stretches) in tracks.items()
        if name == "Sun" or altitude > MINDED_ALTITUDE_DEG
        for row in stretches
    ]
    names, *columns = zip(*rows, strict=True)
    return Objects(tuple(names), *(np.array(column) for column in columns))


Track = tuple[tuple[float, float], float, list[tuple[float, ...]]]


@lru_cache(maxsize=16)
def _tracks(site: Site, start_s: float, end_s: float) -> dict[str, Track]:
    """By name: (altitude, azimuth) at the start, the highest altitude, and the stretches of `Objects`."""
    times = np.linspace(start_s, end_s, max(1, math.ceil((end_s - start_s) / STRETCH_S)) + 1)
    tracks: dict[str, Track] = {}
    for name, (altitude, azimuth) in bodies_altaz(times, site).items():
        ha, dec = hour_angle_dec(altitude, azimuth, site.latitude_deg)
        columns = (times[:-1], np.diff(times), ha[:-1], np.diff(ha) % 360.0, dec[:-1], dec[1:])
        stretches = [tuple(row) for row in np.transpose(columns).tolist()]
        tracks[name] = ((float(altitude[0]), float(azimuth[0])), float(np.max(altitude)), stretches)
    return tracks


def _joined(first: Objects, second: Objects) -> Objects:
    columns = list(Objects.__dataclass_fields__)[1:]
    joined = (np.concatenate([getattr(first, name), getattr(second, name)]) for name in columns)
    return Objects(first.names + second.names, *joined)
