import math

import pytest
from astropy import constants, units
from astropy.modeling.physical_models import BlackBody
from hypothesis import given
from hypothesis import strategies as st

from sequencer.sky import ThermalBand, planck_ratio, thermal_rate_e_s

LP = ThermalBand(3.816, 2.006e5, 3.646e4, 0.845)
MP = ThermalBand(4.756, 8.27e5, 7.44e5, 0.43)
PUBLISHED_LP = {1.0: 2.3678e5, 1.2: 2.4308e5, 1.5: 2.5216e5, 2.0: 2.6634e5, 2.5: 2.7946e5}


@given(st.floats(1.0, 20.0), st.floats(200.0, 320.0))
def test_the_ratio_is_that_of_astropys_black_body(wavelength, temperature):
    wave = wavelength * units.um
    expected = BlackBody(temperature * units.K)(wave) / BlackBody(280.15 * units.K)(wave)
    assert planck_ratio(wavelength, temperature) == pytest.approx(float(expected), rel=1e-9)


def test_the_reference_temperature_changes_nothing_and_can_be_chosen():
    assert planck_ratio(3.8, 280.15) == 1.0
    assert planck_ratio(3.8, 300.0, 270.0) == pytest.approx(
        planck_ratio(3.8, 300.0) / planck_ratio(3.8, 270.0)
    )


def test_short_wavelengths_do_not_overflow():
    assert planck_ratio(0.05, 281.0) == pytest.approx(
        math.exp(
            (constants.h * constants.c / constants.k_B).to_value(units.um * units.K)
            / 0.05
            * (1 / 280.15 - 1 / 281)
        )
    )


@pytest.mark.parametrize(("airmass", "rate"), PUBLISHED_LP.items())
def test_lp_follows_the_published_rates(airmass, rate):
    """The published fit is good to 0.36 % rms."""
    assert thermal_rate_e_s(LP, airmass) == pytest.approx(rate, rel=0.006)
    assert LP.rate_e_s(airmass) == thermal_rate_e_s(LP, airmass)


@pytest.mark.parametrize(("band", "telescope"), [(LP, 3.98), (MP, 2.0)])
def test_a_warmer_telescope_glows_by_the_published_per_cent_per_kelvin(band, telescope):
    """At airmass 1.2, within 3 %; the telescope alone."""
    change = thermal_rate_e_s(band, 1.2, 280.25) / thermal_rate_e_s(band, 1.2) - 1.0
    assert 1000.0 * change == pytest.approx(telescope, rel=0.03)


def test_telescope_and_sky_have_temperatures_of_their_own():
    telescope = 2.006e5 * planck_ratio(3.816, 285.0)
    sky = 3.646e4 * 2.0**0.845 * planck_ratio(3.816, 270.0)
    assert thermal_rate_e_s(LP, 2.0, 285.0, 270.0) == pytest.approx(telescope + sky, rel=1e-12)
    assert LP.rate_e_s(2.0, 275.0) == thermal_rate_e_s(LP, 2.0, 275.0, 275.0)
    assert LP.rate_e_s() == pytest.approx(2.006e5 + 3.646e4)


@pytest.mark.parametrize(
    "call",
    [
        lambda: planck_ratio(0.0, 280.0),
        lambda: planck_ratio(3.8, 0.0),
        lambda: planck_ratio(3.8, math.nan),
        lambda: planck_ratio(3.8, 280.0, -1.0),
        lambda: planck_ratio(math.inf, 280.0),
        lambda: ThermalBand(0.0, 1.0, 1.0, 1.0),
        lambda: ThermalBand(math.inf, 1.0, 1.0, 1.0),
        lambda: ThermalBand(3.8, -1.0, 1.0, 1.0),
        lambda: ThermalBand(3.8, 1.0, math.nan, 1.0),
        lambda: ThermalBand(3.8, 1.0, math.inf, 1.0),
        lambda: ThermalBand(3.8, 1.0, 1.0, math.nan),
        lambda: thermal_rate_e_s(LP, 0.99),
        lambda: thermal_rate_e_s(LP, math.nan),
        lambda: thermal_rate_e_s(LP, math.inf),
    ],
)
def test_hostile_input_is_refused(call):
    with pytest.raises(ValueError, match=r"no black body|not a thermal band|does not exist"):
        call()


def test_a_band_without_sky_or_telescope_is_a_band():
    assert ThermalBand(0.5, 0.0, 0.5, 1.0).rate_e_s(2.0) == 1.0
    assert ThermalBand(3.8, 0.0, 5.0, 1.0).rate_e_s(2.0) == 10.0
    assert ThermalBand(3.8, 5.0, 0.0, 1.0).rate_e_s(2.0) == 5.0


@pytest.mark.parametrize(("lambda_um", "warms"), [(0.55, False), (2.2, False), (2.4, True), (3.8, True)])
def test_airglow_does_not_warm_up_with_the_air(lambda_um, warms):
    band = ThermalBand(lambda_um, 0.0, 5.0, 1.0)
    assert thermal_rate_e_s(band, 2.0, sky_k=280.15) == pytest.approx(10.0)
    assert (thermal_rate_e_s(band, 2.0, sky_k=290.0) > 10.0) is warms
