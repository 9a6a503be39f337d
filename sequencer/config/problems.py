"""What is wrong with a file, said once and for all of it: `Problem` and `ConfigErrors`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import msgspec


class Problem(msgspec.Struct, frozen=True, order=True):
    """One thing that is wrong, or doubtful, in a file. `line` counts from 1; 0 means the file as a whole."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        """`file:line: text`, or `file: text` where no line is to blame."""
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


class ConfigErrors(Exception):
    """Everything that is wrong with a file, ordered by file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = ordered(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def ordered(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems without repetitions, in the order file, line, text."""
    return sorted(set(problems))


def near(word: str, known: Iterable[str]) -> list[str]:
    """Return at most two names that `word` is near to (case ignored), the nearest first. Slow: for wrong words."""
    by_folded: dict[str, str] = {}
    for name in known:
        by_folded.setdefault(name.casefold(), name)
    found = difflib.get_close_matches(word.casefold()[:80], list(by_folded), n=2, cutoff=0.6)
    return [by_folded[name] for name in found]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean A or B?` for names near `word`, else an empty string."""
    names = near(word, known)
    return f"; did you mean {' or '.join(names)}?" if names else ""


def shown(value: object, limit: int = 60) -> str:
    """Return a value as a person wrote it, cut to `limit` characters, for use in a message."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif value is None:
        text = "nothing"
    elif isinstance(value, str):
        text = repr(value[:limit])
    else:
        text = str(value)
    return text if len(text) <= limit else text[:limit] + "..."
