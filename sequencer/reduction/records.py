"""The structured record that lies beside a product's file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sequencer.acquisition.made_by import UNKNOWN

PRODUCTS = "products"
"""Folder of a run in which nothing is a raw frame."""


def record_of(path: Path) -> dict[str, Any]:
    """The record of a product's file, `NAME.json` beside `NAME.fits`; empty where none is there that names the file."""
    try:
        record = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) and record.get("file") == path.name else {}


def noted_category(path: Path) -> str:
    """Category of a product by the record beside it, UNKNOWN for any other file among products; empty elsewhere."""
    return str(record_of(path).get("category", UNKNOWN if path.resolve().parent.name == PRODUCTS else ""))


def is_attached(record: dict[str, Any]) -> bool:
    """Whether a record is of a product of an attached stage: those name their stage, ours do not."""
    return "stage" in record
