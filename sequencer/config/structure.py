"""From located YAML to typed Structs, with every error at once instead of the first one."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from sequencer.config.problems import Problem, did_you_mean, shown
from sequencer.config.yaml_reader import Located, NodePath

T = TypeVar("T")
_TYPE_WORDS = {
    "object": "a mapping",
    "array": "a list",
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "nothing",
}

_WAYS = {">=": "of at least", "<=": "of at most", ">": "above", "<": "below"}


def convert(located: Located, kind: type[T]) -> tuple[T | None, list[Problem]]:
    """Return the document as a `kind` (a msgspec Struct), or None with everything that is wrong."""
    problems: list[Problem] = []
    value = _value(located, located.data, kind, (), problems)
    return (None, problems) if problems else (value, problems)


def dotted(path: NodePath) -> str:
    """Return a node path as `cameras.LM.filters[2]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _value(located: Located, data: Any, kind: Any, path: NodePath, problems: list[Problem]) -> Any:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _struct(located, data, kind, path, problems)
    arguments = get_args(kind)
    if get_origin(kind) is dict and isinstance(data, dict):
        return {
            key: _value(located, item, arguments[1], (*path, key), problems) for key, item in data.items()
        }
    if get_origin(kind) is list and isinstance(data, list):
        return [_value(located, item, arguments[0], (*path, i), problems) for i, item in enumerate(data)]
    return _leaf(located, data, kind, path, problems)


def _struct(
    located: Located, data: Any, kind: type[msgspec.Struct], path: NodePath, problems: list[Problem]
) -> Any:
    where = f"{dotted(path)}: " if path else ""
    if not isinstance(data, dict):
        problems.append(located.problem(path, f"{where}must be a mapping, not {shown(data)}"))
        return None
    fields = _fields(kind)
    for key in data.keys() - fields.keys():
        text = f"{where}unknown key {shown(key)}{did_you_mean(key, fields)}"
        problems.append(located.problem((*path, key), text))
    before = len(problems)
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in data:
            values[name] = _value(located, data[name], field.type, (*path, name), problems)
        elif field.required:
            problems.append(located.problem(path, f"{where}{name} is missing"))
    return kind(**values) if len(problems) == before else None


@cache
def _fields(kind: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    """Fields by name; msgspec reads the annotations anew at every call."""
    return {field.name: field for field in msgspec.structs.fields(kind)}


def _leaf(located: Located, data: Any, kind: Any, path: NodePath, problems: list[Problem]) -> Any:
    if get_origin(kind) is Literal:
        return _choice(located, data, get_args(kind), path, problems)
    try:
        return msgspec.convert(data, kind, strict=True)
    except msgspec.ValidationError as error:
        inner, text = _inside(str(error), data)
        problems.append(located.problem((*path, *inner), f"{dotted((*path, *inner))}: {text}"))
        return None


def _choice(
    located: Located, data: Any, names: tuple[str, ...], path: NodePath, problems: list[Problem]
) -> Any:
    if not isinstance(data, str) or data not in names:
        hint = did_you_mean(data, names) if isinstance(data, str) else ""
        text = f"{dotted(path)}: must be one of {', '.join(names)}, not {shown(data)}{hint}"
        problems.append(located.problem(path, text))
    return data


def _inside(message: str, data: Any) -> tuple[NodePath, str]:
    """Split msgspec's message into the path below this value (items of tuples) and words for people."""
    text, _, where = message.partition(" - at `$")
    steps = tuple(int(index) for index in re.findall(r"\[(\d+)\]", where))
    for step in steps:
        data = data[step]
    if bound := re.fullmatch(r"Expected `(\w+)` (>=|<=|>|<) (.*)", text):
        kind, way, limit = bound.groups()
        return steps, f"must be {_TYPE_WORDS.get(kind, kind)} {_WAYS[way]} {limit}, not {shown(data)}"
    expected = re.fullmatch(r"Expected `(.*)`, got `.*`", text)
    if not expected:
        return steps, f"{text[:1].lower()}{text[1:]}, not {shown(data)}"
    words = " or ".join(_TYPE_WORDS.get(word, word) for word in expected[1].split(" | "))
    return steps, f"must be {words}, not {shown(data)}"
