"""What is believed of the background of a filter before its first frame tonight."""

from __future__ import annotations

from sequencer.config.models import FilterConfig
from sequencer.engine.context import RunContext
from sequencer.exposure import RatePrior
from sequencer.exposure.estimator import TWILIGHT_SLOPE_NOISE_PER_S3, TWILIGHT_SLOPE_SIGMA_PER_S, RateModel
from sequencer.sky import ThermalBand, direction_factor, log_slope_per_s, sun_altaz, zenith_brightness_mag

SLOPE_STEP_S = 60.0
"""Time over which the Sun's speed is taken."""


def rate_prior(
    run: RunContext, camera: str, config: FilterConfig, transmission: float, time_s: float
) -> RatePrior:
    """Prior of one filter: thermal background from the instrument's table, or scattered twilight if it has a band.

    The twilight is that of `time_s`. Scaled by the ND filter's transmission and by what the camera's other
    filters taught tonight.
    """
    scale = transmission * run.learned.get(camera, 1.0)
    sigma = run.instrument.cameras[camera].prior_sigma
    if config.twilight_band:
        return _twilight_prior(run, config, scale, sigma, time_s)
    band = ThermalBand(config.wavelength_um, config.telescope_e_s, config.sky_e_s, config.sky_exponent)
    return RatePrior(_scaled(band.rate_e_s, scale), relative_sigma=sigma)


def _scaled(model: RateModel, scale: float) -> RateModel:
    return lambda airmass, temperature_k: scale * model(airmass, temperature_k)


def _twilight_prior(
    run: RunContext, config: FilterConfig, scale: float, sigma: float, time_s: float
) -> RatePrior:
    altitude_deg, azimuth_deg = sun_altaz(time_s, run.site)
    later_deg = sun_altaz(time_s + SLOPE_STEP_S, run.site)[0]
    speed_deg_s = (altitude_deg - later_deg) / SLOPE_STEP_S
    magnitude = zenith_brightness_mag(config.twilight_band, -altitude_deg)
    zenith_e_s = config.twilight_e_s_mag0 * 10.0 ** (-0.4 * magnitude)

    def rate_e_s(airmass: float, temperature_k: float | None) -> float:
        telescope = run.devices.telescope
        away_deg = 180.0 if telescope is None else abs(telescope.state.azimuth_deg - azimuth_deg)
        return float(scale * zenith_e_s * direction_factor(airmass, away_deg))

    return RatePrior(
        rate_e_s,
        relative_sigma=sigma,
        log_slope_per_s=log_slope_per_s(config.twilight_band, -altitude_deg, speed_deg_s),
        log_slope_sigma_per_s=TWILIGHT_SLOPE_SIGMA_PER_S,
        slope_noise_per_s3=TWILIGHT_SLOPE_NOISE_PER_S3,
        time_s=time_s,
    )
