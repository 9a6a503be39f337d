"""How near a slew passes the Sun: the two axes of the mount move at once, so it is no great circle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sequencer.figures import apart
from sequencer.sky.angles import separation_deg, shortest_turn_deg
from sequencer.sky.site import Site
from sequencer.sky.sun import sun_altaz

AltAz = tuple[float, float]

SUN_UP_DEG = -1.0
"""Above this altitude the Sun's disc can shine into the telescope (radius 0.27 deg, refraction 0.57 deg)."""


@dataclass(frozen=True)
class Slew:
    """The way to a patch: from (altitude, azimuth) in deg, at a Unix time, with the mount's speeds in deg/s."""

    from_altaz: AltAz
    at_s: float
    speeds_deg_s: tuple[float, float] = (0.5, 1.0)


def slew_separation_deg(
    from_altaz: AltAz,
    to_altaz: AltAz,
    sun_altaz: AltAz,
    steps: int = 720,
    *,
    speeds_deg_s: tuple[float, float] = (0.5, 1.0),
) -> float:
    """Smallest distance in deg from the Sun along a slew, both ends included.

    Directions are (altitude, azimuth) in deg. Altitude and azimuth start together, each at its own speed
    (altitude, azimuth in deg/s; assumed for the ELT) until it arrives; azimuth takes the short way. The
    slew is looked at in `steps` equal intervals of time. Raises ValueError for steps < 1, speeds not above
    0, or NaN.
    """
    rise, turn = to_altaz[0] - from_altaz[0], shortest_turn_deg(from_altaz[1], to_altaz[1])
    if steps < 1 or not min(speeds_deg_s) > 0.0:
        raise ValueError(f"a slew needs at least one step and speeds above 0, not {steps} and {speeds_deg_s}")
    if not np.all(np.isfinite([*from_altaz, *to_altaz, *sun_altaz])):
        raise ValueError(f"a slew from {from_altaz} to {to_altaz} with the Sun at {sun_altaz} is not finite")
    duration_s = max(abs(rise) / speeds_deg_s[0], abs(turn) / speeds_deg_s[1])
    time_s = np.linspace(0.0, duration_s, steps + 1)
    altitude = from_altaz[0] + np.sign(rise) * np.minimum(speeds_deg_s[0] * time_s, abs(rise))
    azimuth = from_altaz[1] + np.sign(turn) * np.minimum(speeds_deg_s[1] * time_s, abs(turn))
    return float(np.min(separation_deg(azimuth, altitude, sun_altaz[1], sun_altaz[0])))


def slew_is_safe(
    from_altaz: AltAz,
    to_altaz: AltAz,
    sun_altaz: AltAz,
    *,
    sun_distance_deg: float = 30.0,
    steps: int = 720,
    speeds_deg_s: tuple[float, float] = (0.5, 1.0),
) -> bool:
    """Whether a slew stays at least `sun_distance_deg` from the Sun all along; else as
    `slew_separation_deg`."""
    nearest = slew_separation_deg(from_altaz, to_altaz, sun_altaz, steps, speeds_deg_s=speeds_deg_s)
    return nearest >= sun_distance_deg


def sun_on_the_way(slew: Slew, site: Site, sun_distance_deg: float) -> Callable[[AltAz], str]:
    """A function that says why a slew to (altitude, azimuth) in deg is not safe, or nothing if it is.

    A Sun that is down (under -1 deg) lets every slew pass.
    """
    sun = sun_altaz(slew.at_s, site)

    def why_not(to_altaz: AltAz) -> str:
        if sun[0] <= SUN_UP_DEG:
            return ""
        nearest = slew_separation_deg(slew.from_altaz, to_altaz, sun, speeds_deg_s=slew.speeds_deg_s)
        if nearest >= sun_distance_deg:
            return ""
        found, wanted = apart(nearest, sun_distance_deg, "1f")
        return f"the slew passes the Sun at {found} deg, at least {wanted} are wanted"

    return why_not
