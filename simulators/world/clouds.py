"""Clouds that pass over the telescope: what they let through, and how they glow themselves."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from msgspec import Struct

from sequencer.clock import parse_utc
from simulators.keyed import keyed_generator


class PassageConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """A cloud at a given time: `begin` (UTC), minutes, optical depth at the zenith, seconds of its edges.

    `glow` is its own brightness in twilight over that of the clear sky behind it: above 1 it brightens the sky.
    """

    begin: str
    minutes: float
    depth: float
    glow: float = 1.0
    edge_s: float = 10.0


class SkyConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """What the night's sky does beyond the priors; as it stands: nothing. All figures assumed.

    `brightness` multiplies twilight and thermal background. `passages` are clouds at given times; besides,
    `clouds_per_hour` pass at times, of lengths, depths and glows drawn from the seed: lognormal about the
    medians given here. `cloud_cooler_k` is how much colder than the air at the ground a cloud is.
    """

    brightness: float = 1.0
    passages: list[PassageConfig] = []
    clouds_per_hour: float = 0.0
    cloud_minutes: float = 6.0
    cloud_depth: float = 1.0
    cloud_glow: float = 0.7
    cloud_cooler_k: float = 35.0


CLEAR_SKY = SkyConfig()

LENGTH_SIGMA, DEPTH_SIGMA, GLOW_SIGMA = 0.7, 1.0, 0.5
"""Lognormal widths; assumed. Overcast twilight varies most at periods of 2-40 min and is sometimes brighter than a
clear one (abstract of "Short-term variability of overcast brightness"); depths go from below 0.1 for thin cirrus to
hundreds (AMS Glossary of Meteorology)."""

MINUTES = (1.0, 40.0)
MAX_DEPTH = 10.0
"""Drawn lengths and depths stay inside; a depth of 10 lets nothing through that anybody could measure."""

EDGE_SHARE = 0.2
"""Share of a drawn passage in which the cloud comes, and in which it goes; assumed."""

HOUR_S = 3600.0


@dataclass(frozen=True)
class Cloud:
    """One passage: Unix seconds of begin and end, seconds of each edge, optical depth between the edges, glow."""

    begin_s: float
    end_s: float
    edge_s: float
    depth: float
    glow: float

    def depth_at(self, time_s: float) -> float:
        """Optical depth at the zenith: it comes and goes along half a cosine."""
        inside_s = min(time_s - self.begin_s, self.end_s - time_s)
        if inside_s <= 0.0:
            return 0.0
        share = 1.0 if inside_s >= self.edge_s else inside_s / self.edge_s
        return self.depth * (0.5 - 0.5 * math.cos(math.pi * share))

    def breaks(self) -> set[float]:
        """When its edges begin and end, and between: within a quarter of an edge the light is smooth enough."""
        quarters = [self.edge_s * quarter / 4.0 for quarter in range(5)]
        return {self.begin_s + after_s for after_s in quarters} | {
            self.end_s - before_s for before_s in quarters
        }


@dataclass(frozen=True)
class Veil:
    """All clouds at one moment: optical depth at the zenith, and their glow over the clear twilight."""

    depth: float = 0.0
    glow: float = 1.0

    def transmission(self, airmass: float) -> float:
        """Share of the light from beyond that comes through."""
        return math.exp(-self.depth * airmass)


CLEAR = Veil()


class Clouds:
    """The clouds of one night, functions of the seed and of time alone."""

    def __init__(self, config: SkyConfig, seed: int) -> None:
        self.config = config
        self.seed = seed
        self._given = [_given(passage) for passage in config.passages]
        self._hour = lru_cache(maxsize=64)(self._drawn)

    def veil(self, time_s: float) -> Veil:
        """What hangs before the sky; depths add up, glows count by depth."""
        found = [(cloud.depth_at(time_s), cloud.glow) for cloud in self.between(time_s, time_s)]
        depth = sum(each for each, _ in found)
        return Veil(depth, sum(each * glow for each, glow in found) / depth) if depth > 0.0 else CLEAR

    def between(self, start_s: float, end_s: float) -> list[Cloud]:
        """The clouds that pass at any time from start to end."""
        drawn: Iterable[Cloud] = ()
        if self.config.clouds_per_hour > 0.0:
            hours = range(math.floor((start_s - 60.0 * MINUTES[1]) / HOUR_S), math.floor(end_s / HOUR_S) + 1)
            drawn = (cloud for hour in hours for cloud in self._hour(hour))
        return [
            cloud for cloud in (*self._given, *drawn) if cloud.begin_s <= end_s and cloud.end_s >= start_s
        ]

    def breaks(self, start_s: float, end_s: float) -> list[float]:
        """Times inside (start_s, end_s) at which to cut an integral over the light, for the clouds' sake."""
        times = {time_s for cloud in self.between(start_s, end_s) for time_s in cloud.breaks()}
        return sorted(time_s for time_s in times if start_s < time_s < end_s)

    def _drawn(self, hour: int) -> list[Cloud]:
        """The clouds that begin in an hour since 1970, in the order they were drawn."""
        draw = keyed_generator(self.seed, "clouds", hour)
        return [self._draw(hour, draw) for _ in range(draw.poisson(self.config.clouds_per_hour))]

    def _draw(self, hour: int, draw: np.random.Generator) -> Cloud:
        config = self.config
        begin_s = HOUR_S * (hour + draw.random())
        long, deep, bright = np.exp(draw.standard_normal(3) * (LENGTH_SIGMA, DEPTH_SIGMA, GLOW_SIGMA))
        seconds = 60.0 * min(max(config.cloud_minutes * float(long), MINUTES[0]), MINUTES[1])
        depth = min(config.cloud_depth * float(deep), MAX_DEPTH)
        edge_s = EDGE_SHARE * seconds
        return Cloud(begin_s, begin_s + seconds, edge_s, depth, config.cloud_glow * float(bright))


def _given(passage: PassageConfig) -> Cloud:
    begin_s = parse_utc(passage.begin)
    seconds = 60.0 * passage.minutes
    return Cloud(begin_s, begin_s + seconds, min(passage.edge_s, seconds / 2), passage.depth, passage.glow)
