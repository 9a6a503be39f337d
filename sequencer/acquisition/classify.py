"""Which recipe would take which frame, in which sets, and what each set still lacks. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sequencer.acquisition.calibrations import complete
from sequencer.acquisition.dictionary import holds
from sequencer.acquisition.frame_set import FrameFile, FrameSet
from sequencer.acquisition.made_by import UNKNOWN, category
from sequencer.acquisition.recipes import Recipes

__all__ = ["Classified", "FrameFile", "FrameSet", "classify", "raw_types", "sof_text"]

VERDICT = "ESO SEQ VERDICT"
UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Classified:
    """The sets of all frames, and what no set takes: (file, why)."""

    sets: list[FrameSet]
    left_out: list[tuple[FrameFile, str]]


def classify(files: Iterable[FrameFile], recipes_of: Callable[[str], Recipes | None]) -> Classified:
    """Sort raw frames into sets and find each set's calibrations among the products given with them.

    A product, of ours or of another program, is never a raw frame, whatever else its header says.
    """
    products: list[tuple[str, FrameFile]] = []
    sets: dict[tuple[str, ...], FrameSet] = {}
    left_out = []
    for file in sorted(files, key=lambda file: file.path.name):
        recipes = recipes_of(_instrument(file))
        made = category(file.cards, recipes.products if recipes else {}, file.noted)
        if made and made != UNKNOWN:
            products.append((made, file))
            continue
        tags = raw_types(file, recipes) if recipes else []
        why = (
            "it lies among products, and nothing says of what kind"
            if made
            else _not_taken(file, recipes, tags)
        )
        if recipes is None or why:
            left_out.append((file, why))
            continue
        _into_set(file, tags[0], recipes, sets)
    found = [sets[key] for key in sorted(sets)]
    for one in found:
        recipes = recipes_of(_instrument(one.frames[0]))
        if recipes is not None:
            complete(one, recipes, products, found)
    return Classified(found, left_out)


def _instrument(file: FrameFile) -> str:
    return str(file.cards.get("INSTRUME", ""))


def raw_types(file: FrameFile, recipes: Recipes) -> list[str]:
    """All raw types a frame is of; it should be one, or none on purpose."""
    return [tag for tag, raw_type in recipes.raw_types.items() if holds(raw_type.when, file.cards)]


def sof_text(one: FrameSet) -> str:
    """The set as a set-of-frames file: a path and a tag a line, raw frames first.

    Raises ValueError for a path with a blank in it, which the format cannot say.
    """
    rows = [(file.path, one.tag) for file in one.frames]
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
    key = {keyword: file.value(keyword) for keyword in keywords if keyword not in raw_type.apart}
    identity = (raw_type.recipe, tag, *map(repr, key.values()))
    if identity not in sets:
        named = [str(key[keyword]) for keyword in recipes.label if key.get(keyword) is not None]
        name = UNSAFE.sub("-", "_".join([tag, *named]))
        taken = sum(other.name.partition("~")[0] == name for other in sets.values())
        sets[identity] = FrameSet(tag, raw_type, f"{name}~{taken + 1}" if taken else name, key)
    sets[identity].frames.append(file)
