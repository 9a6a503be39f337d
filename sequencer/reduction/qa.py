"""Quality of a product: GOOD, PARTIAL or BAD, with numbers as reasons. Never GOOD by default. Pure.

Every check gives one line with its number and says how bad it is; the flag is the worst. A product is GOOD
only when every check its kind requires was made.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sequencer.reduction.contract import Qa
from sequencer.reduction.separation import Separation

Flag = Literal["GOOD", "PARTIAL", "BAD"]
DARK_TOLERANCE = 0.5
"""Share by which a dark current may exceed the configured one; assumed: it doubles within some 7 K."""

WARM_PIXELS = 0.01
"""What unmarked warm pixels add to the median level, in noises of a frame: the median of a Gauss distribution moves by
1.25 times the share of outliers, and up to 0.8 % of the pixels are taken to be warm (assumed)."""

WANTED_NOISE = 0.003
"""Pixel-to-pixel accuracy wanted of a flat (METIS_DRLD, table of QC and health parameters)."""

_ORDER: dict[Flag, int] = {"GOOD": 0, "PARTIAL": 1, "BAD": 2}


@dataclass(frozen=True)
class Check:
    """One check: its name, how it came out, and one line with the number."""

    name: str
    flag: Flag
    text: str


def verdict(checks: Iterable[Check], required: Sequence[str]) -> Qa:
    """The flag of a product and its reasons: the worst lines first, then what was not checked, then the rest."""
    made = list(checks)
    missing = [name for name in required if name not in {check.name for check in made}]
    made += [Check(name, "PARTIAL", f"{name} not checked") for name in missing]
    made.sort(key=lambda check: -_ORDER[check.flag])
    flag: Flag = max((check.flag for check in made), key=_ORDER.__getitem__, default="PARTIAL")
    return Qa(flag, [check.text for check in made])


def upto(name: str, value: float, good: float, partial: float, text: str) -> Check:
    """A number that should be small: GOOD up to `good`, PARTIAL up to `partial`, else BAD; NaN is PARTIAL."""
    if math.isnan(value):
        return Check(name, "PARTIAL", f"{text}: not measured")
    return Check(name, "GOOD" if value <= good else "PARTIAL" if value <= partial else "BAD", text)


def frames(counts: Sequence[int], rejected: int, good: int, partial: int) -> Check:
    """Frames per group, and how many were left out as not good."""
    smallest = min(counts, default=0)
    flag: Flag = "GOOD" if smallest >= good else "PARTIAL" if smallest >= partial else "BAD"
    left_out = f", {rejected} left out as not good" if rejected else ""
    return Check("frames", flag, f"{'+'.join(str(count) for count in counts) or 'no'} frames{left_out}")


def thermal_only(count: int) -> list[Check]:
    """A line on the frames that held no twilight to speak of: they are no flats, and no bad ones either."""
    return [Check("thermal-only", "GOOD", f"{count} thermal-only frames are no flats")] if count else []


def noise(ratio: float) -> Check:
    """Measured over predicted noise of a frame: within 20 % is GOOD, within a factor 2 PARTIAL."""
    if not math.isfinite(ratio) or ratio <= 0.0:
        return Check("noise", "PARTIAL", "noise not measured: it takes two frames")
    text = f"noise {ratio:.2f} of predicted"
    return upto("noise", abs(math.log(ratio)), math.log(1.2), math.log(2.0), text)


def accuracy(noise: float, exposures: int) -> Check:
    """Predicted relative noise of a flat's pixel against what is wanted; and how many more exposures would do.

    With the exposures' own darks the variance falls as their number.
    """
    text = f"predicted pixel noise {100 * noise:.3f} %"
    if noise > WANTED_NOISE:
        more = math.ceil(exposures * ((noise / WANTED_NOISE) ** 2 - 1.0))
        text += f", {100 * WANTED_NOISE:.1f} % is wanted: {more} more exposures like these, and their darks, would do"
    return upto("error", noise, WANTED_NOISE, 0.02, text)


def saturated(share: float) -> Check:
    """Largest share of saturated pixels in a frame."""
    return upto("saturated", share, 0.005, 0.05, f"{100 * share:.3f} % of lit pixels saturated")


def levels(fractions: Sequence[float], low: float = 0.05, high: float = 0.9) -> Check:
    """Level range as fractions of full well: GOOD inside [low, high]."""
    if not fractions:
        return Check("levels", "BAD", "no level")
    text = f"levels {100 * min(fractions):.1f} to {100 * max(fractions):.1f} % of full well"
    return Check("levels", "GOOD" if min(fractions) >= low and max(fractions) <= high else "PARTIAL", text)


def simulated(count: int, of: int) -> list[Check]:
    """A line when frames are marked as simulated; it says what they are and does not lower the flag."""
    return [Check("simulated", "GOOD", f"{count} of {of} frames simulated")] if count else []


def decay(fall_adu: float, error_adu: float, noise_adu: float) -> Check:
    """Persistence: a level that falls over the series, by 5 errors and 2 % of the frame noise."""
    if not math.isfinite(error_adu):
        return Check("persistence", "PARTIAL", "persistence not checked: it takes three frames")
    text = f"level falls by {fall_adu:.4f} +- {error_adu:.4f} ADU over the series"
    if fall_adu > 5.0 * error_adu and fall_adu > 0.02 * noise_adu:
        return Check("persistence", "PARTIAL", f"persistence: {text}")
    return Check("persistence", "GOOD", text)


def light_leak(level_adu: float, error_adu: float, expected_adu: float, noise_adu: float) -> Check:
    """Dark level (above bias) against the dark current of the configuration.

    PARTIAL when the excess is certain (5 errors), beyond the tolerance of the dark current and beyond what warm pixels
    too faint to be marked do to a median; BAD when it also outweighs the noise of one frame (`noise_adu`): then light
    or persistence rules the dark.
    """
    text = f"level {level_adu:.4f} +- {error_adu:.4f} ADU, {expected_adu:.4f} expected of the dark current"
    excess = level_adu - expected_adu
    if excess <= max(5.0 * error_adu, DARK_TOLERANCE * expected_adu, WARM_PIXELS * noise_adu):
        return Check("light leak", "GOOD", text)
    return Check(
        "light leak", "PARTIAL" if excess <= noise_adu else "BAD", f"light leak or persistence: {text}"
    )


def gradient(spread_adu: float, expected_adu: float, noise_adu: float) -> Check:
    """Large-scale structure of a dark: spread of the tiles' means against noise alone."""
    text = f"gradient {spread_adu:.4f} ADU, {expected_adu:.4f} of noise alone"
    if not math.isfinite(expected_adu):
        return Check("gradient", "PARTIAL", "gradient not measured")
    if spread_adu > 5.0 * expected_adu and spread_adu > 0.05 * noise_adu:
        return Check("gradient", "PARTIAL", f"light leak? {text}")
    return Check("gradient", "GOOD", text)


def starry(share: float) -> Check:
    """Star residue: share of pixels brighter than the fit by 5 sigma; over 0.1 % the patch was not empty."""
    return upto(
        "star residue", share, 0.001, 0.02, f"star residue in {100 * max(share, 0.0):.3f} % of the pixels"
    )


def separated(separation: Separation | None) -> list[Check]:
    """Whether the flat is that of the sky alone: PARTIAL where it is of sky and thermal floor together."""
    if separation is None:
        return []
    text = separation.reason
    if separation.separated:
        text += f", noise {100 * separation.noise:.3f} % a pixel, {int(separation.left_out.sum())} values left out"
    spoilt = separation.mixed and not separation.separated
    return [Check("separation", "PARTIAL" if spoilt else "GOOD", text)]


def additive(rms: float, expected: float) -> Check:
    """Large-scale difference of slope and proportional flat: GOOD within 3 times its noise or below 0.1 %."""
    if math.isnan(rms):
        return Check("slope", "GOOD", "slope not measured: one level")
    text = f"slope against proportional flat {100 * rms:.3f} % rms, {100 * expected:.3f} % of noise alone"
    return upto("slope", rms, max(3.0 * expected, 0.001), max(10.0 * expected, 0.02), text)
