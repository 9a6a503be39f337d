"""A ladder of DITs for the linearity of the detector, and the order of exposures in which drift cancels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sequencer.exposure.linearity import linearise
from sequencer.figures import apart


@dataclass(frozen=True)
class Rung:
    """One rung: the level in full wells, the DIT in s that reaches it, and if a DIT limit forbids it, why."""

    level: float
    dit_s: float
    reachable: bool
    reason: str


def ladder(
    levels: Sequence[float],
    rate_e_s: float,
    full_well_e: float,
    k: float,
    min_dit_s: float,
    max_dit_s: float,
) -> list[Rung]:
    """The DIT for each level (fraction of full well, as read) at a steady rate in e-/s, dark included.

    A rung outside the DIT limits is not reachable and says so. Order as given. Raises ValueError for a
    level not between 0 and 1, a rate not above 0, and as `linearise`.
    """
    if not 0.0 < rate_e_s < math.inf:
        raise ValueError(f"rate {rate_e_s} e-/s is not above 0")
    if not all(0.0 < level < 1.0 for level in levels):
        raise ValueError(f"levels must lie between 0 and 1: {tuple(levels)}")
    rungs = []
    for level in levels:
        dit_s = linearise(level * full_well_e, full_well_e, k) / rate_e_s
        reason = _out_of_reach(dit_s, min_dit_s, max_dit_s)
        rungs.append(Rung(level, dit_s, not reason, reason))
    return rungs


def _out_of_reach(dit_s: float, min_dit_s: float, max_dit_s: float) -> str:
    if dit_s < min_dit_s:
        return "needs DIT {} s, the minimum is {} s".format(*apart(dit_s, min_dit_s, "4g"))
    if dit_s > max_dit_s:
        return "needs DIT {} s, the maximum is {} s".format(*apart(dit_s, max_dit_s, "4g"))
    return ""


def alternating_passes(rungs: Sequence[Rung], passes: int) -> list[Rung]:
    """Every rung once a pass, passes up, down, up ...: with an even number of passes linear drift cancels.

    Up and down mirror each other about the turn, whatever the DITs, so every rung's mid-exposure times
    average to the same instant. Raises ValueError for less than one pass.
    """
    if passes < 1:
        raise ValueError(f"{passes} passes are none")
    up = sorted(rungs, key=lambda rung: rung.dit_s)
    return [rung for i in range(passes) for rung in (up if i % 2 == 0 else reversed(up))]
