"""Keyword dictionaries as data: what each header card of an instrument is, who gives it, which frames need it."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from sequencer.config.problems import ConfigErrors, Problem
from sequencer.config.search import find_config, known_names
from sequencer.config.structure import convert
from sequencer.config.yaml_reader import Located, read_yaml

Value = str | int | float | bool
Condition = dict[str, list[str]]
"""Keyword -> the values one of which it has; all keywords of a condition count."""

ALL = "all"
"""The kind every frame is of."""

COMMON = "common"
"""Dictionary of instruments that have none of their own."""


class Keyword(Struct, forbid_unknown_fields=True, frozen=True):
    """One keyword; `#` in its name stands for any number (`ESO INS OPTI# NAME`).

    `given` is who gives it, `at` when: before the exposure (start), with its begin (exposure), after it (end).
    `requested` values were asked for, all others read back or measured. `range` is [lowest, highest] in `unit`;
    `values` are the only texts allowed. `required` and `absent` name kinds of frames. `chip` cards stand in the
    header of each chip. `same_as` is the keyword it repeats, in the same header, `spelled` its values in the words
    of this one; values not spelled are not repeated.
    """

    type: Literal["string", "time", "integer", "double", "logical"]
    given: Literal[
        "file",
        "instrument",
        "block",
        "template",
        "sequencer",
        "telescope",
        "mechanisms",
        "sources",
        "light stops",
        "detector",
    ]
    comment: str = ""
    unit: str = ""
    range: tuple[float | None, float | None] = (None, None)
    values: list[str] = []
    required: list[str] = []
    absent: list[str] = []
    at: Literal["start", "exposure", "end"] = "start"
    requested: bool = False
    chip: bool = False
    same_as: str = ""
    spelled: dict[str, Value] = {}


class Keywords(Struct, forbid_unknown_fields=True, frozen=True):
    """A dictionary. `include` names dictionaries it goes on from; its own entries hold before theirs.

    `kinds` are conditions on cards of the primary header that make a frame one of a kind. `constants` are
    cards of every frame of a kind, whatever else says; those of `all` are overruled by other kinds.
    `out_of_beam` are keywords, or stems of them (`ESO INS OPTI2`), whose cards are left out on a condition.
    """

    name: str
    include: list[str] = []
    kinds: dict[str, Condition] = {}
    constants: dict[str, dict[str, Value]] = {}
    out_of_beam: dict[str, Condition] = {}
    keywords: dict[str, Keyword] = {}


def load_keywords(name_or_path: str) -> Keywords:
    """Return a dictionary with all it includes. Raises ConfigErrors, also for kinds nobody defined."""
    located = read_yaml(find_config("keywords", name_or_path))
    value, problems = convert(located, Keywords)
    if value is None or problems:
        raise ConfigErrors(problems)
    for name in value.include:
        value = _merged(load_keywords(name), value)
    found = _problems(value, located)
    if found:
        raise ConfigErrors(found)
    return value


@cache
def keywords_of(instrument: str) -> Keywords:
    """The packaged dictionary of an instrument by its name; what is common to all for any other."""
    name = instrument.lower()
    return load_keywords(name if name in known_names("keywords") else COMMON)


@lru_cache(maxsize=4096)
def pattern(keyword: str) -> str:
    """The keyword with `#` for each number that ends a word: `ESO INS OPTI# NAME`."""
    return re.sub(r"[0-9]+(?= |$)", "#", keyword)


def _merged(base: Keywords, over: Keywords) -> Keywords:
    return replace(
        over,
        kinds=base.kinds | over.kinds,
        constants=base.constants | over.constants,
        out_of_beam=base.out_of_beam | over.out_of_beam,
        keywords=base.keywords | over.keywords,
    )


def _problems(value: Keywords, located: Located) -> list[Problem]:
    """Kinds, and keywords repeated, that are defined nowhere."""
    found = []
    for kind in value.constants:
        if kind not in {ALL, *value.kinds}:
            found.append(located.problem(("constants", kind), f"constants: no kind is called {kind}"))
    for name, entry in value.keywords.items():
        path = ("keywords", name)
        for kind in [*entry.required, *entry.absent]:
            if kind not in {ALL, *value.kinds}:
                found.append(located.problem(path, f"{name}: no kind is called {kind}"))
        if entry.same_as and not {entry.same_as, pattern(entry.same_as)} & set(value.keywords):
            found.append(located.problem(path, f"{name}: same_as {entry.same_as}, which is not defined"))
        if entry.unit and f"[{entry.unit}]" in entry.comment:
            found.append(located.problem(path, f"{name}: the unit is written in front of the comment anyway"))
    return found
