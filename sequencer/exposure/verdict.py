"""What a frame is worth, with the reason: good, low, high, saturated, starry, cloudy, unstable or
thermal-only."""

from __future__ import annotations

import math
from dataclasses import dataclass

STARRY_SHARE = 0.018
"""Share of pixels with a star from which on a frame is starry: where the stars have moved, the median of N frames is
spoilt in a pixel that half of them hit, at worst in 3 f^2 of the pixels of a stack of three, the fewest there are.
Up to this share f that is 0.1 % of the pixels, the star residue a good master flat may have (`reduction.qa`); the
noise of larger stacks grows by f / 2, 0.9 %."""


@dataclass(frozen=True)
class Verdict:
    """The verdict on one frame: its name (see `verdict`) and why, as a sentence for header, journal and
    screen."""

    name: str
    reason: str

    @property
    def good(self) -> bool:
        """Whether the frame counts."""
        return self.name == "good"


def verdict(
    level_fraction: float,
    expected_fraction: float,
    tolerance: float,
    max_fraction: float,
    *,
    p99_fraction: float | None = None,
    saturated: bool = False,
    starry: str = "",
    unstable: str = "",
    cloudy: str = "",
    thermal: str = "",
) -> Verdict:
    """Judge a frame by its level (median of the lit pixels, in full wells) against the expected one.

    The first that holds: unstable (a reason given, or a level that is no number or not above 0), saturated
    (told so, or level or 99th percentile above `max_fraction`), thermal-only and starry (a reason given), low or
    high (more than the relative tolerance away), or cloudy if there is a reason to put that down to a cloud,
    good. What to expect depends on the mode: in FIXED and LADDER the level predicted for the airmass or rung,
    in AIRMASS and LEVEL the target.
    """
    percent = f"{100.0 * level_fraction:.1f} % of full well"
    if unstable:
        return Verdict("unstable", unstable)
    if not 0.0 < level_fraction < math.inf:
        return Verdict("unstable", f"the level is {percent}")
    brightest = level_fraction if p99_fraction is None else max(level_fraction, p99_fraction)
    if saturated:
        return Verdict("saturated", f"saturated at {percent}")
    if brightest > max_fraction:
        limit = f"the limit is {100.0 * max_fraction:.1f} %"
        return Verdict("saturated", f"{100.0 * brightest:.1f} % of full well, {limit}")
    if thermal or starry:
        return Verdict("thermal-only", thermal) if thermal else Verdict("starry", starry)
    judged = _against(level_fraction, expected_fraction, tolerance, percent)
    return judged if judged.good or not cloudy else Verdict("cloudy", f"{cloudy}; {judged.reason}")


def _against(level_fraction: float, expected_fraction: float, tolerance: float, percent: str) -> Verdict:
    reason = f"{percent}, {100.0 * expected_fraction:.1f} % expected"
    if level_fraction < expected_fraction * (1.0 - tolerance):
        return Verdict("low", reason)
    if level_fraction > expected_fraction * (1.0 + tolerance):
        return Verdict("high", reason)
    return Verdict("good", reason)
