"""Where to point for one illumination level, and why there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sequencer.config.models import DetectorConfig, Instrument
from sequencer.observing.planning.levels import Level
from sequencer.sky import (
    NoPatch,
    Patch,
    PatchRules,
    Site,
    Slew,
    choose_field,
    choose_strip,
    dither_offsets,
)


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
    level: Level,
    start_s: float,
    end_s: float,
    site: Site,
    instrument: Instrument,
    wanted: Sequence[float],
    moon_least_deg: float = 0.0,
) -> Aim:
    """The patch of sky for a level between two times; `wanted` are all airmasses asked for, `moon_least_deg` the
    distance the block wants from the Moon.
    """
    end_s = max(end_s, start_s)
    listed = [other for other in wanted if other != level.requested]
    try:
        patch = choose_patch(
            start_s, end_s, level.airmass, site, instrument, listed, moon_least_deg=moon_least_deg
        )
    except NoPatch as error:
        return Aim(level.airmass, level.requested, start_s, end_s, error=str(error))
    return Aim(
        patch.airmass, level.requested, start_s, end_s, patch.altitude_deg, patch.azimuth_deg, patch.reasons
    )


def choose_patch(
    start_s: float,
    end_s: float,
    airmass: float,
    site: Site,
    instrument: Instrument,
    listed: Sequence[float],
    slew: Slew | None = None,
    moon_least_deg: float = 0.0,
) -> Patch:
    """A strip of sky for a telescope that stands still, a field with offsets for one that tracks.

    `listed` are the block's other airmasses, `moon_least_deg` is the distance it wants from the Moon. Raises NoPatch.
    """
    config, rules = instrument.telescope, patch_rules(instrument, moon_least_deg)
    if not config.tracks:
        return choose_strip(start_s, end_s, airmass, site, rules, listed=listed, slew=slew)
    offsets = dither_offsets(config.offsets, config.offset_arcsec)
    return choose_field(start_s, end_s, airmass, site, rules, offsets=offsets, listed=listed, slew=slew)


def patch_rules(instrument: Instrument, moon_least_deg: float = 0.0) -> PatchRules:
    """What a patch of sky must keep to with this telescope, for a block that wants a distance from the Moon."""
    telescope = instrument.telescope
    return PatchRules(
        altitude_limits_deg=telescope.altitude_deg,
        sun_distance_deg=telescope.sun_distance_deg,
        moon_distance_deg=telescope.moon_distance_deg,
        moon_least_deg=moon_least_deg,
        planet_distance_deg=telescope.planet_distance_deg,
        field_radius_deg=max(map(_radius_deg, instrument.detectors.values())),
    )


def _radius_deg(detector: DetectorConfig) -> float:
    """Half the diagonal of a detector on the sky."""
    return 0.5 * math.hypot(*detector.size_px) * detector.pixel_scale_mas / 3.6e6
