"""Sunlight scattered by the twilight sky: brightness at the zenith, how fast it fades, colour and
direction."""

from __future__ import annotations

import math

from sequencer.sky.thermal import HC_OVER_K_UM_K

PATAT = {
    "U": (11.78, 1.376, -0.039),
    "B": (11.84, 1.411, -0.041),
    "V": (11.84, 1.518, -0.057),
    "R": (11.40, 1.567, -0.064),
    "I": (10.93, 1.470, -0.062),
}
"""a0, a1, a2 of m = a0 + a1 x + a2 x^2 mag/arcsec2, x = depression - 5 deg, at Paranal's zenith (Patat,
Ugolnikov & Postylyakov 2006, A&A 455, 385). For U two transcriptions exist, 11.78 and 15.01; 11.78 is
continuous with B."""

VALID_DEPRESSION_DEG = (5.0, 15.0)
"""Solar depressions the polynomials were fitted over."""

SUN_TEMPERATURE_K = 5772.0
SUN_SOLID_ANGLE_SR = 6.79e-5
SUN_I_MAG = -27.56
"""Sun as a black body seen from Earth, and its apparent I magnitude, as in the colour law's source."""

I_BAND_UM = 0.8
DEFAULT_COLOUR_EXPONENT = 2.0
"""alpha of the colour law: 0 achromatic, 1.3 aerosol, 4 Rayleigh; 2.2-2.7 reproduce Dome A in H and J.
Assumed."""

AIRMASS_DEX = 0.30
SUNWARD_DEX = 0.32
"""b and c of the LSST all-sky twilight model (Yoachim et al. 2016, SPIE 9910), dex per unit airmass."""

LIGHT_SPEED_UM_S = 2.99792458e14


def zenith_brightness_mag(band: str, depression_deg: float) -> float:
    """Brightness of the zenith in mag/arcsec2 in U, B, V, R or I, the Sun `depression_deg` below the horizon.

    Measured for 5-15 deg (`VALID_DEPRESSION_DEG`). From 0 to 5 deg the polynomial is continued (order of
    magnitude only), above the horizon the value at 0 holds. Beyond 15 deg the scattered light goes on
    fading at the slope of 15 deg; the night sky, which then outshines it, is not part of this. Raises
    ValueError for an unknown band or NaN.
    """
    a0, a1, a2 = _coefficients(band, depression_deg)
    inside = min(max(depression_deg, 0.0), VALID_DEPRESSION_DEG[1])
    x = inside - VALID_DEPRESSION_DEG[0]
    beyond = max(depression_deg - VALID_DEPRESSION_DEG[1], 0.0)
    return a0 + a1 * x + a2 * x * x + (a1 + 2.0 * a2 * x) * beyond


def brightness_slope_mag_deg(band: str, depression_deg: float) -> float:
    """dm/dh in mag per deg of depression, the derivative of `zenith_brightness_mag` (0 with the Sun up)."""
    _, a1, a2 = _coefficients(band, depression_deg)
    if depression_deg < 0.0:
        return 0.0
    return a1 + 2.0 * a2 * (min(depression_deg, VALID_DEPRESSION_DEG[1]) - VALID_DEPRESSION_DEG[0])


def log_slope_per_s(band: str, depression_deg: float, depression_speed_deg_s: float) -> float:
    """d ln(rate)/dt in 1/s: -0.921 (dm/dh)(dh/dt); negative at dusk (speed > 0), positive at dawn (speed <
    0).

    Depression grows by 0.195-0.227 deg/min at Armazones between 6 and 12 deg.
    """
    return -0.4 * math.log(10.0) * brightness_slope_mag_deg(band, depression_deg) * depression_speed_deg_s


def twilight_tau_s(band: str, depression_deg: float, depression_speed_deg_s: float) -> float:
    """E-folding time tau of the fading light, rate ~ exp(-t/tau), in s: above 0 at dusk, below 0 at dawn.

    tau = 1.0857 / (dm/dh dh/dt); infinite while nothing changes.
    """
    slope = log_slope_per_s(band, depression_deg, depression_speed_deg_s)
    return -1.0 / slope if slope else math.inf


def direction_factor(airmass: float, azimuth_from_sun_deg: float) -> float:
    """Brightness of a direction over that of the zenith: 10^(0.30 (X-1)), and sunward 10^(0.32 cos(phi)
    (X-1)) more.

    Simplified from the LSST all-sky model: one pair of constants for every band (theirs differ by 0.01-0.03
    dex), no cut at airmass 1.1, used at any depression though valid beyond 11 deg. Airmass 2 is twice as
    bright as the zenith away from the Sun and four times towards it. Raises ValueError for an airmass below
    1 or not finite.
    """
    if not 1.0 <= airmass < math.inf:
        raise ValueError(f"airmass {airmass} does not exist")
    sunward = max(math.cos(math.radians(azimuth_from_sun_deg)), 0.0)
    return float(10.0 ** ((AIRMASS_DEX + SUNWARD_DEX * sunward) * (airmass - 1.0)))


def scattered_rate_e_s(
    rate_mag0_e_s: float,
    band: str,
    depression_deg: float,
    airmass: float = 1.0,
    azimuth_from_sun_deg: float = 180.0,
) -> float:
    """Rate in e-/s/pixel of scattered twilight for a camera that counts `rate_mag0_e_s` at 0 mag/arcsec2.

    Raises ValueError as `zenith_brightness_mag` and `direction_factor`, and for a negative rate.
    """
    if not 0.0 <= rate_mag0_e_s < math.inf:
        raise ValueError(f"rate {rate_mag0_e_s} e-/s must not be negative")
    brightness = 10.0 ** (-0.4 * zenith_brightness_mag(band, depression_deg))
    return float(rate_mag0_e_s * brightness * direction_factor(airmass, azimuth_from_sun_deg))


def twilight_radiance(
    lambda_um: float, depression_deg: float, colour_exponent: float = DEFAULT_COLOUR_EXPONENT
) -> float:
    """Photon radiance of the scattered zenith light, ph/s/m2/um/arcsec2, extrapolated in wavelength from I.

    L = E_sun(lambda) 10^(-0.4 (m_I(h) - m_I,sun)) (0.8 um / lambda)^alpha. No scattered twilight was ever
    measured in L, M or N: alpha is bracketed by 0 and 4. Raises ValueError for a wavelength not above 0.
    """
    ratio = 10.0 ** (-0.4 * (zenith_brightness_mag("I", depression_deg) - SUN_I_MAG))
    return float(_sun_irradiance(lambda_um) * ratio * (I_BAND_UM / lambda_um) ** colour_exponent)


def twilight_share(scattered_e_s: float, thermal_e_s: float) -> float:
    """Share of scattered twilight in the background, 0-1: scattered / (scattered + thermal); 0 without any
    light.

    Raises ValueError for negative rates or NaN.
    """
    if not (scattered_e_s >= 0.0 and thermal_e_s >= 0.0):
        raise ValueError(f"rates must not be negative: scattered {scattered_e_s}, thermal {thermal_e_s} e-/s")
    total = scattered_e_s + thermal_e_s
    return scattered_e_s / total if total > 0.0 else 0.0


def _coefficients(band: str, depression_deg: float) -> tuple[float, float, float]:
    if band not in PATAT:
        raise ValueError(f"no twilight brightness for band {band!r}; there is {', '.join(PATAT)}")
    if not math.isfinite(depression_deg):
        raise ValueError(f"solar depression {depression_deg} deg is not finite")
    return PATAT[band]


def _sun_irradiance(lambda_um: float) -> float:
    """Photons/s/m2/um from the Sun outside the atmosphere: a 5772 K black body of 6.79e-5 sr."""
    if not 0.0 < lambda_um < math.inf:
        raise ValueError(f"wavelength {lambda_um} um is not above 0")
    x = HC_OVER_K_UM_K / (lambda_um * SUN_TEMPERATURE_K)
    # 2 c / lambda^4 in photons/s/um2/um/sr; 1e12 um2 in a m2.
    return 1e12 * SUN_SOLID_ANGLE_SR * 2.0 * LIGHT_SPEED_UM_S / lambda_um**4 / math.expm1(x)
