"""A hardened YAML reader: plain data, the line of every value, and no surprises.

Scalars follow YAML 1.2 as people expect: `true`/`false` are the only booleans, numbers are plain decimals
(`1e3` too), everything else is text: `off`, `15:35:17`, `2027-03-20`. Refused with file and line: duplicate
keys, anchors, aliases, merge keys, tags, NaN and infinities, numbers with leading zeros, several documents,
text that is not UTF-8, files over 1 MB, nesting over 20 levels. Read by libyaml: METIS in 8 ms, not 90.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from sequencer.config.problems import ConfigErrors, Problem, ordered, shown
from sequencer.config.scalars import resolve

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_NODES = 20_000
NodePath = tuple[str | int, ...]


class Located:
    """A YAML document: `data` as dict, list, str, int, float, bool and None, and the line of every value.

    `problems` are values that were refused, only where it was read with `lenient`; such a value is None.
    """

    def __init__(
        self, file: str, data: Any, lines: dict[NodePath, int], problems: tuple[Problem, ...] = ()
    ) -> None:
        self.file = file
        self.data = data
        self.problems = problems
        self._lines = lines

    def line(self, path: NodePath = ()) -> int:
        """Return the line (from 1) of the key or list item at `path`, or of its nearest parent."""
        for end in range(len(path), -1, -1):
            if path[:end] in self._lines:
                return self._lines[path[:end]]
        return 0

    def problem(self, path: NodePath, text: str) -> Problem:
        """Return a problem placed at `path`."""
        return Problem(self.file, self.line(path), text)


def read_yaml(path: str | Path, *, lenient: bool = False) -> Located:
    """Read a YAML file. Raises ConfigErrors, also for a file that cannot be read or is no YAML at all.

    `lenient`: refused values are kept as `Located.problems`, so that the rest can be checked as well.
    """
    name = str(path)
    try:
        with Path(path).open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigErrors([Problem(name, 0, f"cannot be read: {reason}")]) from None
    return parse_yaml(raw, name, lenient=lenient)


def parse_yaml(raw: bytes, file: str, *, lenient: bool = False) -> Located:
    """Parse the bytes of a YAML file as `read_yaml` does; `file` is only its name in messages."""
    if len(raw) > MAX_BYTES:
        raise ConfigErrors([Problem(file, 0, f"is larger than {MAX_BYTES} bytes")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigErrors([Problem(file, line, "is not UTF-8 text")]) from None
    composer = _Composer(file)
    readable = False
    try:
        data = composer.document(iter(yaml.parse(text, Loader=yaml.CSafeLoader)))
        readable = True
    except _GiveUp:
        data = None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        composer.complain(mark.line + 1 if mark else 0, f"is no valid YAML: {error.problem or error.context}")
    except (yaml.YAMLError, ValueError, IndexError, OverflowError, RecursionError) as error:
        reason = str(error).partition("\n")[0]
        composer.complain(0, f"is no valid YAML: {reason}")
    if composer.problems and not (lenient and readable):
        raise ConfigErrors(composer.problems)
    return Located(file, data, composer.lines, tuple(ordered(composer.problems)))


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


class _GiveUp(Exception):
    """Nothing more can be learned from this document."""


class _Composer:
    """Builds plain data from YAML events, collecting problems."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.lines: dict[NodePath, int] = {}
        self._nodes = 0

    def complain(self, line: int, text: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(self.file, line, text))

    def document(self, events: Iterator[Any]) -> Any:
        """Return the data of the only document; an empty file is None."""
        data: Any = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.complain(_line(event), "only one YAML document is allowed in a file")
                    raise _GiveUp
            elif isinstance(event, yaml.NodeEvent):
                self.lines[()] = _line(event)
                data = self._node(event, events, ())
        return data

    def _node(self, event: Any, events: Iterator[Any], path: NodePath) -> Any:
        self._nodes += 1
        line = _line(event)
        if len(path) > MAX_DEPTH or self._nodes > MAX_NODES:
            limit = f"deeper than {MAX_DEPTH} levels" if len(path) > MAX_DEPTH else f"over {MAX_NODES} values"
            self.complain(line, f"is nested {limit}" if len(path) > MAX_DEPTH else f"holds {limit}")
            raise _GiveUp
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self.complain(line, "anchors and aliases (& and *) are not allowed: write the value out")
            if isinstance(event, yaml.AliasEvent):
                return None
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, events, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, events, path)
        return self._scalar(event, line)

    def _mapping(self, start: Any, events: Iterator[Any], path: NodePath) -> dict[str, Any]:
        self._refuse_tag(start)
        result: dict[str, Any] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key, line = self._key(event, events, path), _line(event)
            if key in result:
                self.complain(
                    line, f"duplicate key {shown(key)}, first given in line {self.lines[(*path, key)]}"
                )
            else:
                self.lines[(*path, key)] = line
            value = self._node(next(events), events, (*path, key))
            result.setdefault(key, value)
        return result

    def _key(self, event: Any, events: Iterator[Any], path: NodePath) -> str:
        line = _line(event)
        if not isinstance(event, yaml.ScalarEvent):
            self.complain(line, "a key must be plain text")
            self._node(event, events, (*path, ""))
            return f"(line {line})"
        if event.anchor is not None:
            self.complain(line, "anchors and aliases (& and *) are not allowed: write the value out")
        self._refuse_tag(event)
        if event.value == "<<" and not event.style:
            self.complain(line, "merge keys (<<) are not allowed: write the values out")
        return str(event.value)

    def _sequence(self, start: Any, events: Iterator[Any], path: NodePath) -> list[Any]:
        self._refuse_tag(start)
        result: list[Any] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            here = (*path, len(result))
            self.lines[here] = _line(event)
            result.append(self._node(event, events, here))
        return result

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            self.complain(_line(event), f"tags ({shown(event.tag)}) are not allowed")

    def _scalar(self, event: Any, line: int) -> Any:
        self._refuse_tag(event)
        text = str(event.value)
        if event.style:
            return text
        value, reason = resolve(text)
        if reason:
            self.complain(line, reason)
        return value
