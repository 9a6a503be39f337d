"""When twilight is: the interval in which the Sun stands between two altitudes, morning or evening.

Between two culminations the Sun's altitude is monotonic, so that every crossing is bracketed, also a grazing
one that a search on a grid of times would miss. Bisection does the rest.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from sequencer.figures import apart
from sequencer.sky.site import Site
from sequencer.sky.track import SunTrack

CROSSING_PRECISION_S = 0.01
"""Bisection ends at this width; the bound on every crossing's error is far below a second."""

CULMINATION_PRECISION_S = 1.0
"""A culmination is known to this width: the Sun's altitude changes by less than 1e-6 deg meanwhile."""

SLOPE_S = 60.0
"""Whether the Sun rises is asked of the altitudes so long before and after."""

A_DAY_S = 86400.0

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
    inside the range, at its lower or upper culmination, the window begins or ends there; where it stays inside for
    days, as near a pole, it ends some two days after `near_s`. Altitudes as in
    `sun_altaz`; a crossing is good to 0.1 s. Raises NoTwilight with the reason when the Sun stays above or
    below the range until the branch after next, ValueError for an empty range, an unknown kind or NaN.
    """
    if kind not in ("MORNING", "EVENING", "NEXT"):
        raise ValueError(f"twilight {kind!r} is none of MORNING, EVENING, NEXT")
    if not -90.0 <= sun_min_deg < sun_max_deg <= 90.0:
        raise ValueError(f"no range of Sun altitudes from {sun_min_deg} to {sun_max_deg} deg")
    reasons = []
    track = _track(site, near_s)
    for branch in _branches(near_s, track):
        if kind != "NEXT" and branch.rising != (kind == "MORNING"):
            reasons += _always(branch)
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
    for branch in _branches(after_s, track):
        if branch.rising != rising:
            reasons += _always(branch)
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


def _branches(near_s: float, track: SunTrack) -> Iterator[_Branch]:
    """The branch that contains `near_s` and those after it within two days.

    Near a pole the Sun rises or sinks for months without a culmination: such a branch ends with the track. A shorter
    one that the track does not hold whole is left out.
    """
    turns = [track.start_s, *_culminations(track)]
    if track.end_s - turns[-1] > A_DAY_S:
        turns.append(track.end_s)
    altitudes = [track.altitude_deg(turn_s) for turn_s in turns]
    for (start_s, end_s), (start_deg, end_deg) in zip(pairwise(turns), pairwise(altitudes), strict=True):
        if end_s > near_s:
            yield _Branch(start_s, end_s, start_deg, end_deg)


def _culminations(track: SunTrack) -> Iterator[float]:
    """When the Sun's altitude turns, upper and lower culminations in their order, each good to a second."""
    steps = int((track.end_s - track.start_s - 2.0 * SLOPE_S) / track.step_s)
    times = [track.start_s + SLOPE_S + step * track.step_s for step in range(steps + 1)]
    for before_s, after_s in pairwise(times):
        rising = _rising(track, before_s)
        if rising == _rising(track, after_s):
            continue
        while after_s - before_s > CULMINATION_PRECISION_S:
            middle_s = 0.5 * (before_s + after_s)
            before_s, after_s = (middle_s, after_s) if _rising(track, middle_s) == rising else (before_s, middle_s)
        yield 0.5 * (before_s + after_s)


def _rising(track: SunTrack, time_s: float) -> bool:
    return track.altitude_deg(time_s + SLOPE_S) > track.altitude_deg(time_s - SLOPE_S)


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
        lowest, limit = apart(low, sun_max_deg, "2f")
        return f"the Sun stays above {limit} deg, its lowest is {lowest} deg"
    highest, limit = apart(high, sun_min_deg, "2f")
    return f"the Sun stays below {limit} deg, its highest is {highest} deg"


def _always(branch: _Branch) -> list[str]:
    """What to say of a branch the wrong way that lasts for days, as near a pole; of others nothing."""
    if branch.end_s - branch.start_s <= A_DAY_S:
        return []
    way = "rises" if branch.rising else "sinks"
    return [f"the Sun {way} all day long, from {branch.start_deg:.2f} to {branch.end_deg:.2f} deg"]


def _crossing(branch: _Branch, track: SunTrack, altitude_deg: float) -> float:
    """Bisection for the altitude, which lies between those at the ends of the branch."""
    early_s, late_s = branch.start_s, branch.end_s
    while late_s - early_s > CROSSING_PRECISION_S:
        middle_s = 0.5 * (early_s + late_s)
        passed = (track.altitude_deg(middle_s) > altitude_deg) == branch.rising
        early_s, late_s = (early_s, middle_s) if passed else (middle_s, late_s)
    return 0.5 * (early_s + late_s)
