"""Changes of the light that no sky makes. Pure."""

from __future__ import annotations

import math

BRIGHTER = 30.0
"""Factor by which the light of a filter may exceed the clear sky that is believed in. That is known to a few tens of
per cent before its first frame; a cloud that goes only gives back what there was (assumed)."""

AGREES = 2.0
"""Factor within which a frame confirms the one before it."""


class SkyJumps:
    """Watches the rates of one filter: one that leaps up is doubted once, and believed when the next one repeats it.

    The light may go as fast as it likes: clouds are thick.
    """

    def __init__(self) -> None:
        self._doubted_e_s: float | None = None

    def objection(self, rate_e_s: float, clear_e_s: float) -> str:
        """Why a measured rate is no sky's, where a clear one was to give `clear_e_s`; empty if it may be one's."""
        doubted_e_s, self._doubted_e_s = self._doubted_e_s, None
        if clear_e_s <= 0.0 or rate_e_s <= BRIGHTER * clear_e_s:
            return ""
        if doubted_e_s is not None and abs(math.log(rate_e_s / doubted_e_s)) < math.log(AGREES):
            return ""
        self._doubted_e_s = rate_e_s
        return f"it is {rate_e_s / clear_e_s:.3g} times as bright as a clear sky: no sky does that"
