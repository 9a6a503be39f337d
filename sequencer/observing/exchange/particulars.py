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

from typing import Any

import msgspec

from sequencer.config.problems import Problem, shown
from sequencer.config.structure import convert
from sequencer.config.yaml_reader import Located
from sequencer.observing.exchange.constraints import Constraints, check_constraints, is_number
from sequencer.observing.exchange.coordinates import declination, right_ascension
from sequencer.observing.exchange.part import Part
from sequencer.observing.exchange.status import STATUS
from sequencer.observing.exchange.texts import check_texts, plain_texts


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
    """All of it, as read from a block. `id` 0, an empty text and a target without a name mean: not given.

    Observer, pi and the target's name are spelled as their header cards hold them, in plain ASCII.
    """

    id: int = 0
    status: str = ""
    observer: str = ""
    pi: str = ""
    target: Target = Target("")
    constraints: Constraints = Constraints()


KEYS = tuple(field.name for field in msgspec.structs.fields(Particulars))
def read_particulars(located: Located) -> tuple[Particulars, list[Problem]]:
    """Return what a block (a YAML mapping) says beside its templates, and everything that is wrong with it.

    A value of a wrong type is left out, and hides nothing that is wrong with the values beside it.
    """
    part = Part(located, {key: located.data[key] for key in KEYS if key in located.data})
    found, problems = Particulars(), []
    for key, value in plain_texts(part.data).items():
        one, wrong = convert(Part(located, {key: value}), Particulars)
        problems += wrong
        if one is not None:
            found = msgspec.structs.replace(found, **{key: getattr(one, key)})
    return found, [*problems, *_identity(part), *_target(part), *check_constraints(part), *check_texts(located)]


def in_order(block: dict[str, Any]) -> dict[str, Any]:
    """Return a block with its keys, and those of target and constraints, in the order people read them."""
    keys = ("name", "instrument", "programme", *KEYS, "templates")
    found = {key: block[key] for key in keys if key in block}
    for key, kind in (("target", Target), ("constraints", Constraints)):
        if key in found:
            names = [field.name for field in msgspec.structs.fields(kind)]
            found[key] = {name: found[key][name] for name in names if name in found[key]}
    return found


def _identity(part: Part) -> list[Problem]:
    problems, status, number = [], part.data.get("status"), part.data.get("id")
    if isinstance(status, str) and status not in STATUS:
        letters = ", ".join(f"{letter} ({meaning})" for letter, meaning in STATUS.items())
        problems.append(part.problem(("status",), f"status: must not be {shown(status)}: one of {letters}"))
    if is_number(number) and not 0 < number < 2**31:
        problems.append(part.problem(("id",), f"id: must be from 1 to {2**31 - 1}, not {number}"))
    return problems


def _target(part: Part) -> list[Problem]:
    target = part.data.get("target")
    if not isinstance(target, dict):
        return []
    wrong: list[tuple[str, str]] = []
    for key, other, read in (("ra", "dec", right_ascension), ("dec", "ra", declination)):
        text = target.get(key)
        if not isinstance(text, str) or not text:
            continue
        if target.get(other, "") == "":
            wrong.append((key, "must not be alone: ra and dec are given both or not at all"))
        if why := read(text)[1]:
            wrong.append((key, why))
    epoch = target.get("epoch")
    if is_number(epoch) and not 1800.0 <= epoch <= 2200.0:
        wrong.append(("epoch", f"must be a year from 1800 to 2200, not {epoch:g}"))
    for key in ("pm_ra_arcsec_yr", "pm_dec_arcsec_yr"):
        motion = target.get(key)
        if is_number(motion) and not abs(motion) <= 20.0:
            wrong.append((key, f"must be at most 20 arcsec a year, not {motion:g}"))
    return [part.problem(("target", key), f"target.{key}: {why}") for key, why in wrong]
