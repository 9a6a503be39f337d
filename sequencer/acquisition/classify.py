"""Which recipe would take which frame, in which sets, and what each set still lacks. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from sequencer.acquisition.cards import CardValue
from sequencer.acquisition.dictionary import holds
from sequencer.acquisition.recipes import RawType, Recipes

VERDICT = "ESO SEQ VERDICT"
CATEGORY = "ESO PRO CATG"
DIT = "ESO DET DIT"
PAIR = 2
"""Frames of one DIT that give a variance."""
UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class FrameFile:
    """A FITS file by its primary header and the number of its images."""

    path: Path
    cards: Mapping[str, CardValue]
    images: int

    @property
    def category(self) -> str:
        """Product category; empty for a raw frame."""
        return str(self.cards.get(CATEGORY, ""))


@dataclass
class FrameSet:
    """Frames one recipe takes together: `calibrations` by category as far as there are, `missing` in words.

    `key` are the values in which all its frames agree, `name` says them in short; `beside` are sets of other raw
    types that go along.
    """

    tag: str
    raw_type: RawType
    name: str
    key: dict[str, CardValue | None]
    frames: list[FrameFile] = field(default_factory=list)
    beside: list[FrameSet] = field(default_factory=list)
    calibrations: dict[str, FrameFile] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Classified:
    """The sets of all frames, and what no set takes: (file, why)."""

    sets: list[FrameSet]
    left_out: list[tuple[FrameFile, str]]


def classify(files: Iterable[FrameFile], recipes_of: Callable[[str], Recipes | None]) -> Classified:
    """Sort raw frames into sets and find each set's calibrations among the products given with them."""
    ordered = sorted(files, key=lambda file: file.path.name)
    products = [file for file in ordered if file.category]
    sets: dict[tuple[str, ...], FrameSet] = {}
    left_out = []
    for file in ordered:
        if file.category:
            continue
        recipes = recipes_of(str(file.cards.get("INSTRUME", "")))
        tags = raw_types(file, recipes) if recipes else []
        why = _not_taken(file, recipes, tags)
        if recipes is None or why:
            left_out.append((file, why))
            continue
        _into_set(file, tags[0], recipes, sets)
    found = [sets[key] for key in sorted(sets)]
    for one in found:
        recipes = recipes_of(str(one.frames[0].cards.get("INSTRUME", "")))
        if recipes is not None:
            _find_calibrations(one, recipes, products, found)
    return Classified(found, left_out)


def raw_types(file: FrameFile, recipes: Recipes) -> list[str]:
    """All raw types a frame is of; it should be one, or none on purpose."""
    return [tag for tag, raw_type in recipes.raw_types.items() if holds(raw_type.when, file.cards)]


def sof_text(one: FrameSet) -> str:
    """The set as a set-of-frames file: a path and a tag a line, raw frames first.

    Raises ValueError for a path with a blank in it, which the format cannot say.
    """
    rows = [(file.path, part.tag) for part in (one, *one.beside) for file in part.frames]
    rows += [(file.path, category) for category, file in one.calibrations.items()]
    for path, _ in rows:
        if re.search(r"\s", str(path)):
            raise ValueError(f"{path}: a set-of-frames file cannot name a path with blanks")
    return "".join(f"{path} {tag}\n" for path, tag in rows)


def _not_taken(file: FrameFile, recipes: Recipes | None, tags: Sequence[str]) -> str:
    if recipes is None:
        return f"no recipes are known of {file.cards.get('INSTRUME', 'an unnamed instrument')}"
    if not tags:
        dpr = [str(file.cards.get(f"ESO DPR {word}", "-")) for word in ("CATG", "TYPE", "TECH")]
        return f"no recipe of {recipes.name} takes {' / '.join(dpr)}"
    if len(tags) > 1:
        return f"it is of several raw types: {', '.join(tags)}"
    wanted = recipes.raw_types[tags[0]].chips
    if file.images != wanted:
        return f"it has {file.images} images, {tags[0]} has {wanted}"
    verdict = str(file.cards.get(VERDICT, "good"))
    return "" if verdict == "good" else f"it was judged {verdict}"


def _into_set(file: FrameFile, tag: str, recipes: Recipes, sets: dict[tuple[str, ...], FrameSet]) -> None:
    raw_type = recipes.raw_types[tag]
    keywords = recipes.readout + (recipes.optics if raw_type.lit else [])
    key = {keyword: file.cards.get(keyword) for keyword in keywords if keyword not in raw_type.apart}
    identity = (raw_type.recipe, tag, *map(repr, key.values()))
    if identity not in sets:
        named = [str(key[keyword]) for keyword in recipes.label if key.get(keyword) is not None]
        name = UNSAFE.sub("-", "_".join([tag, *named]))
        taken = sum(other.name.partition("~")[0] == name for other in sets.values())
        sets[identity] = FrameSet(tag, raw_type, f"{name}~{taken + 1}" if taken else name, key)
    sets[identity].frames.append(file)


def _find_calibrations(
    one: FrameSet, recipes: Recipes, products: Sequence[FrameFile], sets: Sequence[FrameSet]
) -> None:
    raw_type = one.raw_type
    one.beside += [other for other in sets if other.tag in raw_type.beside and other.key == one.key]
    if len(one.frames) < raw_type.fewest:
        one.missing.append(f"frames: {len(one.frames)} of at least {raw_type.fewest}")
    one.missing += _unpaired(one)
    for category in [*raw_type.needs, *raw_type.optional]:
        matching = category in raw_type.match
        there = [
            product
            for product in products
            if product.category == category
            and (not matching or _same_readout(product.cards, one.frames[0].cards, recipes))
        ]
        if there:
            one.calibrations[category] = there[-1]
        elif category in raw_type.needs:
            one.missing.append(_lack(category, matching, one, recipes, sets))


def _unpaired(one: FrameSet) -> list[str]:
    """DITs at which there are fewer than PAIR frames with light, or without."""
    if not one.raw_type.unlit:
        return []
    count: Counter[tuple[CardValue | None, bool]] = Counter()
    for file in chain(one.frames, *(other.frames for other in one.beside)):
        count[file.cards.get(DIT), holds(one.raw_type.unlit, file.cards)] += 1
    dits = dict.fromkeys(file.cards.get(DIT) for file in one.frames)
    return [
        f"frames {'without' if dark else 'with'} light at {dit} s: {count[dit, dark]} of at least {PAIR}"
        for dit in dits
        for dark in (False, True)
        if count[dit, dark] < PAIR
    ]


def _lack(category: str, matching: bool, one: FrameSet, recipes: Recipes, sets: Sequence[FrameSet]) -> str:
    """What is missing, and which of the other sets would make it."""
    makers = [
        other.name
        for other in sets
        if other.raw_type.makes == category
        and (not matching or _same_readout(other.frames[0].cards, one.frames[0].cards, recipes))
    ]
    same = " of the same read-out" if matching else ""
    return f"{category}{same}" + (f" (to be made of {', '.join(makers)})" if makers else "")


def _same_readout(one: Mapping[str, CardValue], other: Mapping[str, CardValue], recipes: Recipes) -> bool:
    return all(one.get(keyword) == other.get(keyword) for keyword in recipes.readout)
