"""What a dark is worth by its level: against what the detector gives by itself, and the run's darks before. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from sequencer.exposure.limits import SATURATION_FRACTION
from sequencer.exposure.verdict import Verdict

DARK_TOLERANCE = 0.5
"""Share by which a dark current may exceed the configured one; assumed: it doubles within some 7 K."""

DRIFT = 0.2
"""Share by which a dark may exceed those of the same read-out before it in the run: 2 K by the same rule."""

OFFSET_NOISES = 3.0
"""Read noises of a pixel by which the zero of a read-out may wander; the median itself is a hundred times better known
(assumed)."""

PEDESTAL_SHARE = 0.05
"""Share by which the pedestal of a read-out that has one may differ from the configured bias level (assumed)."""


@dataclass(frozen=True)
class DarkLevel:
    """What a closed detector should read, per pixel and DIT in electrons above bias: its dark current over the DIT, and
    the figures that say how well that is known. `pedestal_e` is the bias level in electrons, 0 where there is none."""

    dark_e: float
    read_noise_e: float
    full_well_e: float
    pedestal_e: float = 0.0

    @property
    def offset_e(self) -> float:
        """How far the zero of a read-out may wander within a run."""
        return OFFSET_NOISES * self.read_noise_e

    @property
    def least_e(self) -> float:
        """The lowest level that is no fault."""
        return -self.offset_e - PEDESTAL_SHARE * self.pedestal_e

    @property
    def most_e(self) -> float:
        """The highest level that needs no light."""
        return self.offset_e + PEDESTAL_SHARE * self.pedestal_e + (1.0 + DARK_TOLERANCE) * self.dark_e


def dark_verdict(level_e: float, expected: DarkLevel, earlier_e: Sequence[float], closed: str) -> Verdict:
    """Judge a dark or bias by its level (median of its pixels).

    `earlier_e` are the levels of the run's good ones of the same read-out, `closed` what was read back closed.

    Light that rises by less than `OFFSET_NOISES` read noises is left to the master dark, which sees a hundredth of it.
    """
    if not -expected.full_well_e < level_e:
        return Verdict("unstable", f"the level is {level_e:.4g} e-")
    if level_e > SATURATION_FRACTION * expected.full_well_e:
        return Verdict("saturated", f"a dark of {level_e:.4g} e- is full: {expected.full_well_e:.4g} e- fit")
    found = f"the level is {level_e:.4g} e-, dark current and offset give"
    if level_e > expected.most_e:
        return Verdict("high", f"{found} at most {expected.most_e:.4g} e-: light, persistence, or a zero that is off")
    if level_e < expected.least_e:
        return Verdict("low", f"{found} at least {expected.least_e:.4g} e-: the detector's zero is wrong")
    if earlier_e:
        usual_e = statistics.median(earlier_e)
        if level_e > usual_e + expected.offset_e + DRIFT * abs(usual_e):
            return Verdict("high", f"the level is {level_e:.4g} e-, the darks before it had {usual_e:.4g} e-: light")
    return Verdict("good", f"dark of {level_e:.4g} e-, {closed} read back closed")
