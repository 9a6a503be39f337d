"""What a run that reduces its frames has promised, and what of it is missing: every good frame goes into a product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sequencer.durations.happened import Entry
from sequencer.reduction.external.collect import NO_PRODUCT

MASTERS = {"flat": "master flat", "ladder": "linearity", "dark": "master dark", "bias": "master bias"}
"""Kind of frame -> what is made of it."""

Data = Mapping[str, Any]


def missing_products(records: Iterable[Entry]) -> list[str]:
    """One line for each product that is not there, or lacks good frames; of a run that reduces nothing none.

    A product that was refused is not missing: its record says why.
    """
    reduces, good, products = False, list[Data](), dict[str, Data]()
    for record in records:
        data = record.data
        if record.kind == "run_started":
            reduces = bool(data.get("reduces", False))
        elif record.kind == "frame" and data["kind"] in MASTERS and data["verdict"] == "good":
            good.append(data)
        elif record.kind == "product":
            products[str(data["file"]).rpartition(".")[0]] = data
        elif record.kind == "reduction":
            products = {name: one for name, one in products.items() if one["file"] not in data["removed"]}
    if not reduces:
        return []
    made = [one for one in products.values() if one["category"] != NO_PRODUCT]
    failed = [f"{one['recipe']}: {one['qa']['reasons'][0]}" for one in products.values() if one not in made]
    return [*_without_product(good, {name for one in made for name in one["inputs"]}), *failed]


def _without_product(good: Iterable[Data], used: set[str]) -> list[str]:
    """What was to be made of good frames that no product used."""
    counts: dict[str, tuple[int, int]] = {}
    for frame in good:
        unused, of = counts.get(_product(frame), (0, 0))
        counts[_product(frame)] = (unused + (frame["file"] not in used), of + 1)
    return [
        f"{product}: " + (f"{unused} of {of} good frames are not in it" if unused < of else "not made")
        for product, (unused, of) in counts.items()
        if unused
    ]


def _product(frame: Data) -> str:
    """Name of what a frame goes into, in words."""
    readout = "" if frame["kind"] in ("flat", "ladder") else f" {frame['dit_s']:g} s x{frame['ndit']}"
    what = " ".join(filter(None, (MASTERS[frame["kind"]], frame["camera"], frame["filter"], frame["mode"])))
    return f"{what}{readout} of template {frame['template']}"
