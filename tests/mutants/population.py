"""Which lines may be changed: every line of the pure rooms that does something, and what is accepted to stay unseen."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .operators import Mutation, mutations


@dataclass(frozen=True)
class Room:
    """A pure room: its `folder`, the rooms whose `tests` must notice a change, and what in it is not pure.

    `impure` modules and folders are about files, sockets and processes.
    """

    folder: str
    tests: tuple[str, ...]
    impure: tuple[str, ...] = ()


ROOMS = (
    Room("sequencer/sky", ("sky",)),
    Room("sequencer/exposure", ("exposure",)),
    Room("sequencer/observing", ("observing",), ("learned",)),
    Room("sequencer/config", ("config", "observing")),
    Room("sequencer/acquisition", ("acquisition",), ("aside", "durable", "readback", "store")),
    Room(
        "sequencer/reduction",
        ("reduction",),
        ("contract", "external", "feed", "process", "products", "reduce"),
    ),
)


@dataclass(frozen=True, order=True)
class Mutant:
    """One mutation of one module (`sequencer/sky/sun.py`), and the rooms whose tests must notice it."""

    module: str
    mutation: Mutation
    tests: tuple[str, ...] = ()

    def __str__(self) -> str:
        change = self.mutation
        return (
            f"{self.module}:{change.line}  {change.kind}: {_short(change.before)} -> {_short(change.after)}"
        )


@dataclass(frozen=True)
class Accepted:
    """A mutant no test can tell from the program, found again by the text of its line; `reason` says why."""

    module: str
    text: str
    before: str
    after: str
    reason: str

    def names(self, mutant: Mutant) -> bool:
        """Whether this is the mutant."""
        change = mutant.mutation
        here = (mutant.module, change.text, change.before, change.after)
        return here == (self.module, self.text, self.before, self.after)


def population(
    root: Path, rooms: Sequence[Room], accepted: Sequence[Accepted] = (), where: Sequence[str] = ()
) -> list[Mutant]:
    """All mutants of the pure modules under `root` but the accepted ones.

    `where` narrows them to rooms, modules or lines: `sequencer/sky`, `sequencer/sky/sun.py`, `.../sun.py:17`.
    """
    found = [mutant for room in rooms for mutant in _of_room(root, room)]
    kept = [mutant for mutant in found if not any(one.names(mutant) for one in accepted)]
    return [mutant for mutant in kept if not where or any(_lies_in(mutant, place) for place in where)]


def sample(mutants: Sequence[Mutant], n: int, seed: int) -> list[Mutant]:
    """One mutant of each of `n` lines, drawn by the seed; every mutant of every line for n = 0."""
    lines: dict[tuple[str, int], list[Mutant]] = {}
    for mutant in mutants:
        lines.setdefault((mutant.module, mutant.mutation.line), []).append(mutant)
    if n == 0:
        return list(mutants)
    generator = random.Random(seed)
    drawn = generator.sample(sorted(lines), min(n, len(lines)))
    return sorted(generator.choice(lines[line]) for line in drawn)


def _of_room(root: Path, room: Room) -> Iterator[Mutant]:
    for path in sorted((root / room.folder).rglob("*.py")):
        names = path.relative_to(root / room.folder).with_suffix("").parts
        if not set(names) & set(room.impure):
            module = path.relative_to(root).as_posix()
            changes = mutations(path.read_text(encoding="utf-8"))
            yield from (Mutant(module, change, room.tests) for change in changes)


def _lies_in(mutant: Mutant, place: str) -> bool:
    here = f"{mutant.module}:{mutant.mutation.line}"
    return here == place or here.startswith((f"{place}/", f"{place}:"))


def _short(text: str, limit: int = 70) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 3] + "..."
