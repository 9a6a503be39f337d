"""Priors follow the instrument's table, and in the optical the Sun."""

from __future__ import annotations

import math

import pytest

from sequencer.config import load_instrument
from sequencer.observing.planning.priors import rate_prior
from sequencer.sky import ThermalBand, scattered_rate_e_s

METIS_LP = load_instrument("metis").cameras["LM"].filters["Lp"]
OPTICAM_V = load_instrument("opticam").cameras["CCD"].filters["V"]


def setting_sun(time_s: float) -> float:
    """Altitude at dusk, 0.2 deg a minute from -5 deg."""
    return -5.0 - 0.2 * time_s / 60.0


def test_a_thermal_filter_has_the_rate_of_the_table_and_no_twilight() -> None:
    prior = rate_prior(METIS_LP, setting_sun, relative_sigma=0.3, scale=0.5)
    band = ThermalBand(3.816, 200600, 36460, 0.845)
    assert prior.rate_e_s(2.0, 275.0) == pytest.approx(0.5 * band.rate_e_s(2.0, 275.0))
    assert prior.log_shape is None
    assert prior.floor_e_s == 0.0


@pytest.mark.parametrize("minutes", [0.0, 3.0, 12.0])
@pytest.mark.parametrize("begin_s", [0.0, 240.0])
def test_an_optical_filter_follows_the_sun(minutes: float, begin_s: float) -> None:
    prior = rate_prior(OPTICAM_V, setting_sun, relative_sigma=0.3, time_s=begin_s, azimuth_from_sun_deg=100.0)
    at_s = 60.0 * minutes
    assert prior.log_shape is not None
    rate = prior.rate_e_s(1.5, None) * math.exp(prior.log_shape(at_s))
    assert rate == pytest.approx(scattered_rate_e_s(2.49e9, "V", 5.0 + 0.2 * minutes, 1.5, 100.0))


def test_the_airglow_is_a_floor_known_roughly() -> None:
    prior = rate_prior(OPTICAM_V, setting_sun, relative_sigma=0.3, scale=2.0)
    assert callable(prior.floor_e_s)
    assert prior.floor_e_s(1.0, None) == pytest.approx(2.0 * 5.2)
    assert prior.floor_sigma == 0.3
