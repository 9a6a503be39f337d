"""A document being brought from a foreign form into ours, every value with the line it came from."""

from __future__ import annotations

from typing import Any

from sequencer.config.problems import Problem, did_you_mean, shown
from sequencer.config.yaml_reader import Located, NodePath


class Moved:
    """Our form while it is filled: values by path, the foreign line of each, problems and notes on the way.

    `lost` are the paths whose value was refused.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.block: dict[str, Any] = {}
        self.lines: dict[NodePath, int] = {(): 1}
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []
        self.lost: set[NodePath] = set()

    def put(self, path: NodePath, value: Any, line: int) -> None:
        """Set a value below mappings (made where they are missing); the last step may extend a list by one."""
        place: Any = self.block
        for end, step in enumerate(path[:-1], start=1):
            if isinstance(step, int):
                place = place[step]
                continue
            place = place.setdefault(step, [] if isinstance(path[end], int) else {})
            self.lines.setdefault(path[:end], line)
        if isinstance(place, list):
            place.append(value)
        else:
            place[path[-1]] = value
        self.lines[path] = line

    def problem(self, line: int, text: str) -> None:
        """Note what forbids the import."""
        self.problems.append(Problem(self.file, line, text))

    def note(self, line: int, text: str) -> None:
        """Note what has no place in our form."""
        self.notes.append(Problem(self.file, line, text))

    def unknown(self, line: int, what: str, name: str, known: list[str]) -> None:
        """Note a name the form does not have."""
        self.problem(line, f"unknown {what} {shown(name)}{did_you_mean(name, known)}")

    def located(self) -> Located:
        """Our form with the lines of the foreign file."""
        return Located(self.file, self.block, self.lines, tuple(self.problems))


def finish_target(moved: Moved) -> None:
    """Leave out of the target what says nothing: the epoch 2000 and a proper motion of zero.

    Where one coordinate was refused (`lost`), the other goes too: that it is alone is not worth a word.
    """
    target = moved.block.get("target")
    if isinstance(target, dict):
        if moved.lost & {("target", "ra"), ("target", "dec")}:
            target.pop("ra", None)
            target.pop("dec", None)
        for key, idle in (("epoch", 2000.0), ("pm_ra_arcsec_yr", 0.0), ("pm_dec_arcsec_yr", 0.0)):
            if key in target and target[key] == idle and not isinstance(target[key], bool):
                del target[key]


def check_equinox(moved: Moved, line: int, value: Any) -> None:
    """Note a problem unless the equinox is J2000, the only one coordinates are taken in."""
    if str(value).removeprefix("J") not in ("2000", "2000.0", ""):
        moved.problem(line, f"the equinox must be J2000, not {shown(value)}: coordinates are not converted")
