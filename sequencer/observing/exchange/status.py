"""The status of an observing block: ESO's letters, what they mean and what may follow.

Letters P to F: P2PP 3 manual section 6.3.2, ESO knowledge base "status C, or A and M", `p2api.verifyOB`.
"""

from __future__ import annotations

STATUS = {
    "P": "partially defined",
    "D": "defined, submitted",
    "-": "rejected: its author must revise it",
    "+": "accepted: it may run, and is not edited any more",
    "S": "started",
    "X": "executed",
    "C": "completed",
    "A": "aborted",
    "M": "must be repeated",
    "F": "failed, will not be repeated",
    "K": "cancelled",
}
"""Letter -> meaning, in the order of a block's life."""

NEXT = {
    "P": "DK",
    "D": "+-PSK",
    "-": "PDK",
    "+": "SFK",
    "S": "XAM",
    "X": "CM",
    "C": "",
    "A": "M+FK",
    "M": "SFK",
    "F": "",
    "K": "",
}
"""Letter -> the letters that may follow."""

_ENDED = {"stopped": "M", "aborted": "A", "failed": "A", "halted": "A"}
"""Outcome of a run that did not come to its end -> letter. F is for a person to give: it says never again."""

RUNNABLE = "D+M"
"""Letters of blocks that may be loaded for execution: defined, accepted, to be repeated."""


def not_runnable(letter: str) -> str:
    """Why a block with this status must not run; empty when it may, or has no status at all."""
    if not letter or letter in RUNNABLE:
        return ""
    return f"has status {letter} ({STATUS[letter]}); only {', '.join(RUNNABLE)} may run"


def status_after(outcome: str, everything_taken: bool) -> str:
    """The letter of a block whose run ended completed, stopped, aborted, failed or halted.

    Completed is C when everything asked for is there and good; otherwise X, for a person to judge: C or M.
    """
    return _ENDED.get(outcome) or ("C" if everything_taken else "X")


def cannot_follow(letter: str, following: str) -> str:
    """Why a block of status `letter` must not get the status `following`; empty: it may, or had none before."""
    if following not in STATUS:
        return f"{following[:20]!r} is no status: one of {', '.join(STATUS)}"
    if not letter or following == letter or following in NEXT[letter]:
        return ""
    allowed = f"only {', '.join(NEXT[letter])}" if NEXT[letter] else "nothing"
    return f"after {letter} ({STATUS[letter]}) comes {allowed}, not {following} ({STATUS[following]})"
