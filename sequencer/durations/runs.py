"""What is kept of each run: number, mean and spread of the durations of each kind of step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

KEPT_RUNS = 30
"""The newest so many runs are kept: older ones say little of devices that wear and are repaired (assumed)."""


class Spread(Struct, forbid_unknown_fields=True, frozen=True):
    """`n` durations of one kind of step in one run: their mean, and their standard deviation (0 of a single one)."""

    n: int
    mean_s: float
    sd_s: float


class Took(NamedTuple):
    """What was measured: `seconds` of one step, or the mean of `times` steps that nobody timed one by one."""

    seconds: float
    times: int = 1


RunDurations = Mapping[str, Spread]
"""Kind of step -> what it took in one run."""


def condensed(took: Mapping[str, Sequence[Took]]) -> dict[str, Spread]:
    """What is kept of the durations of one run, to 1 ms."""
    return {key: _spread(values) for key, values in sorted(took.items()) if values}


def kept(before: Mapping[str, RunDurations], run: str, durations: RunDurations) -> dict[str, RunDurations]:
    """The runs to keep, by run id, oldest first: those before and this one, if it taught anything."""
    others = {name: told for name, told in before.items() if name != run}
    runs = others | ({run: durations} if durations else {})
    return dict(list(runs.items())[-KEPT_RUNS:])


def _spread(values: Sequence[Took]) -> Spread:
    """The mean of k steps scatters by 1/sqrt(k) of what one does: it counts k times."""
    n = sum(one.times for one in values)
    mean_s = sum(one.times * one.seconds for one in values) / n
    squares = sum(one.times * (one.seconds - mean_s) ** 2 for one in values)
    if len(values) == 1:  # it says nothing of the scatter
        return Spread(1, round(mean_s, 3), 0.0)
    variance = squares / (len(values) - 1)
    return Spread(n, round(mean_s, 3), round(math.sqrt(variance), 3))
