"""Light of the sky on one pixel: thermal background, scattered twilight, clouds, and the brightness of a star."""

from __future__ import annotations

import math
from dataclasses import replace

from sequencer.config.models import FilterConfig, Instrument
from sequencer.sky.scattered import (
    LIGHT_SPEED_UM_S,
    direction_factor,
    twilight_radiance,
    zenith_brightness_mag,
)
from sequencer.sky.site import Site
from sequencer.sky.thermal import (
    HC_OVER_K_UM_K,
    REFERENCE_TEMPERATURE_K,
    ThermalBand,
    planck_ratio,
    thermal_rate_e_s,
)
from sequencer.sky.track import SunTrack
from simulators.world.night import Night
from simulators.world.pointing import Pointing

TELESCOPE_EMISSIVITY = 0.25
"""Mirrors with spiders 0.219 (irdb TER_ELT_6_mirror_field_track) and entrance window and dust 0.02-0.05."""

ARCSEC2_PER_SR = (180.0 * 3600.0 / math.pi) ** 2
THERMAL_FROM_UM = 2.0
"""Below this wavelength the floor is airglow, which does not follow the ambient temperature."""

VEGA_PHOTONS_3_8_UM = 1.02e9
"""Photons/s/m2/um of a magnitude 0 star at 3.8 um: L' zero point 5.3e-11 W/m2/um; elsewhere as lambda^-3."""

TRACK_S = 43200.0


class Sky:
    """Rates of light in e-/s per pixel of an instrument's cameras, with the night's unknowns in them."""

    def __init__(self, instrument: Instrument, night: Night, site: Site, pointing: Pointing) -> None:
        self.instrument = instrument
        self.night = night
        self.site = site
        self.pointing = pointing
        self._tracks: dict[int, SunTrack] = {}
        self._scale = night.twilight_scale()
        self._zero_points: dict[tuple[str, str], float] = {}

    def sun_altaz(self, time_s: float) -> tuple[float, float]:
        """Altitude and azimuth of the Sun in deg."""
        part = math.floor(time_s / TRACK_S)
        if part not in self._tracks:
            self._tracks[part] = SunTrack.over(self.site, part * TRACK_S, (part + 1) * TRACK_S)
        return self._tracks[part].altaz(time_s)

    def breaks(self, start_s: float, end_s: float) -> list[float]:
        """Times inside (start_s, end_s) at which to cut an integral over the light, for the clouds' sake."""
        return self.night.clouds.breaks(start_s, end_s)

    def rate_e_s(self, camera: str, filter_name: str, time_s: float) -> float:
        """Light on an average lit pixel behind an open beam, in e-/s: thermal and scattered."""
        return self.thermal_e_s(camera, filter_name, time_s) + self.scattered_e_s(camera, filter_name, time_s)

    def thermal_e_s(self, camera: str, filter_name: str, time_s: float) -> float:
        """u [ W phi(T) + S1 X^p phi(T) (1 + g(t)) + C ], u the zero point, g the sky noise, C what a cloud adds."""
        config = self._filter(camera, filter_name)
        kelvin = REFERENCE_TEMPERATURE_K
        if config.wavelength_um >= THERMAL_FROM_UM:
            kelvin = self.night.ambient_k(time_s)
        sky_e_s = config.sky_e_s * (1.0 + self.night.sky_noise(time_s))
        band = ThermalBand(config.wavelength_um, config.telescope_e_s, sky_e_s, config.sky_exponent)
        airmass = self.pointing.airmass(time_s)
        rate = thermal_rate_e_s(band, airmass, kelvin, kelvin)
        veil = self.night.clouds.veil(time_s)
        if veil.depth > 0.0:
            clear = thermal_rate_e_s(replace(band, telescope_rate_e_s=0.0), airmass, kelvin, kelvin)
            rate += (1.0 - veil.transmission(airmass)) * self._cloud_gain_e_s(config, clear, kelvin)
        return self.zero_point(camera, filter_name) * rate

    def scattered_e_s(self, camera: str, filter_name: str, time_s: float) -> float:
        """Scattered sunlight: the band's measured twilight, or the colour law where none was measured.

        A cloud lets a part of it through and puts its own glow in place of the rest.
        """
        config = self._filter(camera, filter_name)
        sun_altitude_deg, sun_azimuth_deg = self.sun_altaz(time_s)
        if config.twilight_band:
            brightness = zenith_brightness_mag(config.twilight_band, -sun_altitude_deg)
            zenith = config.twilight_e_s_mag0 * 10.0 ** (-0.4 * brightness)
        else:
            alpha = self.night.config.twilight_alpha
            zenith = grasp(config) * twilight_radiance(config.wavelength_um, -sun_altitude_deg, alpha)
        azimuth_deg = self.pointing.altaz(time_s)[1]
        airmass, veil = self.pointing.airmass(time_s), self.night.clouds.veil(time_s)
        towards = direction_factor(airmass, azimuth_deg - sun_azimuth_deg)
        through = veil.transmission(airmass)
        return float(self._scale * zenith * towards) * (through + (1.0 - through) * veil.glow)

    def star_mag0_e_s(self, camera: str, filter_name: str, time_s: float) -> float:
        """e-/s in all of a star of magnitude 0 through filter and clouds; 0 where the prior does not tell."""
        config = self._filter(camera, filter_name)
        scale_mas = self.instrument.detectors[self.instrument.light_paths[camera].detector].pixel_scale_mas
        pixel_arcsec2 = (scale_mas / 1000.0) ** 2
        through = self.night.clouds.veil(time_s).transmission(self.pointing.airmass(time_s))
        if config.twilight_band:
            return through * (config.twilight_e_s_mag0 / pixel_arcsec2)
        mag0 = grasp(config) / pixel_arcsec2 * VEGA_PHOTONS_3_8_UM * (3.8 / config.wavelength_um) ** 3
        return through * mag0

    def zero_point(self, camera: str, filter_name: str) -> float:
        """The night's factor on the filter's thermal prior."""
        key = (camera, filter_name)
        if key not in self._zero_points:
            self._zero_points[key] = self.night.zero_point(camera, filter_name)
        return self._zero_points[key]

    def _cloud_gain_e_s(self, config: FilterConfig, clear_e_s: float, ambient_k: float) -> float:
        """What an opaque cloud changes in e-/s: a black body, seen where it outshines the air, which lies below.

        It hides the airglow, which comes from beyond.
        """
        if config.wavelength_um < THERMAL_FROM_UM:
            return -clear_e_s
        ratio = planck_ratio(config.wavelength_um, ambient_k - self.night.sky.cloud_cooler_k)
        return max(config.telescope_e_s / TELESCOPE_EMISSIVITY * ratio - clear_e_s, 0.0)

    def _filter(self, camera: str, filter_name: str) -> FilterConfig:
        return self.instrument.light_paths[camera].filters[filter_name]


def grasp(config: FilterConfig) -> float:
    """Area x solid angle x band x efficiency of one pixel in e- per photon/m2/um/arcsec2, from its own glow.

    The telescope's rate W is grasp x emissivity x black body at 280.15 K, so W tells what any other
    radiance gives.
    """
    x = HC_OVER_K_UM_K / (config.wavelength_um * REFERENCE_TEMPERATURE_K)
    # 2 c / lambda^4 in photons/s/um2/um/sr; 1e12 um2 in a m2.
    black_body = 1e12 * 2.0 * LIGHT_SPEED_UM_S / config.wavelength_um**4 / math.expm1(x) / ARCSEC2_PER_SR
    return config.telescope_e_s / (TELESCOPE_EMISSIVITY * black_body)
