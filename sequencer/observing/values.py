"""Is a value one that a parameter takes? Types, ranges and choices, told in words."""

from __future__ import annotations

import math
from typing import Any

from sequencer.config.problems import did_you_mean, shown
from sequencer.observing.signature import ParameterSpec

MOST_ITEMS = 1000
_BOOLEANS = {"T": True, "F": False}
_WANTED = {
    "float": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "str": "text",
    "keyword": "a name",
}


def check_value(spec: ParameterSpec, value: Any) -> tuple[Any, str]:
    """Return the value as the parameter holds it, and what is wrong with it (empty: nothing).

    A whole number is taken for a float, `T` and `F` (as the sources write them) for a bool; nothing else is
    converted. Names are checked against `choices` here unless they belong to the instrument (`choices_of`).
    """
    if not spec.type.startswith("list["):
        taken, error = _one(spec, spec.type, value)
        return taken, error + _as_fractions(spec, [value]) if error else ""
    item_type = spec.type[5:-1]
    if not isinstance(value, list):
        hint = f": write [{value}]" if _one(spec, item_type, value)[1] == "" else ""
        return None, f"must be a list, not {shown(value)}{hint}"
    if len(value) < spec.min_items:
        return None, f"must hold at least {spec.min_items} value"
    if len(value) > MOST_ITEMS:
        return None, f"must hold at most {MOST_ITEMS} values"
    items = [_one(spec, item_type, item) for item in value]
    errors = [f"item {i + 1} {error}" for i, (_, error) in enumerate(items) if error]
    result = [item for item, _ in items]
    if not errors and len(set(result)) < len(result):
        errors = ["names a value twice"]
    return (None, "; ".join(errors) + _as_fractions(spec, value)) if errors else (result, "")


def _as_fractions(spec: ParameterSpec, numbers: list[Any]) -> str:
    """The hint for per cent where fractions are wanted; empty where that would not mend it."""
    if spec.unit or not spec.range or not 0.9 <= (spec.range[1] or 0.0) <= 1.0:
        return ""
    if any(isinstance(one, bool) or not isinstance(one, int | float) or one < 1 for one in numbers):
        return ""
    shares = [one / 100.0 for one in numbers]
    if any(out_of_range(spec, share) for share in shares):
        return ""
    written = ", ".join(f"{share:g}" for share in shares)
    return f": a fraction is wanted, write {f'[{written}]' if spec.type.startswith('list') else written}"


def _one(spec: ParameterSpec, kind: str, value: Any) -> tuple[Any, str]:
    if kind == "bool" and isinstance(value, str):
        value = _BOOLEANS.get(value, value)
    if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    right = {"float": float, "int": int, "bool": bool, "str": str, "keyword": str}[kind]
    if not isinstance(value, right) or (isinstance(value, bool) and kind != "bool"):
        return None, f"must be {_WANTED[kind]}, not {shown(value)}"
    if isinstance(value, float) and not math.isfinite(value):
        return None, "must be a finite number"
    if isinstance(value, str):
        return _name(spec, value)
    return (None, error) if (error := out_of_range(spec, value)) else (value, "")


def _name(spec: ParameterSpec, value: str) -> tuple[Any, str]:
    value = spec.aliases.get(value, value)
    if spec.choices and not spec.choices_of and value not in spec.choices:
        return None, no_choice(value, spec.choices)
    return value, ""


def no_choice(value: str, choices: list[str]) -> str:
    """Return the words for a name that is none of the choices."""
    listing = f" (one of {', '.join(choices)})" if choices else ""
    return f"must not be {shown(value)}{did_you_mean(value, choices)}{listing}"


def out_of_range(spec: ParameterSpec, number: Any) -> str:
    """Return the words for a number outside the parameter's range, else an empty string."""
    lowest, highest = spec.range or (None, None)
    unit = f" {spec.unit}" if spec.unit else ""
    if lowest is not None and number < lowest:
        return f"must be at least {lowest:g}{unit}, not {number}"
    if highest is not None and number > highest:
        return f"must be at most {highest:g}{unit}, not {number}"
    return ""
