"""What a set of frames needs beside itself: found among the products, or named as missing. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sequencer.acquisition.cards import CardValue
from sequencer.acquisition.dictionary import holds
from sequencer.acquisition.frame_set import DIT, FrameFile, FrameSet
from sequencer.acquisition.made_by import is_ours
from sequencer.acquisition.recipes import Recipes

NDIT = "ESO DET NDIT"
PAIR = 2
"""Frames of one DIT that give a variance."""
WORDS = {"image": "an image", "cube": "a cube", "table": "a table", "": "empty"}


def complete(
    one: FrameSet,
    recipes: Recipes,
    products: Sequence[tuple[str, FrameFile]],
    sets: Sequence[FrameSet],
) -> None:
    """Give a set its calibrations, and say what it lacks.

    `products` are with their categories; of several that fit the last is taken. `sets` are all the sets there are.
    """
    raw_type = one.raw_type
    if len(one.frames) < raw_type.fewest:
        one.missing.append(f"frames: {len(one.frames)} of at least {raw_type.fewest}")
    one.missing += _unpaired(one)
    ndit = one.frames[0].cards.get(NDIT)
    if raw_type.ndit and ndit != raw_type.ndit:
        taken = f"the recipe takes noise of NDIT {ndit} for that of a single DIT"
        one.missing.append(f"frames of NDIT {raw_type.ndit}: {taken}")
    for wanted in [*raw_type.needs, *raw_type.optional]:
        there = [
            product
            for category, product in products
            if category == wanted and _goes_with(product, wanted, one, recipes)
        ]
        fitting = [product for product in there if not form_problem(product, wanted, recipes)]
        if fitting:
            one.calibrations[wanted] = fitting[-1]
        elif wanted in raw_type.needs:
            one.missing.append(_lack(wanted, one, recipes, there, sets))


def form_problem(product: FrameFile, category: str, recipes: Recipes) -> str:
    """Why a product's file is not of the form in which the recipes read its category; empty when it is."""
    for name, kind in recipes.forms.get(category, {}).items():
        if name not in product.form:
            return f"{name} is not there"
        if product.form[name] != kind:
            return f"{name} is {WORDS[product.form[name]]}, not {WORDS[kind]}"
    return ""


def _unpaired(one: FrameSet) -> list[str]:
    """DITs at which there are fewer than PAIR frames with light, or without. The recipe compares DITs to the last
    digit, and takes no notice of frames without light at any other.
    """
    if not one.raw_type.unlit:
        return []
    count: Counter[tuple[CardValue | None, bool]] = Counter()
    for file in one.frames:
        count[file.cards.get(DIT), holds(one.raw_type.unlit, file.cards)] += 1
    dits = dict.fromkeys(dit for dit, dark in count if not dark)
    few = [f"DITs with light: {len(dits)} of at least {one.raw_type.dits}"] * (len(dits) < one.raw_type.dits)
    return few + [
        f"frames {'without' if dark else 'with'} light at {dit} s: {count[dit, dark]} of at least {PAIR}"
        for dit in dits
        for dark in (False, True)
        if count[dit, dark] < PAIR
    ]


def _lack(
    category: str,
    one: FrameSet,
    recipes: Recipes,
    misfits: Sequence[FrameFile],
    sets: Sequence[FrameSet],
) -> str:
    """What is missing, which product of it the recipe does not take, and which of the other sets would make one."""
    makers = [
        other.name
        for other in sets
        if other.raw_type.makes == category and _goes_with(other.frames[0], category, one, recipes)
    ]
    why = [_misfit(misfits[-1], category, recipes)] if misfits else []
    why += [f"to be made of {', '.join(makers)}"] if makers else []
    same = " of the same read-out" if category in one.raw_type.match else ""
    return f"{category}{same}" + (f" ({'; '.join(why)})" if why else "")


def _misfit(product: FrameFile, category: str, recipes: Recipes) -> str:
    whose = "ours" if is_ours(product.cards) else "there"
    wrong = form_problem(product, category, recipes)
    return f"{product.path.name} is {whose}, the recipe takes another form: {wrong}"


def _goes_with(file: FrameFile, category: str, one: FrameSet, recipes: Recipes) -> bool:
    """Whether a file is of the read-out of a set, where the set's recipe asks for that."""
    own = one.frames[0]
    return category not in one.raw_type.match or all(
        file.value(keyword) == own.value(keyword) for keyword in recipes.readout
    )
