"""Is a block, a mapping of our YAML form, one that may be imported, exported and run?"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sequencer.config.problems import ConfigErrors, Problem, ordered
from sequencer.config.yaml_reader import Located
from sequencer.observing.block import read_ob
from sequencer.observing.exchange.part import Part
from sequencer.observing.signature import Signature, load_signatures

_KEYWORD = re.compile(r"[A-Z0-9_-]{1,8}(\.[A-Z0-9_-]{1,8})*")


def check_block(located: Located, signatures: Mapping[str, Signature] | None = None) -> list[Problem]:
    """Return everything that is wrong with a block. Raises ConfigErrors if it is no mapping at all."""
    known = load_signatures() if signatures is None else signatures
    if not isinstance(located.data, dict):
        return read_ob(located, known).problems
    return ordered([*located.problems, *read_ob(Part(located, located.data), known).problems])


def require_sound(located: Located, signatures: Mapping[str, Signature] | None = None) -> None:
    """Raise ConfigErrors with everything that is wrong with a block, if anything is."""
    if problems := check_block(located, signatures):
        raise ConfigErrors(problems)


def keyword_problem(keyword: str) -> str:
    """Why a text is no dotted keyword (parts of at most 8 of A-Z, 0-9, _ and -); empty: it is one."""
    if _KEYWORD.fullmatch(keyword):
        return ""
    long = [part for part in keyword.split(".") if len(part) > 8]
    if long:
        return f"has {long[0][:40]!r}, which is longer than 8 characters"
    return "must be parts of A-Z, 0-9, _ and - with points between"
