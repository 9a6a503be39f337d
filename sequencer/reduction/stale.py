"""Products of an earlier reduction that the present one did not make again: they are taken away."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from sequencer.acquisition.durable import flush_folder
from sequencer.reduction.records import is_attached

ENDS = (".fits", ".qa.json", ".log", ".json")
"""Files of a product; the record goes last, for it tells what the others are."""


def drop_stale(products: Path, made: Collection[str]) -> list[str]:
    """Remove the native products in a folder whose record's name is not in `made`, and half-written files.

    Returns the records' names. What attached stages made, and files without a record, stay.
    """
    if not products.is_dir():
        return []
    stale = sorted(
        path.name
        for path in products.glob("*.json")
        if not path.name.endswith(".qa.json") and path.name not in made and _is_native(path)
    )
    for record in stale:
        for end in ENDS:
            (products / f"{record.removesuffix('.json')}{end}").unlink(missing_ok=True)
    for path in products.glob("*.part"):
        path.unlink()
    flush_folder(products)
    return stale


def _is_native(path: Path) -> bool:
    """Whether a record is one of ours, not of an attached stage."""
    record = json.loads(path.read_text(encoding="utf-8"))
    return isinstance(record, dict) and "recipe" in record and not is_attached(record)
