"""Values of parameters as text: how the `.obd` form writes them, and what its text means to a signature."""

from __future__ import annotations

from typing import Any

from sequencer.config.problems import shown
from sequencer.config.scalars import resolve
from sequencer.observing.signature import ParameterSpec

ESO_TYPES = {
    "float": "number",
    "int": "integer",
    "bool": "boolean",
    "str": "string",
    "keyword": "keyword",
    "list[float]": "numlist",
    "list[keyword]": "keywordlist",
}
"""Our parameter types -> those of ESO's template signatures."""

_BOOLEANS = {"T": True, "F": False, "true": True, "false": False, "True": True, "False": False}


def typed(spec: ParameterSpec | None, text: str) -> Any:
    """Return what the text of a parameter means. What does not fit its type stays text, for the check to refuse."""
    if spec is None or spec.type in ("str", "keyword"):
        return text
    if spec.type == "bool":
        return _BOOLEANS.get(text, text)
    if spec.type == "list[keyword]":
        return text.split()
    if spec.type == "list[float]":
        return [scalar(item) for item in text.split()]
    return scalar(text)


def value_text(value: Any) -> str:
    """Return a value as `typed` reads it again: `T`, `0.2`, `Lp Mp`. Raises ValueError for an item with a blank."""
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, list):
        items = [value_text(item) for item in value]
        if any(item.split() != [item] for item in items):
            raise ValueError(f"{shown(value)} has an item with a blank in it, or an empty one")
        return " ".join(items)
    return str(value)


def scalar(text: str) -> Any:
    """Return the number a text is, else the text itself."""
    value, reason = resolve(text.strip())
    return text if reason or value is None or isinstance(value, bool) else value
