"""Which altitude an airmass is observed at, and what it becomes when the telescope cannot go there."""

from __future__ import annotations

from collections.abc import Sequence

from sequencer.sky.airmass import AIRMASS_TOLERANCE, ZENITH_CLEARANCE_DEG, pointing_altitude_deg
from sequencer.sky.airmass import airmass as airmass_at


class NoPatch(Exception):
    """No patch of sky satisfies every rule; `reasons` holds one text for each thing in the way."""

    def __init__(self, reasons: Sequence[str]) -> None:
        self.reasons = list(reasons)
        super().__init__("no empty patch of sky: " + "; ".join(self.reasons))


def reachable_airmass(
    wanted_airmass: float,
    altitude_limits_deg: tuple[float, float],
    listed: Sequence[float] = (),
    zenith_clearance_deg: float = ZENITH_CLEARANCE_DEG,
) -> tuple[float, str]:
    """The airmass really used for a wanted one, and why if it is another (else empty).

    What the lower limit forbids becomes the highest reachable airmass not among `listed` (the OB's and those
    already used). Raises NoPatch when none is left, ValueError for an airmass below 1 or NaN.
    """
    altitude, why = reachable_altitude_deg(wanted_airmass, altitude_limits_deg, listed, zenith_clearance_deg)
    return (float(airmass_at(altitude)), why) if why else (wanted_airmass, "")


def reachable_altitude_deg(
    wanted_airmass: float,
    altitude_limits_deg: tuple[float, float],
    listed: Sequence[float] = (),
    zenith_clearance_deg: float = ZENITH_CLEARANCE_DEG,
) -> tuple[float, str]:
    """The altitude in deg to point at, and why if it is not the wanted airmass's; errors as `reachable_airmass`."""
    low, high = altitude_limits_deg
    altitude = pointing_altitude_deg(wanted_airmass, zenith_clearance_deg)
    if low <= altitude <= high:
        return altitude, ""
    if altitude > high:
        instead = airmass_at(high)
        why = f"airmass {wanted_airmass:g} is above the altitude limit of {high:g} deg: {instead:.3f} instead"
        return high, why
    below = f"airmass {wanted_airmass:g} is below the altitude limit of {low:.4g} deg"
    reachable = _not_listed(airmass_at(low), wanted_airmass, listed)
    altitude = pointing_altitude_deg(reachable, zenith_clearance_deg) if reachable >= 1.0 else 91.0
    # The airmass of the limit itself comes back as an altitude a rounding error below it.
    altitude = max(altitude, low)
    if altitude > high:
        raise NoPatch([f"{below} and no other is left"])
    return altitude, f"{below}: {reachable:.3f} instead, the highest reachable and not listed"


def _not_listed(highest: float, wanted: float, listed: Sequence[float]) -> float:
    """The highest airmass up to `highest` whose tolerance overlaps with that of no other listed one."""
    for other in sorted(listed, reverse=True):
        overlaps = abs(other - highest) < 2.0 * AIRMASS_TOLERANCE
        if overlaps and abs(other - wanted) > AIRMASS_TOLERANCE:
            highest = other - 2.0 * AIRMASS_TOLERANCE
    return highest
