"""Sun, Moon, planets, twilight, thermal background and patches of sky: pure functions, offline.

Times are Unix seconds UTC, angles degrees, azimuth from north through east, positions without refraction.
"""

from sequencer.sky.airmass import airmass, altitude_for_airmass, pointing_altitude_deg
from sequencer.sky.angles import separation_deg
from sequencer.sky.bodies import bodies_altaz, body_separations_deg, moon_altaz
from sequencer.sky.coordinates import altaz_to_radec, radec_to_altaz
from sequencer.sky.patch import NoPatch, Patch, choose_patch, reachable_airmass
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
from sequencer.sky.slew import slew_is_safe, slew_separation_deg
from sequencer.sky.sources import bright_ir_sources
from sequencer.sky.sun import sun_altaz, sun_altitude_deg
from sequencer.sky.thermal import ThermalBand, planck_ratio, thermal_rate_e_s
from sequencer.sky.track import SunTrack
from sequencer.sky.twilight import NoTwilight, Window, sun_crossing, twilight_window

__all__ = [
    "NoPatch",
    "NoTwilight",
    "Patch",
    "Site",
    "SunTrack",
    "ThermalBand",
    "Window",
    "airmass",
    "altaz_to_radec",
    "altitude_for_airmass",
    "bodies_altaz",
    "body_separations_deg",
    "bright_ir_sources",
    "brightness_slope_mag_deg",
    "choose_patch",
    "direction_factor",
    "log_slope_per_s",
    "moon_altaz",
    "offline",
    "planck_ratio",
    "pointing_altitude_deg",
    "radec_to_altaz",
    "reachable_airmass",
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
