"""Acquisition templates: at most one in a block, and first (ESO's Phase-2 rules)."""

from __future__ import annotations

import re
from typing import Any

from sequencer.config.problems import Problem
from sequencer.config.yaml_reader import Located

_ACQUISITION = re.compile(r"_acq(_|$)", re.IGNORECASE)


def is_acquisition(template: str) -> bool:
    """Whether a template acquires a target, by ESO's rule for names (`<INST>_<mode>_acq[_<purpose>]`)."""
    return bool(_ACQUISITION.search(template))


def check_acquisition(located: Located) -> list[Problem]:
    """Return what is wrong with the acquisition templates of a block (a mapping)."""
    calls: Any = located.data.get("templates")
    calls = calls if isinstance(calls, list) else []
    names = [call.get("template") if isinstance(call, dict) else None for call in calls]
    found = [index for index, name in enumerate(names) if isinstance(name, str) and is_acquisition(name)]
    problems = [
        located.problem(("templates", index, "template"), f"{names[index]}: is a second acquisition template")
        for index in found[1:]
    ]
    if found and found[0] > 0:
        text = f"{names[found[0]]}: an acquisition template must come first"
        problems.append(located.problem(("templates", found[0], "template"), text))
    return problems
