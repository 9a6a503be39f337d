"""Where the telescope may go and how it gets there: empty sky opposite the Sun, never near the Sun on the way."""

from __future__ import annotations

from sequencer.engine.context import RunContext
from sequencer.sky import NoPatch, Patch, choose_patch, slew_separation_deg, sun_altaz

PRESET_S = 180.0
"""The patch is chosen for the time at which a preset ends; 180 s is what an ELT preset takes (assumed)."""

SUN_UP_DEG = -1.0
"""Above this altitude the Sun's disc can shine into the telescope (radius 0.27 deg, refraction 0.57 deg)."""


class PointingRefused(Exception):
    """The telescope may not go there."""


async def preset_patch(run: RunContext, airmass: float) -> Patch:
    """Point at an empty patch of sky at an airmass, opposite the Sun, tracking off. Raises PointingRefused."""
    telescope = run.instrument.telescope
    try:
        patch = choose_patch(
            run.clock.now() + PRESET_S,
            airmass,
            run.site,
            altitude_limits_deg=telescope.altitude_deg,
            sun_distance_deg=telescope.sun_distance_deg,
            moon_distance_deg=telescope.moon_distance_deg,
            planet_distance_deg=telescope.planet_distance_deg,
        )
    except NoPatch as error:
        raise PointingRefused(str(error)) from error
    await preset(run, patch.altitude_deg, patch.azimuth_deg)
    return patch


async def preset(run: RunContext, altitude_deg: float, azimuth_deg: float, *, tracking: bool = False) -> None:
    """Go to a direction, after a look at the whole slew, and confirm that guiding and AO are off.

    Raises PointingRefused if the slew passes the Sun too closely or the telescope guides.
    """
    client = run.devices.telescope
    if client is None:
        raise PointingRefused("this deployment has no telescope")
    here = (client.state.altitude_deg, client.state.azimuth_deg)
    sun = sun_altaz(run.clock.now(), run.site)
    config = run.instrument.telescope
    nearest_deg = slew_separation_deg(here, (altitude_deg, azimuth_deg), sun, speeds_deg_s=config.slew_deg_s)
    if sun[0] > SUN_UP_DEG and nearest_deg < config.sun_distance_deg:
        raise PointingRefused(
            f"the slew to altitude {altitude_deg:.1f}, azimuth {azimuth_deg:.1f} deg passes the Sun at "
            f"{nearest_deg:.1f} deg; {config.sun_distance_deg:g} deg are required"
        )
    await client.preset(altitude_deg=altitude_deg, azimuth_deg=azimuth_deg, tracking=tracking)
    if client.state.guiding or client.state.ao:
        raise PointingRefused("the telescope guides or corrects: flats need guiding and adaptive optics off")
