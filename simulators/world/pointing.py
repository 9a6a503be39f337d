"""Where the telescope points: fixed, slewing or tracking, as a function of time."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from sequencer.sky.airmass import airmass
from sequencer.sky.angles import shortest_turn_deg
from sequencer.sky.coordinates import altaz_to_radec, radec_to_altaz
from sequencer.sky.site import Site
from simulators.world.timeline import Ramp, Timeline

SIDEREAL_DEG_S = 360.0 / 86164.0905
"""Rate of the sky in deg/s: one turn in a sidereal day."""

PARKED_ALTAZ_DEG = (88.0, 0.0)
"""Where the simulated telescope stands before anybody moved it; assumed."""

NODE_S = 300.0
MAX_AIRMASS = 10.0


def slew_seconds(
    from_altaz: tuple[float, float], to_altaz: tuple[float, float], speeds_deg_s: tuple[float, float]
) -> float:
    """Seconds of a slew: both axes start together, each at its own speed, azimuth by the short way."""
    rise = abs(to_altaz[0] - from_altaz[0])
    turn = abs(shortest_turn_deg(from_altaz[1], to_altaz[1]))
    return max(rise / speeds_deg_s[0], turn / speeds_deg_s[1])


class Pointing:
    """The telescope's pointing over time, written by its simulator, read by the sky."""

    def __init__(self, timeline: Timeline, site: Site, speeds_deg_s: tuple[float, float]) -> None:
        self.site = site
        self.speeds_deg_s = speeds_deg_s
        self._altitude = timeline.track("telescope", "altitude_deg", PARKED_ALTAZ_DEG[0])
        self._azimuth = timeline.track("telescope", "azimuth_deg", PARKED_ALTAZ_DEG[1])
        self._target = timeline.track("telescope", "target_radec", None)
        self._node = lru_cache(maxsize=4096)(self._star_node)
        self._radec = lru_cache(maxsize=1024)(self._fixed_radec)

    def altaz(self, time_s: float) -> tuple[float, float]:
        """Altitude and azimuth in deg (azimuth 0-360)."""
        target = self._target.at(time_s)
        if target is not None:
            return self.star_altaz(target, time_s)
        return self._altitude.at(time_s), self._azimuth.at(time_s) % 360.0

    def airmass(self, time_s: float) -> float:
        """sec z, at most 10 (near the horizon and below)."""
        return min(float(airmass(self.altaz(time_s)[0])), MAX_AIRMASS)

    def radec(self, time_s: float) -> tuple[float, float]:
        """ICRS right ascension and declination in deg of the field's centre; it drifts when not tracking."""
        target = self._target.at(time_s)
        if target is not None:
            ra_deg, dec_deg = target
            return ra_deg, dec_deg
        base_s = NODE_S * math.floor(time_s / NODE_S)
        ra_deg, dec_deg = self._radec(*self.altaz(time_s), base_s)
        return (ra_deg + SIDEREAL_DEG_S * (time_s - base_s)) % 360.0, dec_deg

    def drifting(self, time_s: float) -> bool:
        """Whether the stars move through the field: not tracking."""
        return self._target.at(time_s) is None

    def slew(self, time_s: float, altitude_deg: float, azimuth_deg: float, stretch: float = 1.0) -> float:
        """Begin a slew to a fixed direction; returns the time of arrival (without settling).

        It takes `stretch` times as long as at the axes' speeds.
        """
        start = self.altaz(time_s)
        turn = shortest_turn_deg(start[1], azimuth_deg)
        rise_s = stretch * abs(altitude_deg - start[0]) / self.speeds_deg_s[0]
        turn_s = stretch * abs(turn) / self.speeds_deg_s[1]
        self.hold(time_s)
        self._altitude.record(time_s, Ramp(altitude_deg, time_s + rise_s))
        self._azimuth.record(time_s, Ramp(start[1] + turn, time_s + turn_s))
        return time_s + max(rise_s, turn_s)

    def hold(self, time_s: float) -> None:
        """Stand still at the direction of this moment; the sky drifts."""
        altitude_deg, azimuth_deg = self.altaz(time_s)
        self._target.record(time_s, None)
        self._altitude.record(time_s, altitude_deg)
        self._azimuth.record(time_s, azimuth_deg)

    def track(self, time_s: float, ra_deg: float, dec_deg: float) -> None:
        """Follow an ICRS position from now on."""
        self._target.record(time_s, (ra_deg, dec_deg))

    def breaks(self, start_s: float, end_s: float) -> list[float]:
        """Times at which a motion begins or ends."""
        tracks = (self._altitude, self._azimuth, self._target)
        return sorted({time for track in tracks for time in track.breaks(start_s, end_s)})

    def star_altaz(self, radec: tuple[float, float], time_s: float) -> tuple[float, float]:
        """Altitude and azimuth of an ICRS position: cubic through directions every 300 s (to 0.01 arcsec)."""
        node, f = divmod(time_s / NODE_S, 1.0)
        weights = (
            -f * (f - 1) * (f - 2) / 6,
            (f + 1) * (f - 1) * (f - 2) / 2,
            -(f + 1) * f * (f - 2) / 2,
            (f + 1) * f * (f - 1) / 6,
        )
        nodes = [self._node(radec, int(node) + k) for k in (-1, 0, 1, 2)]
        north, east, up = (sum(w * v[axis] for w, v in zip(weights, nodes, strict=True)) for axis in range(3))
        return math.degrees(math.atan2(up, math.hypot(north, east))), math.degrees(
            math.atan2(east, north)
        ) % 360.0

    def _star_node(self, radec: tuple[float, float], node: int) -> tuple[float, float, float]:
        altitude, azimuth = np.radians(radec_to_altaz(radec[0], radec[1], node * NODE_S, self.site))
        return (
            float(np.cos(altitude) * np.cos(azimuth)),
            float(np.cos(altitude) * np.sin(azimuth)),
            float(np.sin(altitude)),
        )

    def _fixed_radec(self, altitude_deg: float, azimuth_deg: float, time_s: float) -> tuple[float, float]:
        ra_deg, dec_deg = altaz_to_radec(altitude_deg, azimuth_deg, time_s, self.site)
        return float(ra_deg), float(dec_deg)
