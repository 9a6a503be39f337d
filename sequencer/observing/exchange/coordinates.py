"""Sexagesimal coordinates: one way of writing them, and the two ways the forms outside do.

Ours and the Phase-2 form have colons (`00:47:33.120`, `-25:17:17.60`), the `.obd` form has none
(`004733.120`, `-251717.60`). Digits after the point are kept as they are.
"""

from __future__ import annotations

import re

from sequencer.config.problems import shown

_PARTS = re.compile(r"([+-]?)([0-9]{1,2})[: ]([0-9]{1,2})[: ]([0-9]{1,2}(?:\.[0-9]{1,9})?)")
_PACKED = re.compile(r"([+-]?)([0-9]{2})([0-9]{2})([0-9]{2}(?:\.[0-9]{1,9})?)")


def right_ascension(text: str) -> tuple[str, str]:
    """Return `HH:MM:SS[.s]` in [0 h, 24 h) for a text with colons or blanks, and what is wrong with it."""
    return _ranged(_PARTS.fullmatch(text.strip()), text, "HH:MM:SS.sss", signed=False)


def declination(text: str) -> tuple[str, str]:
    """Return `+DD:MM:SS[.s]` in -90 to +90 deg for a text with colons or blanks, and what is wrong with it."""
    return _ranged(_PARTS.fullmatch(text.strip()), text, "+DD:MM:SS.ss", signed=True)


def unpacked(text: str, *, signed: bool) -> tuple[str, str]:
    """Return the form with colons of an `.obd` coordinate (hhmmss.sss, or `signed` ddmmss.sss), and what is wrong.

    All six digits before the point must be there: 10.68 may be degrees, or a time whose zeros were lost.
    """
    form = "+ddmmss.ss" if signed else "hhmmss.sss"
    match = _PACKED.fullmatch(text.strip()) or _PARTS.fullmatch(text.strip())
    return _ranged(match, text, form, signed=signed)


def packed(text: str) -> str:
    """Return the `.obd` form of a coordinate in our form: without colons, a plus left out."""
    return text.replace(":", "").removeprefix("+")


def _ranged(match: re.Match[str] | None, text: str, form: str, *, signed: bool) -> tuple[str, str]:
    if match is None:
        return "", f"must be {form}, not {shown(text)}"
    sign, first, minutes, seconds = match.groups()
    if sign and not signed:
        return "", f"must be {form} without a sign, not {shown(text)}"
    whole, highest, unit = int(first), 90 if signed else 23, "deg" if signed else "h"
    if int(minutes) > 59 or float(seconds) >= 60.0:
        return "", f"must have minutes and seconds below 60, not {shown(text)}"
    beyond = signed and whole == 90 and (int(minutes) or float(seconds))
    if whole > highest or beyond:
        limit = "+90 deg at most" if signed else "below 24 h"
        return "", f"must be {limit}, not {shown(text)} ({whole} {unit})"
    sign = (sign or "+") if signed else ""
    point = seconds.find(".")
    seconds = seconds.zfill(2 if point < 0 else len(seconds) - point + 2)
    return f"{sign}{whole:02d}:{int(minutes):02d}:{seconds}", ""


def degrees(text: str, *, hours: bool) -> float:
    """Return the angle in deg of a sound text in our form; `hours`: it is a right ascension."""
    whole, minutes, seconds = (float(part) for part in text.lstrip("+-").split(":"))
    value = whole + minutes / 60.0 + seconds / 3600.0
    return (15.0 if hours else 1.0) * (-value if text.startswith("-") else value)
