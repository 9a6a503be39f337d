"""LADDER: the rungs of a DIT ladder, worked out once and climbed in passes of alternating direction."""

from __future__ import annotations

from sequencer.exposure.answers import Expose, Stop
from sequencer.exposure.conditions import Conditions
from sequencer.exposure.dit_list import DitList, quantise
from sequencer.exposure.ladder import alternating_passes, ladder
from sequencer.exposure.plan import LevelPlan
from sequencer.exposure.rate import Background

SPARE = 1.02
"""A rung may be predicted that much above the limit: the highest rung is often the limit itself. Assumed."""


class Rungs:
    """The rungs still to be taken in one filter; each goes when its frame is recorded.

    One that would overfill the detector in a sky that has become brighter is passed over.
    """

    def __init__(self, sky: Background, plan: LevelPlan, dit_list: DitList | None) -> None:
        self._sky, self._plan, self._dit_list = sky, plan, dit_list
        self._left: list[float] | None = None
        self._passed_over = 0

    def answer(self, opening: Conditions) -> Expose | Stop:
        """The next rung; Stop at the end, or if none is in reach any more."""
        if self._left is None:
            found = self._climb(opening)
            if isinstance(found, Stop):
                return found
            self._left = found
        while self._left and self._too_bright(opening, self._left[0]):
            self._left.pop(0)
            self._passed_over += 1
        if not self._left and self._passed_over:
            return Stop(f"{self._passed_over} of the ladder are left out: the sky has become too bright")
        if not self._left:
            return Stop("the ladder is complete")
        return Expose(self._left[0], self._plan.ndit(self._left[0]), False)

    def _too_bright(self, opening: Conditions, dit_s: float) -> bool:
        outlook = self._sky.outlook(opening, clear=True, span_s=dit_s)
        return outlook.level_fraction(dit_s, self._plan.ndit(dit_s)) > SPARE * self._plan.max_fraction

    def taken(self) -> None:
        """A frame was recorded."""
        if self._left:
            self._left.pop(0)

    def _climb(self, opening: Conditions) -> list[float] | Stop:
        limits, outlook = self._sky.limits, self._sky.outlook(opening, clear=True)
        rate = outlook.rate_e_s + outlook.constant_e_s
        well, dits = (limits.full_well_e, limits.linearity_k), (limits.min_dit_s, limits.max_dit_s)
        rungs = ladder(self._plan.levels, rate, *well, *dits)
        reachable = [rung for rung in rungs if rung.reachable]
        if not reachable:
            return Stop("no rung of the ladder is reachable: " + "; ".join(r.reason for r in rungs))
        return [
            quantise(rung.dit_s, limits, self._dit_list).dit_s
            for rung in alternating_passes(reachable, self._plan.passes)
        ]
