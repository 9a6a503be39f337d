"""Sun, Moon, planets, twilight, thermal background and patches of sky: pure functions, offline.

Times are Unix seconds UTC, angles degrees, azimuth from north through east, positions without refraction.

Where to point for flats, for a `Site` and `PatchRules` (limits of the telescope, distances to keep):

- untracked: `choose_strip(first_opening_s, last_closing_s, airmass, site, rules)` gives a `Strip`, the direction
  along whose strip of sky every rule holds;
- tracked: `choose_field(..., offsets=dither_offsets(count, step_arcsec))` gives a `Field`, from the packaged
  `blank_fields` or constructed, and `field.positions_deg` for each frame;
- both take `slew=Slew((altitude, azimuth), at_s, speeds)` to keep the way there off the Sun, say in `reasons` what
  was chosen and what was in the way of better, and raise `NoPatch` with the reasons when there is none;
- after a delay: `recheck_patch(patch, start_s, end_s, site, rules)` gives why it is no longer valid, or nothing;
- before anything is chosen: `reachable_airmass` names what an airmass becomes that the telescope cannot reach, and
  `twilight_window` the time, or raises `NoTwilight` with the reason (a Sun that never comes to the limit).
"""

from sequencer.sky.airmass import airmass, altitude_for_airmass, pointing_altitude_deg
from sequencer.sky.angles import separation_deg
from sequencer.sky.blank_fields import BlankField, blank_fields
from sequencer.sky.bodies import bodies_altaz, body_separations_deg, moon_altaz
from sequencer.sky.coordinates import altaz_to_radec, radec_to_altaz
from sequencer.sky.dither import dither_offsets, offset_position
from sequencer.sky.field import Field, choose_field
from sequencer.sky.patch import Patch, recheck_patch
from sequencer.sky.reach import NoPatch, reachable_airmass
from sequencer.sky.rules import PatchRules
from sequencer.sky.scattered import (
    brightness_slope_mag_deg,
    direction_factor,
    log_slope_per_s,
    scattered_rate_e_s,
    twilight_radiance,
    twilight_share,
    twilight_tau_s,
    zenith_brightness_mag,
)
from sequencer.sky.site import Site, offline
from sequencer.sky.slew import SUN_UP_DEG, Slew, slew_is_safe, slew_separation_deg
from sequencer.sky.sources import bright_ir_sources
from sequencer.sky.strip import Strip, choose_strip
from sequencer.sky.sun import sun_altaz, sun_altitude_deg
from sequencer.sky.thermal import ThermalBand, planck_ratio, thermal_rate_e_s
from sequencer.sky.track import SunTrack
from sequencer.sky.twilight import NoTwilight, Window, sun_crossing, twilight_window

__all__ = [
    "SUN_UP_DEG",
    "BlankField",
    "Field",
    "NoPatch",
    "NoTwilight",
    "Patch",
    "PatchRules",
    "Site",
    "Slew",
    "Strip",
    "SunTrack",
    "ThermalBand",
    "Window",
    "airmass",
    "altaz_to_radec",
    "altitude_for_airmass",
    "blank_fields",
    "bodies_altaz",
    "body_separations_deg",
    "bright_ir_sources",
    "brightness_slope_mag_deg",
    "choose_field",
    "choose_strip",
    "direction_factor",
    "dither_offsets",
    "log_slope_per_s",
    "moon_altaz",
    "offline",
    "offset_position",
    "planck_ratio",
    "pointing_altitude_deg",
    "radec_to_altaz",
    "reachable_airmass",
    "recheck_patch",
    "scattered_rate_e_s",
    "separation_deg",
    "slew_is_safe",
    "slew_separation_deg",
    "sun_altaz",
    "sun_altitude_deg",
    "sun_crossing",
    "thermal_rate_e_s",
    "twilight_radiance",
    "twilight_share",
    "twilight_tau_s",
    "twilight_window",
    "zenith_brightness_mag",
]
