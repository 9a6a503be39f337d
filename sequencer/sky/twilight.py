"""When twilight is: the interval in which the Sun stands between two altitudes, morning or evening.

astroplan gives the Sun's culminations; between two of them its altitude is monotonic, so that every
crossing is bracketed, also a grazing one that a search on a grid of times would miss. Bisection does the
rest.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sequencer.sky.site import Site, earth_location, utc_time
from sequencer.sky.track import SunTrack

CROSSING_PRECISION_S = 0.01
"""Bisection ends at this width; the bound on every crossing's error is far below a second."""

CULMINATION_STEP_S = 600.0
"""Half-width of the parabola that refines a culmination; astroplan's grid of 150 points a day is 576 s
wide."""

TRACK_STEP_S = 900.0
"""Nodes of the Sun's track: 0.1 arcsec of interpolation error, that is 7 ms of time."""

Kind = Literal["MORNING", "EVENING", "NEXT"]


class NoTwilight(Exception):
    """The Sun does not cross the wanted altitudes within about a day; the text says what it does instead."""


@dataclass(frozen=True)
class Window:
    """A twilight: start and end in Unix seconds UTC, and which one it is ("MORNING" or "EVENING")."""

    start_s: float
    end_s: float
    kind: str

    @property
    def duration_s(self) -> float:
        """Length in s."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class _Branch:
    """From one culmination of the Sun to the next: times in s and altitudes in deg at both ends."""

    start_s: float
    end_s: float
    start_deg: float
    end_deg: float

    @property
    def rising(self) -> bool:
        return self.end_deg > self.start_deg


def twilight_window(site: Site, near_s: float, kind: Kind, sun_min_deg: float, sun_max_deg: float) -> Window:
    """The twilight that contains `near_s`, or else the next after it, in which sun_min <= Sun altitude <=
    sun_max.

    MORNING: the Sun rising; EVENING: setting; NEXT: whichever is on or comes first. Where the Sun turns back
    inside the range, at its lower or upper culmination, the window begins or ends there. Altitudes as in
    `sun_altaz`; a crossing is good to 0.1 s. Raises NoTwilight with the reason when the Sun stays above or
    below the range until the branch after next, ValueError for an empty range, an unknown kind or NaN.
    """
    if kind not in ("MORNING", "EVENING", "NEXT"):
        raise ValueError(f"twilight {kind!r} is none of MORNING, EVENING, NEXT")
    if not -90.0 <= sun_min_deg < sun_max_deg <= 90.0:
        raise ValueError(f"no range of Sun altitudes from {sun_min_deg} to {sun_max_deg} deg")
    reasons = []
    track = _track(site, near_s)
    for branch in _branches(site, near_s, track):
        if kind != "NEXT" and branch.rising != (kind == "MORNING"):
            continue
        window = _window_on(branch, track, sun_min_deg, sun_max_deg)
        if window is None:
            reasons.append(_why_not(branch, sun_min_deg, sun_max_deg))
        elif window.end_s >= near_s:
            return window
    raise NoTwilight(f"no {kind.lower()} twilight at {site.name}: {'; '.join(dict.fromkeys(reasons))}")


def sun_crossing(site: Site, altitude_deg: float, after_s: float, rising: bool) -> float:
    """When the Sun next passes an altitude, rising or setting: Unix seconds UTC, at or after `after_s`, to
    0.1 s.

    Raises NoTwilight if it does not within about a day, ValueError for an altitude outside -90..90 or NaN.
    """
    if not -90.0 <= altitude_deg <= 90.0:
        raise ValueError(f"no Sun altitude of {altitude_deg} deg")
    reasons = []
    track = _track(site, after_s)
    for branch in _branches(site, after_s, track):
        if branch.rising != rising:
            continue
        low, high = sorted((branch.start_deg, branch.end_deg))
        if not low <= altitude_deg <= high:
            reasons.append(f"the Sun's altitude stays between {low:.2f} and {high:.2f} deg")
            continue
        crossing_s = _crossing(branch, track, altitude_deg)
        if crossing_s >= after_s:
            return crossing_s
    way = "rising" if rising else "setting"
    why = "; ".join(dict.fromkeys(reasons))
    raise NoTwilight(f"the Sun is never {way} through {altitude_deg} deg at {site.name}: {why}")


def _track(site: Site, near_s: float) -> SunTrack:
    """The Sun over all the branches that `_branches` looks at, with an hour to spare at both ends."""
    if not math.isfinite(near_s):
        raise ValueError(f"time {near_s} s is not finite")
    return SunTrack.over(site, near_s - 25.0 * 3600.0, near_s + 49.0 * 3600.0, TRACK_STEP_S)


def _branches(site: Site, near_s: float, track: SunTrack) -> Iterator[_Branch]:
    """The branch that contains `near_s` and the three after it, so a day and a half at least."""
    time_s, lower = _culmination_before(site, near_s, track)
    altitude = track.altitude_deg(time_s)
    for _ in range(4):
        next_s = _culmination(site, time_s + 3600.0, "noon" if lower else "midnight", "next", track)
        next_altitude = track.altitude_deg(next_s)
        yield _Branch(time_s, next_s, altitude, next_altitude)
        time_s, altitude, lower = next_s, next_altitude, not lower


def _culmination_before(site: Site, near_s: float, track: SunTrack) -> tuple[float, bool]:
    """The last culmination not after `near_s`, and whether it is the lower one."""
    midnight_s = _culmination(site, near_s, "midnight", "previous", track)
    noon_s = _culmination(site, near_s, "noon", "previous", track)
    return max((midnight_s, True), (noon_s, False))


def _culmination(site: Site, near_s: float, name: str, which: str, track: SunTrack) -> float:
    """Time of the Sun's "noon" or "midnight" next to or previous to a time, refined by a parabola."""
    from astroplan import Observer

    with warnings.catch_warnings():
        # A circumpolar Sun makes astroplan warn about a horizon that plays no part here.
        warnings.simplefilter("ignore")
        observer = Observer(location=earth_location(site), name=site.name)
        found: Any = getattr(observer, name)(utc_time(near_s), which=which)
    if found.masked:
        raise NoTwilight(f"the Sun has no {name} at {site.name}")
    estimate_s = float(found.unix)
    before, at, after = (
        track.altitude_deg(estimate_s + step) for step in (-CULMINATION_STEP_S, 0.0, CULMINATION_STEP_S)
    )
    curvature = before - 2.0 * at + after
    shift = 0.5 * (before - after) / curvature if curvature else 0.0
    return estimate_s + CULMINATION_STEP_S * min(max(shift, -1.0), 1.0)


def _window_on(branch: _Branch, track: SunTrack, sun_min_deg: float, sun_max_deg: float) -> Window | None:
    """The part of a branch inside the range of altitudes, or None."""
    low, high = sorted((branch.start_deg, branch.end_deg))
    if high < sun_min_deg or low > sun_max_deg:
        return None
    first, last = (sun_min_deg, sun_max_deg) if branch.rising else (sun_max_deg, sun_min_deg)
    start_s = _crossing(branch, track, first) if low < first < high else branch.start_s
    end_s = _crossing(branch, track, last) if low < last < high else branch.end_s
    return Window(start_s, end_s, "MORNING" if branch.rising else "EVENING")


def _why_not(branch: _Branch, sun_min_deg: float, sun_max_deg: float) -> str:
    low, high = sorted((branch.start_deg, branch.end_deg))
    if low > sun_max_deg:
        return f"the Sun stays above {sun_max_deg:g} deg, its lowest is {low:.2f} deg"
    return f"the Sun stays below {sun_min_deg:g} deg, its highest is {high:.2f} deg"


def _crossing(branch: _Branch, track: SunTrack, altitude_deg: float) -> float:
    """Bisection for the altitude, which lies between those at the ends of the branch."""
    early_s, late_s = branch.start_s, branch.end_s
    while late_s - early_s > CROSSING_PRECISION_S:
        middle_s = 0.5 * (early_s + late_s)
        passed = (track.altitude_deg(middle_s) > altitude_deg) == branch.rising
        early_s, late_s = (early_s, middle_s) if passed else (middle_s, late_s)
    return 0.5 * (early_s + late_s)
