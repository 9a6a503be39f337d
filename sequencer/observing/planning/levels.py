"""The illumination levels by airmass: those a block asks for, as the telescope can reach them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sequencer.config.models import Instrument
from sequencer.sky import NoPatch, reachable_airmass


@dataclass(frozen=True)
class Level:
    """One illumination level by airmass: the one asked for, the one the telescope can reach, and why it differs."""

    requested: float
    airmass: float
    note: str = ""


def reachable_levels(wanted: Sequence[float], instrument: Instrument) -> tuple[list[Level], list[str]]:
    """The airmasses of a block as they can be had, and why one that cannot be replaced is left out."""
    levels, left_out = list[Level](), list[str]()
    for airmass in wanted:
        listed = [other for other in (*wanted, *(level.airmass for level in levels)) if other != airmass]
        try:
            levels.append(
                Level(airmass, *reachable_airmass(airmass, instrument.telescope.altitude_deg, listed))
            )
        except NoPatch as error:
            left_out.append(f"no flats at airmass {airmass:g}: {error}")
    return levels, left_out
