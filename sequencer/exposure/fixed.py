"""One DIT for a filter over all airmasses, so that the levels differ by airmass alone and one dark serves
all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sequencer.exposure.dit import SkyRunsOut, solve_dit
from sequencer.exposure.dit_list import DitList, quantise
from sequencer.exposure.limits import SATURATION_FRACTION, DetectorLimits


@dataclass(frozen=True)
class FixedDit:
    """The DIT in s, and warnings."""

    dit_s: float
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Refused:
    """No DIT is possible; the reason names the level and the limit."""

    reason: str


def middle_airmass(airmasses: Sequence[float]) -> float:
    """The middle airmass; of an even number the higher of the two in the middle, which is the brighter
    one."""
    return sorted(airmasses)[len(airmasses) // 2]


def fixed_dit(
    rates_e_s: Mapping[float, float],
    limits: DetectorLimits,
    *,
    target_fraction: float = 0.5,
    tolerance: float = 0.1,
    max_fraction: float = 0.85,
    dit_list: DitList | None = None,
) -> FixedDit | Refused:
    """The DIT with which the middle airmass reaches the target.

    `rates_e_s` maps airmass to background rate in e-/s, dark excluded. A level off the target because the
    minimum or maximum DIT binds is a warning; one above `max_fraction` at any airmass is refused. Raises
    ValueError for no airmass or negative rates.
    """
    if not rates_e_s:
        raise ValueError("there is no airmass to choose a DIT for")
    middle = middle_airmass(tuple(rates_e_s))
    totals = {airmass: rate + limits.dark_rate_e_s for airmass, rate in rates_e_s.items()}
    wanted = solve_dit(limits.signal_e(target_fraction), rates_e_s[middle], constant_e_s=limits.dark_rate_e_s)
    if isinstance(wanted, SkyRunsOut):
        return Refused(wanted.reason)
    chosen = quantise(wanted, limits, dit_list)
    levels = {airmass: limits.level_fraction(rate * chosen.dit_s) for airmass, rate in totals.items()}
    brightest = max(levels.values())
    if brightest > max_fraction:
        at = f"{100 * brightest:.0f} % of full well at DIT {chosen.dit_s:g} s"
        if brightest >= SATURATION_FRACTION and chosen.clipped:
            return Refused(f"saturates at the {chosen.clipped} DIT, {chosen.dit_s:g} s")
        return Refused(f"over the limit of {100 * max_fraction:.0f} %: {at}" + _bound(chosen.clipped))
    reached = levels[middle]
    if abs(reached - target_fraction) <= tolerance * target_fraction:
        return FixedDit(chosen.dit_s, ())
    warning = f"{100 * reached:.0f} % instead of {100 * target_fraction:.0f} % of full well"
    warning += f" at DIT {chosen.dit_s:g} s{_bound(chosen.clipped)}"
    return FixedDit(chosen.dit_s, (warning,))


def _bound(clipped: str) -> str:
    return f", the {clipped} DIT" if clipped else ""
