"""Under which sky a block may run: sky transparency, airmass, Moon, twilight and time windows."""

from __future__ import annotations

import itertools

import msgspec

from sequencer.clock import parse_utc
from sequencer.config.problems import Problem, did_you_mean, shown
from sequencer.config.yaml_reader import Located

TRANSPARENCY = ("Photometric", "Clear", "Variable, thin cirrus", "Variable, thick cirrus")
"""Choices of the sky transparency, the best first: ESO's instrument packages."""


class TimeWindow(msgspec.Struct, frozen=True):
    """The block may start between two times, ISO 8601 UTC."""

    after: str
    before: str


class Constraints(msgspec.Struct, frozen=True):
    """Under which sky a block may run; what is not given (None, empty) does not matter.

    `airmass` is the highest, 1 to 5; `moon_distance_deg` the smallest; `moon_illumination` the highest lit fraction;
    `twilight_minutes` the earliest start after the end of the astronomical evening twilight (negative: before it).
    `other` are constraints of the instrument's own (`atm`, `waterVapour`), kept as they are.
    Range of the airmass: ESO's instrument package of PIONIER.
    """

    sky_transparency: str = ""
    airmass: float | None = None
    moon_distance_deg: float | None = None
    moon_illumination: float | None = None
    twilight_minutes: float | None = None
    times: list[TimeWindow] = []
    other: dict[str, str | int | float] = {}


MOST_ITEMS = 99
LONGEST_TEXT = 200
_RANGES = {
    "airmass": (1.0, 5.0),
    "moon_distance_deg": (0.0, 180.0),
    "moon_illumination": (0.0, 1.0),
    "twilight_minutes": (-45.0, 600.0),
}
PHASE2_NAMES = {
    "skyTransparency": "sky_transparency",
    "airmass": "airmass",
    "moonDistance": "moon_distance_deg",
    "fli": "moon_illumination",
    "twilight": "twilight_minutes",
}
"""Name of a constraint in the Phase-2 form -> in ours."""


def check_constraints(part: Located, constraints: Constraints) -> list[Problem]:
    """Return what is wrong with the constraints of a block, `part.data["constraints"]`."""
    problems = _transparency(part, constraints.sky_transparency)
    for key, (lowest, highest) in _RANGES.items():
        value = getattr(constraints, key)
        if value is not None and not lowest <= value <= highest:
            text = f"constraints.{key}: must be from {lowest:g} to {highest:g}, not {value:g}"
            problems.append(part.problem(("constraints", key), text))
    for what, items in (("times", constraints.times), ("other", constraints.other)):
        if len(items) > MOST_ITEMS:
            text = f"constraints.{what}: at most {MOST_ITEMS} may be given"
            problems.append(part.problem(("constraints", what), text))
    for key, value in constraints.other.items():
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            text = f"constraints.other: {shown(key)} must be at most {LONGEST_TEXT} characters, not {len(value)}"
            problems.append(part.problem(("constraints", "other", key), text))
        if key in PHASE2_NAMES:
            text = f"constraints.other: {key} is {PHASE2_NAMES[key]} here"
            problems.append(part.problem(("constraints", "other", key), text))
    return problems + _times(part, constraints.times)


def _transparency(part: Located, value: str) -> list[Problem]:
    if "sky_transparency" not in part.data.get("constraints", {}) or value in TRANSPARENCY:
        return []
    choices = "; ".join(TRANSPARENCY)
    text = f"constraints.sky_transparency: must not be {shown(value)}{did_you_mean(value, TRANSPARENCY)} ({choices})"
    return [part.problem(("constraints", "sky_transparency"), text)]


def _times(part: Located, times: list[TimeWindow]) -> list[Problem]:
    problems: list[Problem] = []
    spans: list[tuple[float, float, int]] = []
    for index, window in enumerate(times):
        path = ("constraints", "times", index)
        try:
            after_s, before_s = parse_utc(window.after), parse_utc(window.before)
        except (ValueError, OverflowError):
            text = f"{shown(window.after)} to {shown(window.before)} is not two UTC times like 2027-03-20T09:15:00"
            problems.append(part.problem(path, f"constraints.times[{index}]: {text}"))
            continue
        if after_s >= before_s:
            text = f"constraints.times[{index}]: ends ({window.before}) before it begins ({window.after})"
            problems.append(part.problem(path, text))
        spans.append((after_s, before_s, index))
    spans.sort()
    for (_, ends_s, one), (begins_s, _, other) in itertools.pairwise(spans):
        if begins_s < ends_s:
            text = f"constraints.times[{other}]: overlaps with times[{one}]"
            problems.append(part.problem(("constraints", "times", other), text))
    return problems
