"""What an unquoted YAML scalar means: YAML 1.2 as people expect it, ambiguous numbers refused."""

from __future__ import annotations

import math
import re

from sequencer.config.problems import shown

_NULL = {"", "~", "null"}
_BOOL = {"true": True, "false": False}
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.?(nan|inf|infinity)", re.IGNORECASE)
_AMBIGUOUS = re.compile(r"[-+]?0([0-9_][0-9_.eE+-]*|[xXoObB][0-9a-fA-F_]+)")
_LARGEST = 2**63


def resolve(text: str) -> tuple[str | int | float | bool | None, str]:
    """Return what a plain (unquoted) scalar means and, if it means nothing good, the reason."""
    if text in _NULL:
        return None, ""
    if text in _BOOL:
        return _BOOL[text], ""
    if _NOT_FINITE.fullmatch(text):
        return None, f"{text} is not a finite number"
    if _AMBIGUOUS.fullmatch(text):
        return None, f"{shown(text)} is ambiguous: write a plain decimal number, or quote it as text"
    if _INT.fullmatch(text):
        number = int(text) if len(text) < 25 else _LARGEST
        return (number, "") if abs(number) < _LARGEST else (None, f"{shown(text)} is too large a number")
    if _FLOAT.fullmatch(text):
        value = float(text)
        return (value, "") if math.isfinite(value) else (None, f"{shown(text)} is not a finite number")
    return text, ""
