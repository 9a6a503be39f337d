"""What a camera will see, as far as known beforehand: rates and levels from the priors."""

from __future__ import annotations

from sequencer.config.models import DetectorConfig, FilterConfig, ReadoutMode
from sequencer.exposure.limits import DetectorLimits
from sequencer.sky.scattered import zenith_brightness_mag
from sequencer.sky.thermal import ThermalBand


def predicted_rate_e_s(item: FilterConfig, airmass: float, sun_altitude_deg: float) -> float:
    """Return the rate per pixel in e-/s: thermal background at 280.15 K plus twilight at the zenith."""
    thermal = ThermalBand(item.wavelength_um, item.telescope_e_s, item.sky_e_s, item.sky_exponent).rate_e_s(
        airmass
    )
    if not item.twilight_band:
        return thermal
    magnitude = zenith_brightness_mag(item.twilight_band, -sun_altitude_deg)
    return float(thermal + item.twilight_e_s_mag0 * 10.0 ** (-0.4 * magnitude))


def detector_limits(detector: DetectorConfig, mode: ReadoutMode) -> DetectorLimits:
    """Return the limits of a detector in a read-out mode, as the choice of a DIT wants them."""
    return DetectorLimits(
        full_well_e=mode.full_well_e,
        min_dit_s=mode.min_dit_s or mode.dit_grid_s,
        max_dit_s=mode.max_dit_s,
        read_noise_e=mode.read_noise_e,
        linearity_k=detector.nonlinearity_k,
        dark_rate_e_s=mode.dark_e_s,
        dit_grid_s=mode.dit_grid_s,
    )


def predicted_level(dit_s: float, rate_e_s: float, limits: DetectorLimits) -> float:
    """Return the level (fraction of full well, at most 1) that a DIT in s reads; rate without dark."""
    return limits.level_fraction((rate_e_s + limits.dark_rate_e_s) * dit_s)
