"""Collects what types cannot say about a file: names that must match, limits that must be in order."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sequencer.config.models import Limits
from sequencer.config.problems import Problem, did_you_mean, shown
from sequencer.config.structure import dotted
from sequencer.config.yaml_reader import Located, NodePath

WORD = re.compile(r"[A-Za-z0-9_-]+")
"""What can be part of the name of a file, an address and a frame."""

LONGEST_WORD = 32
"""A frame's id holds the instrument's and the detector's name and must fit a header card."""


class Checker:
    """Collects problems placed at their lines."""

    def __init__(self, located: Located) -> None:
        self.located = located
        self.problems: list[Problem] = []

    def require(self, right: bool, path: NodePath, text: str) -> None:
        """Note a problem unless `right`."""
        if not right:
            self.problems.append(self.located.problem(path, f"{dotted(path)}: {text}"))

    def known(self, name: str, names: Iterable[str], path: NodePath, what: str) -> None:
        """Require that `name` is one of `names`."""
        names = list(names)
        if name not in names:
            listing = f" ({', '.join(names)})" if names else ""
            self.require(False, path, f"{shown(name)} is no {what}{did_you_mean(name, names)}{listing}")

    def word(self, name: str, path: NodePath) -> None:
        """Require a name that files and frames can be called by."""
        self.require(bool(WORD.fullmatch(name)), path, f"{shown(name)}: a name has only letters, digits, - and _")
        self.require(len(name) <= LONGEST_WORD, path, f"{shown(name)} is longer than {LONGEST_WORD} characters")

    def positive(self, number: float, path: NodePath) -> None:
        """Require a number above zero."""
        self.require(number > 0, path, f"must be above 0, not {number}")

    def limits(self, limits: Limits, low: float, high: float, path: NodePath) -> None:
        """Require low <= first < second <= high."""
        right = low <= limits[0] < limits[1] <= high
        self.require(right, path, f"must be [lower, upper] within {low} and {high}, not {list(limits)}")
