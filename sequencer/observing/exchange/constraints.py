"""Under which sky a block may run: sky transparency, airmass, Moon, twilight and time windows."""

from __future__ import annotations

import itertools
from typing import Any, TypeGuard

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


def check_constraints(part: Located) -> list[Problem]:
    """Return what is wrong with the constraints of a block, `part.data["constraints"]`, but for wrong types."""
    given = part.data.get("constraints")
    if not isinstance(given, dict):
        return []
    problems = _transparency(part, given.get("sky_transparency"))
    for key, (lowest, highest) in _RANGES.items():
        value = given.get(key)
        if is_number(value) and not lowest <= value <= highest:
            text = f"constraints.{key}: must be from {lowest:g} to {highest:g}, not {value:g}"
            problems.append(part.problem(("constraints", key), text))
    times, other = given.get("times"), given.get("other")
    for what, items in (("times", times), ("other", other)):
        if isinstance(items, list | dict) and len(items) > MOST_ITEMS:
            text = f"constraints.{what}: at most {MOST_ITEMS} may be given"
            problems.append(part.problem(("constraints", what), text))
    problems += _other(part, other) if isinstance(other, dict) else []
    return problems + (_times(part, times) if isinstance(times, list) else [])


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a value of a document is a number: the check of its type says what is wrong with any other."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _transparency(part: Located, value: object) -> list[Problem]:
    if not isinstance(value, str) or value in TRANSPARENCY:
        return []
    choices = "; ".join(TRANSPARENCY)
    text = f"constraints.sky_transparency: must not be {shown(value)}{did_you_mean(value, TRANSPARENCY)} ({choices})"
    return [part.problem(("constraints", "sky_transparency"), text)]


def _other(part: Located, other: dict[str, Any]) -> list[Problem]:
    problems = []
    for key, value in other.items():
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            text = f"constraints.other: {shown(key)} must be at most {LONGEST_TEXT} characters, not {len(value)}"
            problems.append(part.problem(("constraints", "other", key), text))
        if key in PHASE2_NAMES:
            text = f"constraints.other: {key} is {PHASE2_NAMES[key]} here"
            problems.append(part.problem(("constraints", "other", key), text))
    return problems


def _times(part: Located, times: list[Any]) -> list[Problem]:
    problems: list[Problem] = []
    spans: list[tuple[float, float, int]] = []
    for index, given in enumerate(times):
        path = ("constraints", "times", index)
        try:
            window = msgspec.convert(given, TimeWindow, strict=True)
            after_s, before_s = parse_utc(window.after), parse_utc(window.before)
        except msgspec.ValidationError:
            continue
        except (ValueError, OverflowError):
            text = f"{shown(window.after)} to {shown(window.before)} is not two UTC times like 2027-03-20T09:15:00"
            problems.append(part.problem(path, f"constraints.times[{index}]: {text}"))
            continue
        if after_s >= before_s:
            text = f"constraints.times[{index}]: ends ({window.before}) before it begins ({window.after})"
            problems.append(part.problem(path, text))
        spans.append((after_s, before_s, index))
    return problems + _overlaps(part, sorted(spans))


def _overlaps(part: Located, spans: list[tuple[float, float, int]]) -> list[Problem]:
    problems = []
    for (_, ends_s, one), (begins_s, _, other) in itertools.pairwise(spans):
        if begins_s < ends_s:
            text = f"constraints.times[{other}]: overlaps with times[{one}]"
            problems.append(part.problem(("constraints", "times", other), text))
    return problems
