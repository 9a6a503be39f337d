"""Patches of sky: a strip (untracked) or a field (tracked), and whether one chosen earlier still keeps the rules."""

from __future__ import annotations

from numpy.typing import ArrayLike

from sequencer.sky.airmass import airmass as airmass_at
from sequencer.sky.coordinates import radec_to_altaz
from sequencer.sky.drift import SIDEREAL_DEG_S, Path, altaz_of, hour_angle_dec
from sequencer.sky.field import Field, with_offsets
from sequencer.sky.hazards import hazards_over
from sequencer.sky.judge import objections
from sequencer.sky.rules import PatchRules
from sequencer.sky.site import Site
from sequencer.sky.strip import DEFAULT_RULES, Strip

Patch = Strip | Field


def recheck_patch(
    patch: Patch,
    start_s: float,
    end_s: float,
    site: Site,
    rules: PatchRules = DEFAULT_RULES,
    *,
    bright_sources: ArrayLike | None = None,
) -> list[str]:
    """Why a patch chosen earlier is not valid between two other times, one sentence a thing; empty if it is.

    A strip stays where it is in altitude and azimuth while the sky has moved on; a field stays on the sky, so that
    its airmass, taken at the middle of the time, may have left the tolerance. Arguments and errors as
    `choose_strip`.
    """
    if isinstance(patch, Field):
        rules = with_offsets(rules, patch.offsets)
    hazards = hazards_over(site, start_s, end_s, rules, bright_sources)
    if isinstance(patch, Strip):
        path = Path(start_s, *hour_angle_dec(patch.altitude_deg, patch.azimuth_deg, site.latitude_deg))
        return [objection.text for objection in objections(hazards, path)]
    place = radec_to_altaz(patch.ra_deg, patch.dec_deg, start_s, site)
    path = Path(start_s, *hour_angle_dec(*place, site.latitude_deg), SIDEREAL_DEG_S)
    altitude = altaz_of(path.ha_at(0.5 * (start_s + end_s)), path.dec_deg, site.latitude_deg)[0]
    airmass, wanted, found = airmass_at(altitude), patch.requested_airmass, []
    if abs(patch.airmass - wanted) > rules.airmass_tolerance:
        wanted = patch.airmass  # the one asked for could not be reached
    if abs(airmass - wanted) > rules.airmass_tolerance:
        found.append(
            f"airmass is {airmass:.2f} in the middle, {wanted:.2f} +- {rules.airmass_tolerance:g} are wanted"
        )
    return found + [objection.text for objection in objections(hazards, path)]
