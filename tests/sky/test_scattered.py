import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.sky import (
    brightness_slope_mag_deg,
    direction_factor,
    log_slope_per_s,
    scattered_rate_e_s,
    twilight_radiance,
    twilight_share,
    twilight_tau_s,
    zenith_brightness_mag,
)

PUBLISHED = {
    "U": ((11.8, 13.1, 16.7, 19.5), (1.38, 1.30, 1.06, 0.83)),
    "B": ((11.8, 13.2, 16.8, 19.7), (1.41, 1.33, 1.08, 0.84)),
    "V": ((11.8, 13.3, 17.0, 19.7), (1.52, 1.40, 1.06, 0.72)),
    "R": ((11.4, 12.9, 16.6, 19.2), (1.57, 1.44, 1.05, 0.67)),
    "I": ((10.9, 12.3, 15.8, 18.2), (1.47, 1.35, 0.97, 0.60)),
}
bands = st.sampled_from("UBVRI")


@pytest.mark.parametrize("band", PUBLISHED)
def test_brightness_and_slope_are_the_published_ones(band):
    """Patat et al. 2006 at depressions of 5, 6, 9 and 12 deg; magnitudes printed to 0.1, slopes to 0.01."""
    magnitudes, slopes = PUBLISHED[band]
    for depression, magnitude, slope in zip((5.0, 6.0, 9.0, 12.0), magnitudes, slopes, strict=True):
        assert zenith_brightness_mag(band, depression) == pytest.approx(magnitude, abs=0.061)
        assert brightness_slope_mag_deg(band, depression) == pytest.approx(slope, abs=0.0101)


def test_exact_values_in_v():
    assert zenith_brightness_mag("V", 5.0) == 11.84
    assert zenith_brightness_mag("V", 7.0) == pytest.approx(11.84 + 2 * 1.518 - 4 * 0.057)
    assert zenith_brightness_mag("V", 0.0) == pytest.approx(11.84 - 5 * 1.518 - 25 * 0.057)
    assert zenith_brightness_mag("V", 15.0) == pytest.approx(11.84 + 10 * 1.518 - 100 * 0.057)
    assert zenith_brightness_mag("V", 18.0) == pytest.approx(zenith_brightness_mag("V", 15.0) + 3 * 0.378)


@given(bands, st.floats(-10.0, 40.0), st.floats(0.001, 5.0))
def test_the_sky_never_brightens_as_the_sun_sinks(band, depression, further):
    before, after = (zenith_brightness_mag(band, h) for h in (depression, depression + further))
    assert after >= before


@given(bands, st.floats(0.0, 30.0))
def test_the_slope_is_the_derivative(band, depression):
    step = 1e-4
    mean = (zenith_brightness_mag(band, depression + step) - zenith_brightness_mag(band, depression)) / step
    assert brightness_slope_mag_deg(band, depression) == pytest.approx(mean, abs=1e-4)


def test_by_day_nothing_changes():
    assert zenith_brightness_mag("V", -3.0) == zenith_brightness_mag("V", 0.0)
    assert brightness_slope_mag_deg("V", -0.001) == 0.0
    assert brightness_slope_mag_deg("V", 0.0) > 2.0
    assert twilight_tau_s("V", -3.0, 0.0038) == math.inf


def test_v_fades_by_a_third_of_a_magnitude_a_minute_at_6_deg():
    """0.32 mag/min at equinox: tau = 1.0857 / 0.32 minutes; negative at dawn."""
    speed = 0.227 / 60.0
    tau = twilight_tau_s("V", 6.0, speed)
    assert tau == pytest.approx(60.0 * 1.0857 / (1.404 * 0.227), rel=1e-3)
    assert twilight_tau_s("V", 6.0, -speed) == -tau
    assert log_slope_per_s("V", 6.0, speed) == pytest.approx(-1.0 / tau)
    rate = [10.0 ** (-0.4 * zenith_brightness_mag("V", h)) for h in (6.0, 6.0 + 1e-4)]
    assert log_slope_per_s("V", 6.0, speed) == pytest.approx(
        math.log(rate[1] / rate[0]) / (1e-4 / speed), rel=1e-3
    )


def test_airmass_two_is_twice_as_bright_away_from_the_sun_and_four_times_towards_it():
    assert direction_factor(1.0, 0.0) == 1.0
    assert direction_factor(2.0, 180.0) == pytest.approx(10.0**0.30)
    assert direction_factor(2.0, 90.0) == pytest.approx(10.0**0.30)
    assert direction_factor(2.0, 0.0) == pytest.approx(10.0**0.62)
    assert direction_factor(1.5, -60.0) == pytest.approx(10.0 ** (0.5 * (0.30 + 0.16)))
    assert direction_factor(1.5, 300.0) == pytest.approx(direction_factor(1.5, 60.0))


def test_a_camera_counts_by_magnitude_and_direction():
    expected = 1e9 * 10.0 ** (-0.4 * zenith_brightness_mag("R", 8.0))
    assert scattered_rate_e_s(1e9, "R", 8.0) == pytest.approx(expected)
    assert scattered_rate_e_s(1e9, "R", 8.0, 2.0) == pytest.approx(expected * 10.0**0.30)
    assert scattered_rate_e_s(1e9, "R", 8.0, 2.0, 0.0) == pytest.approx(expected * 10.0**0.62)
    assert scattered_rate_e_s(0.0, "R", 8.0) == 0.0


def test_the_colour_law_passes_through_i_and_follows_its_exponent():
    """At 0.8 um the radiance is the Sun's photons times the measured sky/Sun ratio, whatever alpha."""
    photons = 1e12 * 6.79e-5 * 2.0 * 2.99792458e14 / 0.8**4 / math.expm1(14387.768775 / (0.8 * 5772.0))
    expected = photons * 10.0 ** (-0.4 * (zenith_brightness_mag("I", 6.0) + 27.56))
    for alpha in (0.0, 2.0, 4.0):
        assert twilight_radiance(0.8, 6.0, alpha) == pytest.approx(expected, rel=1e-12)
    assert twilight_radiance(1.6, 6.0, 0.0) == pytest.approx(4.0 * twilight_radiance(1.6, 6.0, 2.0))
    assert twilight_radiance(1.6, 6.0) == twilight_radiance(1.6, 6.0, 2.0)


def test_the_sun_sends_as_many_photons_as_measured_in_the_visible():
    """0.55 um: 1.87 W/m2/nm outside the atmosphere (ASTM E490) are 5.2e21 photons/s/m2/um."""
    sky_over_sun = 10.0 ** (-0.4 * (zenith_brightness_mag("I", 6.0) + 27.56))
    assert twilight_radiance(0.55, 6.0, 0.0) / sky_over_sun == pytest.approx(5.2e21, rel=0.1)


@pytest.mark.parametrize(
    ("wavelength", "depression", "share"), [(3.816, 6.0, 2.9e-5), (3.816, 9.0, 1.2e-6), (3.289, 6.0, 1.6e-4)]
)
def test_metis_sees_next_to_no_twilight(wavelength, depression, share):
    """Published shares of scattered light, to 25 % with one throughput of 0.42 for both filters."""
    thermal, width = {3.816: (2.4308e5, 0.57), 3.289: (61174.0, 0.42)}[wavelength]
    scattered = twilight_radiance(wavelength, depression) * 975.2 * 2.99e-5 * width * 0.42
    assert twilight_share(scattered, thermal) == pytest.approx(share, rel=0.25)


@given(st.floats(0.0, 1e12), st.floats(1e-3, 1e12))
def test_the_share_is_a_share(scattered, thermal):
    share = twilight_share(scattered, thermal)
    assert 0.0 <= share <= 1.0
    assert share * (scattered + thermal) == pytest.approx(scattered)


def test_without_light_the_share_is_zero():
    assert twilight_share(0.0, 0.0) == 0.0
    assert twilight_share(3.0, 0.0) == 1.0


@pytest.mark.parametrize(
    "call",
    [
        lambda: zenith_brightness_mag("K", 6.0),
        lambda: zenith_brightness_mag("V", math.nan),
        lambda: brightness_slope_mag_deg("V", math.inf),
        lambda: direction_factor(0.99, 0.0),
        lambda: direction_factor(math.nan, 0.0),
        lambda: direction_factor(math.inf, 0.0),
        lambda: twilight_radiance(0.0, 6.0),
        lambda: twilight_radiance(math.nan, 6.0),
        lambda: twilight_radiance(math.inf, 6.0),
        lambda: twilight_share(-1.0, 1.0),
        lambda: twilight_share(1.0, -1.0),
        lambda: twilight_share(math.nan, 1.0),
        lambda: scattered_rate_e_s(-1.0, "V", 6.0),
        lambda: scattered_rate_e_s(math.nan, "V", 6.0),
        lambda: scattered_rate_e_s(math.inf, "V", 6.0),
    ],
)
def test_hostile_input_is_refused(call):
    with pytest.raises(ValueError, match=r"twilight brightness|not finite|exist|wavelength|negative"):
        call()
