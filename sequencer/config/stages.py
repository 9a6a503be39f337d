"""A reduction stage as a deployment attaches it: its command, what it is told, its limits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from sequencer.config.search import known_names

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


class StageConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """A program that reduces; see docs/how-to/own-reduction-stage.md for its contract.

    `command` is program and arguments; `{python}` stands for the interpreter of the sequencer, `{stages}` for
    the folder of the programs that come with it. `templates` names those it is for (none: all).
    `calibrations` are files by category, `from_other_runs` categories of its own products that it may have from
    other runs in the same folder as well, `parameters` go to the program as they are. It is stopped after
    `time_limit_s`, and may write no file larger than `file_limit_mb`.
    """

    command: list[str]
    templates: list[str] = []
    calibrations: dict[str, list[str]] = {}
    from_other_runs: list[str] = []
    parameters: dict[str, Any] = {}
    time_limit_s: float = 600.0
    file_limit_mb: int = 4096


def stage_problems(stages: Mapping[str, StageConfig]) -> Iterator[tuple[tuple[str, ...], str]]:
    """What types cannot say about the stages of a deployment: the key below `stages`, and what is wrong."""
    for name, stage in stages.items():
        if not _NAME.fullmatch(name):
            yield (name,), "a stage is named with lower-case letters, digits and - (at most 40)"
        if not stage.command:
            yield (name, "command"), "must name a program"
        elif "/" in stage.command[0] and not stage.command[0].startswith(("/", "{")):
            yield (name, "command"), "the program is an absolute path, a name on the PATH, or {python}"
        if not 0.0 < stage.time_limit_s <= 86400.0:
            yield (name, "time_limit_s"), "must be within 0 and 86400 s"
        if not 1 <= stage.file_limit_mb <= 1_000_000:
            yield (name, "file_limit_mb"), "must be within 1 and 1000000 MB"
        recipes, known = stage.parameters.get("recipes"), known_names("keywords/recipes")
        if isinstance(recipes, str) and recipes not in known:
            text = f"no list of recipes is called {recipes}; there are {', '.join(known)}"
            yield (name, "parameters", "recipes"), text
        for category, files in stage.calibrations.items():
            if not all(file.startswith("/") for file in files):
                yield (name, "calibrations", category), "must be absolute paths"
