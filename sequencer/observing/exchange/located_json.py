"""JSON with the line of every value, read as strictly as our YAML: no duplicate keys, NaN, infinities, depth."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from sequencer.config.problems import ConfigErrors, Problem, shown
from sequencer.config.yaml_reader import MAX_BYTES, MAX_DEPTH, Located, NodePath

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|\n|[^\s\[\]{},:"]+', re.DOTALL)


def parse_json(raw: bytes, file: str) -> Located:
    """Return a JSON document; `file` is only its name in messages. Raises ConfigErrors."""
    text = decoded(raw, file)
    try:
        data = json.loads(text, object_pairs_hook=_no_twins, parse_constant=_finite, parse_float=_finite)
        lines = _lines(text)
    except json.JSONDecodeError as error:
        cut = ": it is cut off" if error.pos >= len(text.rstrip()) else ""
        raise ConfigErrors([Problem(file, error.lineno, f"is no valid JSON{cut}: {error.msg}")]) from None
    except (ValueError, RecursionError) as error:
        reason = "is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ConfigErrors([Problem(file, 0, f"is no valid JSON: {reason}")]) from None
    return Located(file, data, lines)


def decoded(raw: bytes, file: str) -> str:
    """Return the text of a file. Raises ConfigErrors for one that is too large or not UTF-8."""
    if len(raw) > MAX_BYTES:
        raise ConfigErrors([Problem(file, 0, f"is larger than {MAX_BYTES} bytes")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigErrors([Problem(file, line, "is not UTF-8 text")]) from None


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"duplicate key {shown(twin)}")
    return found


def _finite(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise ValueError(f"{shown(text)} is not a finite number")
    return value


def _lines(text: str) -> dict[NodePath, int]:
    """The line of every value of a valid document. Raises ValueError for one that is too deep."""
    lines: dict[NodePath, int] = {}
    _walk(_tokens(text), lines)
    return lines


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    line = 1
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token == "\n":
            line += 1
        else:
            yield token, line


def _walk(tokens: Iterator[tuple[str, int]], lines: dict[NodePath, int]) -> None:
    path: list[str | int] = []
    key_next = False
    for token, line in tokens:
        if token in "}]":
            path.pop()
            key_next = False
        elif token == ",":
            key_next = isinstance(path[-1], str)
            if not key_next:
                path[-1] = int(path[-1]) + 1
        elif key_next:
            path[-1] = json.loads(token)
            lines[tuple(path)] = line
            key_next = False
        elif token != ":":
            lines.setdefault(tuple(path), line)
            if token in "{[":
                path.append("" if token == "{" else 0)
                key_next = token == "{"
            if len(path) > MAX_DEPTH:
                raise ValueError(f"is nested deeper than {MAX_DEPTH} levels")
