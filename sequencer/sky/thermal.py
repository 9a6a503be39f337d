"""Thermal background of telescope and sky: what METIS detectors see, by day and by night."""

from __future__ import annotations

import math
from dataclasses import dataclass

REFERENCE_TEMPERATURE_K = 280.15
"""Ambient temperature of the published rates: 7 C (irdb Armazones.yaml)."""

HC_OVER_K_UM_K = 14387.768775
"""Second radiation constant h c / k_B in um K (CODATA 2018)."""


AIRGLOW_UM = 2.3
"""Up to here the night sky glows by airglow, whatever the temperature; beyond, thermally. Assumed."""


def planck_ratio(
    wavelength_um: float, temperature_k: float, reference_k: float = REFERENCE_TEMPERATURE_K
) -> float:
    """Black-body radiance at a temperature over that at the reference: phi(T) = B(lambda, T) / B(lambda,
    T_ref).

    Raises ValueError unless wavelength and both temperatures are above 0 and finite.
    """
    if not all(0.0 < value < math.inf for value in (wavelength_um, temperature_k, reference_k)):
        raise ValueError(f"no black body at {wavelength_um} um, {temperature_k} K against {reference_k} K")
    x_reference = HC_OVER_K_UM_K / (wavelength_um * reference_k)
    x = HC_OVER_K_UM_K / (wavelength_um * temperature_k)
    # expm1(a)/expm1(b) = exp(a-b) (1-exp(-a))/(1-exp(-b)), which does not overflow for short wavelengths.
    return math.exp(x_reference - x) * math.expm1(-x_reference) / math.expm1(-x)


@dataclass(frozen=True)
class ThermalBand:
    """One filter's thermal background: F(X) = W + S1 X^p at 280.15 K, in e-/s/pixel.

    `telescope_rate_e_s` is W (telescope and window), `sky_rate_e_s` S1 (sky at airmass 1), `sky_exponent` p.
    The published METIS figures follow the model to 0.36 % rms over airmass 1-2.5, but their absolute level is
    known to about 30 % only: a prior, never truth. Raises ValueError for negative rates or a wavelength <= 0.
    """

    lambda_um: float
    telescope_rate_e_s: float
    sky_rate_e_s: float
    sky_exponent: float

    def __post_init__(self) -> None:
        values = (self.telescope_rate_e_s, self.sky_rate_e_s)
        if not (0.0 < self.lambda_um < math.inf and all(0.0 <= v < math.inf for v in values)):
            raise ValueError(f"not a thermal band: {self}")
        if not math.isfinite(self.sky_exponent):
            raise ValueError(f"not a thermal band: {self}")

    def rate_e_s(self, airmass: float = 1.0, temperature_k: float | None = None) -> float:
        """Rate in e-/s/pixel with telescope and sky at one ambient temperature (None: 280.15 K)."""
        ambient_k = REFERENCE_TEMPERATURE_K if temperature_k is None else temperature_k
        return thermal_rate_e_s(self, airmass, ambient_k, ambient_k)


def thermal_rate_e_s(
    band: ThermalBand,
    airmass: float,
    telescope_k: float = REFERENCE_TEMPERATURE_K,
    sky_k: float = REFERENCE_TEMPERATURE_K,
) -> float:
    """Thermal rate in e-/s/pixel: F = W phi(T_tel) + S1 X^p phi(T_sky), phi = `planck_ratio`.

    Up to `AIRGLOW_UM` the sky is airglow: S1 X^p at any temperature. Raises ValueError for an airmass below 1 or not
    finite, and for temperatures not above 0.
    """
    if not 1.0 <= airmass < math.inf:
        raise ValueError(f"airmass {airmass} does not exist")
    telescope = band.telescope_rate_e_s * planck_ratio(band.lambda_um, telescope_k)
    sky = band.sky_rate_e_s * float(airmass**band.sky_exponent)
    warmth = planck_ratio(band.lambda_um, sky_k) if band.lambda_um > AIRGLOW_UM else 1.0
    return telescope + sky * warmth
