"""Predicted rates and levels against closed forms written out here."""

from __future__ import annotations

import math

import pytest

from sequencer.config import load_instrument
from sequencer.observing.prediction import (
    detector_limits,
    predicted_level,
    predicted_rate_e_s,
)

METIS = load_instrument("metis")
OPTICAM = load_instrument("opticam")
LP = METIS.cameras["LM"].filters["Lp"]
FAST = detector_limits(METIS.detectors["LM"], METIS.detectors["LM"].modes["fast"])


def test_the_thermal_rate_is_telescope_plus_sky_at_its_airmass_whatever_the_sun():
    assert predicted_rate_e_s(LP, 2.0, -12) == pytest.approx(200600 + 36460 * 2.0**0.845, rel=1e-9)
    assert predicted_rate_e_s(LP, 2.0, -3) == predicted_rate_e_s(LP, 2.0, -18)


def test_the_optical_rate_adds_the_twilight_of_the_zenith():
    item = OPTICAM.cameras["CCD"].filters["V"]
    for depression, magnitude in ((5.0, 11.84), (7.0, 11.84 + 2 * 1.518 - 4 * 0.057)):
        wanted = 5.2 * 1.2 + 2.49e9 * 10 ** (-0.4 * magnitude)
        assert predicted_rate_e_s(item, 1.2, -depression) == pytest.approx(wanted, rel=1e-6)


def test_a_level_has_dark_and_nonlinearity():
    detector = METIS.detectors["N"]
    limits = detector_limits(detector, detector.modes["high_capacity"])
    signal = (5e7 + 1e5) * 0.03
    assert predicted_level(0.03, 5e7, limits) == pytest.approx(
        signal / 2.8e6 * (1 - 0.03 * signal / 2.8e6), rel=1e-9
    )


def test_a_level_stays_at_full_well():
    assert predicted_level(0.04, 1e9, FAST) == 1.0
    assert predicted_level(1.0, 1e30, FAST) == 1.0


def test_limits_are_those_of_detector_and_mode():
    assert (FAST.full_well_e, FAST.min_dit_s, FAST.max_dit_s) == (1e5, 0.04, 3600)
    assert (FAST.read_noise_e, FAST.linearity_k, FAST.dark_rate_e_s, FAST.dit_grid_s) == (
        70,
        0.03,
        0.05,
        0.0001,
    )
    megara = load_instrument("megara").detectors["MEGARA"]
    bias = detector_limits(megara, megara.modes["SLOW"])
    assert bias.min_dit_s == 0.001
    assert math.isfinite(bias.max_dit_s)
