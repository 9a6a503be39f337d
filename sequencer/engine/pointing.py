"""Where the telescope may go and how it gets there: empty sky opposite the Sun, never near the Sun on the way."""

from __future__ import annotations

from collections.abc import Sequence

from sequencer.devices.telescope import TelescopeClient
from sequencer.engine.context import RunContext
from sequencer.observing.planning import choose_patch, patch_rules
from sequencer.sky import (
    SUN_UP_DEG,
    Patch,
    Slew,
    radec_to_altaz,
    recheck_patch,
    slew_separation_deg,
    sun_altaz,
)


class PointingRefused(Exception):
    """The telescope may not go there."""


def choose(run: RunContext, airmass: float, span_s: float, listed: Sequence[float]) -> Patch:
    """An empty patch of sky opposite the Sun, for `span_s` from the end of a preset that begins now.

    `listed` are the other airmasses of the block. Raises NoPatch.
    """
    config, now_s = run.instrument.telescope, run.clock.now()
    begin_s = now_s + config.preset_s
    slew = Slew(_direction(run), now_s, config.slew_deg_s)
    end_s, moon_least_deg = begin_s + span_s, run.ob.moon_least_deg
    return choose_patch(begin_s, end_s, airmass, run.site, run.instrument, listed, slew, moon_least_deg)


def objections(run: RunContext, patch: Patch, span_s: float) -> list[str]:
    """Why a patch that the telescope looks at may not be looked at for `span_s` more; empty if it may."""
    now_s = run.clock.now()
    if patch.start_s <= now_s and now_s + span_s <= patch.end_s:
        return []
    rules = patch_rules(run.instrument, run.ob.moon_least_deg)
    return recheck_patch(patch, now_s, now_s + span_s, run.site, rules)


async def preset(run: RunContext, altitude_deg: float, azimuth_deg: float, *, tracking: bool = False) -> None:
    """Go to a direction, after a look at the whole slew, and confirm that guiding and AO are off.

    Raises PointingRefused if the slew passes the Sun too closely or the telescope guides.
    """
    client = _checked(run, altitude_deg, azimuth_deg)
    await client.preset(altitude_deg=altitude_deg, azimuth_deg=azimuth_deg, tracking=tracking)
    _check_guiding(client)


async def preset_position(run: RunContext, ra_deg: float, dec_deg: float) -> None:
    """Go to a position (ICRS) and track it; else as `preset`."""
    client = _checked(run, *radec_to_altaz(ra_deg, dec_deg, run.clock.now(), run.site))
    await client.preset(ra_deg=ra_deg, dec_deg=dec_deg, tracking=True)
    _check_guiding(client)


def _checked(run: RunContext, altitude_deg: float, azimuth_deg: float) -> TelescopeClient:
    """The telescope, if the slew to a direction is safe."""
    here = _direction(run)
    sun = sun_altaz(run.clock.now(), run.site)
    config = run.instrument.telescope
    nearest_deg = slew_separation_deg(here, (altitude_deg, azimuth_deg), sun, speeds_deg_s=config.slew_deg_s)
    if sun[0] > SUN_UP_DEG and nearest_deg < config.sun_distance_deg:
        raise PointingRefused(
            f"the slew to altitude {altitude_deg:.1f}, azimuth {azimuth_deg:.1f} deg passes the Sun at "
            f"{nearest_deg:.1f} deg; {config.sun_distance_deg:g} deg are required"
        )
    return _telescope(run)


def _check_guiding(client: TelescopeClient) -> None:
    if client.state.guiding or client.state.ao:
        raise PointingRefused("the telescope guides or corrects: flats need guiding and adaptive optics off")


def _direction(run: RunContext) -> tuple[float, float]:
    state = _telescope(run).state
    return state.altitude_deg, state.azimuth_deg


def _telescope(run: RunContext) -> TelescopeClient:
    client: TelescopeClient | None = run.devices.telescope
    if client is None:
        raise PointingRefused("this deployment has no telescope")
    return client
