"""What an observing block says beside its templates: id, status, people, target and constraints; all optional.

In YAML:

    id: 1234567                    # the number the archive knows the block by
    status: "+"                    # one of ESO's letters
    observer: E. Halley
    pi: C. Herschel
    target: {name: NGC 253, ra: "00:47:33.120", dec: "-25:17:17.60"}
    constraints: {sky_transparency: Clear, airmass: 1.6, moon_distance_deg: 30}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from sequencer.acquisition.cards import CARD_COLUMNS, Card, card_problem, plain_ascii
from sequencer.config.problems import Problem, shown
from sequencer.config.structure import convert
from sequencer.config.yaml_reader import Located, NodePath
from sequencer.observing.exchange.constraints import Constraints, check_constraints
from sequencer.observing.exchange.coordinates import declination, right_ascension
from sequencer.observing.exchange.part import Part
from sequencer.observing.exchange.status import STATUS


class Target(msgspec.Struct, frozen=True):
    """What is observed: J2000 coordinates `HH:MM:SS.sss` and `+DD:MM:SS.ss`, or a name alone.

    `epoch` is the year the coordinates are for, proper motion in arcsec per year (right ascension times cos dec).
    """

    name: str
    ra: str = ""
    dec: str = ""
    epoch: float = 2000.0
    pm_ra_arcsec_yr: float = 0.0
    pm_dec_arcsec_yr: float = 0.0


class Particulars(msgspec.Struct, frozen=True):
    """All of it, as read from a block. `id` 0, an empty text and a target without a name mean: not given."""

    id: int = 0
    status: str = ""
    observer: str = ""
    pi: str = ""
    target: Target = Target("")
    constraints: Constraints = Constraints()


KEYS = tuple(field.name for field in msgspec.structs.fields(Particulars))
_NAMES: dict[NodePath, str] = {("name",): "ESO OBS NAME", ("programme",): "ESO OBS PROG ID"}
_CARDS: dict[NodePath, str] = {
    ("observer",): "ESO OBS OBSERVER",
    ("pi",): "ESO OBS PI-COI NAME",
    ("target", "name"): "ESO OBS TARG NAME",
}
"""Texts of a block that become header cards, as they are."""


def read_particulars(located: Located) -> tuple[Particulars, list[Problem]]:
    """Return what a block (a YAML mapping) says beside its templates, and everything that is wrong with it."""
    part = Part(located, {key: located.data[key] for key in KEYS if key in located.data})
    found, problems, sound = Particulars(), [], dict(part.data)
    for key, value in part.data.items():
        one, wrong = convert(Part(located, {key: value}), Particulars)
        if one is None:
            problems += wrong
            del sound[key]
        else:
            found = msgspec.structs.replace(found, **{key: getattr(one, key)})
    part = Part(located, sound)
    problems += [*_identity(part, found), *_target(part, found.target), *check_constraints(part, found.constraints)]
    return found, problems + _misfits(part, _CARDS, str)


def check_names(located: Located, *, exact: bool) -> list[Problem]:
    """Return a problem where name or programme of a block do not fit their header cards.

    `exact`: as they are; else spelled in ASCII, as the header does with the names of our own blocks.
    """
    return _misfits(located, _NAMES, str if exact else plain_ascii)


def _misfits(located: Located, cards: dict[NodePath, str], spelled: Callable[[str], str]) -> list[Problem]:
    found = []
    for path, keyword in cards.items():
        text = at(located.data, path)
        if not isinstance(text, str):
            continue
        card = Card(keyword, spelled(text), "", "OBS", 0.0, False, False)
        if why := _too_long(card, spelled(text)) or card_problem(card):
            named = ".".join(map(str, path))
            found.append(located.problem(path, f"{named}: does not fit its header card: {why}"))
    return found


def _too_long(card: Card, text: str) -> str:
    """Why a text is too long for its card, in characters of the text; a quote in it takes two columns."""
    room = CARD_COLUMNS - len(f"{card.title} = ''")
    if len(text) + text.count("'") <= room:
        return ""
    quotes = ", a quote counts twice" if "'" in text else ""
    return f"{card.keyword} has room for {room} characters, this has {len(text)}{quotes}"


def in_order(block: dict[str, Any]) -> dict[str, Any]:
    """Return a block with its keys, and those of target and constraints, in the order people read them."""
    keys = ("name", "instrument", "programme", *KEYS, "templates")
    found = {key: block[key] for key in keys if key in block}
    for key, kind in (("target", Target), ("constraints", Constraints)):
        if key in found:
            names = [field.name for field in msgspec.structs.fields(kind)]
            found[key] = {name: found[key][name] for name in names if name in found[key]}
    return found


def at(data: Any, path: NodePath) -> Any:
    """Return the value at a path of keys, None where there is none."""
    for step in path:
        data = data.get(step) if isinstance(data, dict) else None
    return data


def _identity(part: Part, found: Particulars) -> list[Problem]:
    problems = []
    if "status" in part.data and found.status not in STATUS:
        letters = ", ".join(f"{letter} ({meaning})" for letter, meaning in STATUS.items())
        problems.append(part.problem(("status",), f"status: must not be {shown(found.status)}: one of {letters}"))
    if "id" in part.data and not 0 < found.id < 2**31:
        problems.append(part.problem(("id",), f"id: must be from 1 to {2**31 - 1}, not {found.id}"))
    for key in ("observer", "pi"):
        if key in part.data and not str(part.data[key]).strip():
            problems.append(part.problem((key,), f"{key}: must not be empty"))
    return problems


def _target(part: Part, target: Target) -> list[Problem]:
    if "target" not in part.data:
        return []
    wrong: list[tuple[str, str]] = [] if target.name.strip() else [("name", "must not be empty")]
    if bool(target.ra) != bool(target.dec):
        wrong.append(("ra" if target.ra else "dec", "must not be alone: ra and dec are given both or not at all"))
    for key, text, read in (("ra", target.ra, right_ascension), ("dec", target.dec, declination)):
        if text and (why := read(text)[1]):
            wrong.append((key, why))
    if not 1800.0 <= target.epoch <= 2200.0:
        wrong.append(("epoch", f"must be a year from 1800 to 2200, not {target.epoch:g}"))
    for key in ("pm_ra_arcsec_yr", "pm_dec_arcsec_yr"):
        if not abs(getattr(target, key)) <= 20.0:
            wrong.append((key, f"must be at most 20 arcsec a year, not {getattr(target, key):g}"))
    return [part.problem(("target", key), f"target.{key}: {why}") for key, why in wrong]
