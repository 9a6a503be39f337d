"""Where to point for one illumination level, and why there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sequencer.config.models import Instrument
from sequencer.observing.planning.levels import Level
from sequencer.sky import NoPatch, PatchRules, Site, choose_strip


@dataclass(frozen=True)
class Aim:
    """Where to point for one level, from when to when (Unix s UTC), and why there; `error` when nowhere."""

    airmass: float
    requested_airmass: float
    start_s: float
    end_s: float
    altitude_deg: float = 0.0
    azimuth_deg: float = 0.0
    reasons: Sequence[str] = ()
    error: str = ""

    def plain(self) -> dict[str, Any]:
        """The aim for the journal."""
        found = asdict(self) | {"reasons": list(self.reasons)}
        found.pop("error")
        return found


def aim_at(
    level: Level, start_s: float, end_s: float, site: Site, instrument: Instrument, wanted: Sequence[float]
) -> Aim:
    """The strip of sky for a level between two times; `wanted` are all airmasses asked for."""
    listed = [other for other in wanted if other != level.requested]
    try:
        strip = choose_strip(
            start_s, max(end_s, start_s), level.airmass, site, patch_rules(instrument), listed=listed
        )
    except NoPatch as error:
        return Aim(level.airmass, level.requested, start_s, end_s, error=str(error))
    return Aim(
        strip.airmass, level.requested, start_s, end_s, strip.altitude_deg, strip.azimuth_deg, strip.reasons
    )


def patch_rules(instrument: Instrument) -> PatchRules:
    """What a patch of sky must keep to with this telescope."""
    telescope = instrument.telescope
    return PatchRules(
        altitude_limits_deg=telescope.altitude_deg,
        sun_distance_deg=telescope.sun_distance_deg,
        moon_distance_deg=telescope.moon_distance_deg,
        planet_distance_deg=telescope.planet_distance_deg,
    )
