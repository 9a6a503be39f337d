"""FIXED and AIRMASS: a DIT chosen once, for all airmasses or for each, and then kept."""

from __future__ import annotations

from sequencer.exposure.answers import Expose, Stop
from sequencer.exposure.conditions import Conditions
from sequencer.exposure.dit_list import DitList
from sequencer.exposure.fixed import Refused, fixed_dit
from sequencer.exposure.plan import LevelPlan
from sequencer.exposure.rate import AIRMASS_STEP, Background


class HeldDits:
    """The DITs held in one filter: one in FIXED, one an airmass in AIRMASS."""

    def __init__(self, sky: Background, plan: LevelPlan, dit_list: DitList | None) -> None:
        self._sky, self._plan, self._dit_list = sky, plan, dit_list
        self._held: dict[float, Expose] = {}

    def answer(self, opening: Conditions) -> Expose | Stop:
        """The exposure at an airmass; Stop if no DIT stays under the limit."""
        fixed, here = self._plan.mode == "FIXED", opening.airmass
        key = 0.0 if fixed else next((x for x in self._held if abs(x - here) <= AIRMASS_STEP), here)
        if key not in self._held:
            chosen = self._choose(opening, self._plan.airmasses if fixed else (here,))
            if isinstance(chosen, Stop):
                return chosen
            self._held[key] = chosen
        return self._held[key]

    def forget(self) -> None:
        """Choose anew: a frame went over the limit."""
        self._held.clear()

    def _choose(self, opening: Conditions, airmasses: tuple[float, ...]) -> Expose | Stop:
        at = [Conditions(opening.time_s, airmass, opening.temperature_k) for airmass in airmasses]
        outlooks = {c.airmass: self._sky.outlook(c, clear=True) for c in at}
        plan = self._plan
        chosen = fixed_dit(
            {airmass: outlook.rate_e_s + outlook.floor_e_s for airmass, outlook in outlooks.items()},
            self._sky.limits,
            target_fraction=plan.target_fraction,
            tolerance=plan.tolerance,
            max_fraction=plan.max_fraction,
            dit_list=self._dit_list,
        )
        if isinstance(chosen, Refused):
            return Stop(chosen.reason)
        return Expose(chosen.dit_s, plan.ndit(chosen.dit_s), False, "; ".join(chosen.warnings))
