"""What is believed of the background of a filter before its first frame: the instrument's table, or twilight."""

from __future__ import annotations

import math
from collections.abc import Callable

from sequencer.config.models import FilterConfig
from sequencer.exposure import SHAPED_SLOPE_NOISE_PER_S3, SHAPED_SLOPE_SIGMA_PER_S, RatePrior
from sequencer.sky import ThermalBand, direction_factor, zenith_brightness_mag

SunAltitude = Callable[[float], float]
"""Altitude of the Sun in deg at a time in s (Unix, UTC)."""

FLOOR_SIGMA = 0.3
"""Relative 1 sigma of the light that does not follow the twilight: airglow and thermal glow. Assumed."""

MAG_TO_LN = 0.4 * math.log(10.0)


def rate_prior(
    config: FilterConfig,
    sun_altitude_deg: SunAltitude,
    *,
    relative_sigma: float,
    scale: float = 1.0,
    azimuth_from_sun_deg: float = 180.0,
    time_s: float = 0.0,
    ambient_k: float | None = None,
) -> RatePrior:
    """Prior of one filter: thermal background, or scattered twilight above a floor where the filter has a band.

    `scale` is the factor on the table's rates: neutral density and what earlier filters or nights taught. The
    twilight follows the Sun from its brightness at `time_s` (Patat et al. 2006, `sky.scattered`). `ambient_k` is the
    temperature taken where none is given (None: that of the table).
    """
    thermal = ThermalBand(config.wavelength_um, config.telescope_e_s, config.sky_e_s, config.sky_exponent)

    def floor_e_s(airmass: float, temperature_k: float | None) -> float:
        return scale * thermal.rate_e_s(airmass, ambient_k if temperature_k is None else temperature_k)

    if not config.twilight_band:
        return RatePrior(floor_e_s, relative_sigma=relative_sigma)

    def brightness_mag(at_s: float) -> float:
        return zenith_brightness_mag(config.twilight_band, -sun_altitude_deg(at_s))

    begin_mag = brightness_mag(time_s)
    zenith_e_s = scale * config.twilight_e_s_mag0 * math.exp(-MAG_TO_LN * begin_mag)

    def twilight_e_s(airmass: float, temperature_k: float | None) -> float:
        return zenith_e_s * direction_factor(airmass, azimuth_from_sun_deg)

    return RatePrior(
        twilight_e_s,
        relative_sigma=relative_sigma,
        log_slope_sigma_per_s=SHAPED_SLOPE_SIGMA_PER_S,
        slope_noise_per_s3=SHAPED_SLOPE_NOISE_PER_S3,
        floor_e_s=floor_e_s,
        floor_sigma=FLOOR_SIGMA,
        log_shape=lambda at_s: MAG_TO_LN * (begin_mag - brightness_mag(at_s)),
    )
