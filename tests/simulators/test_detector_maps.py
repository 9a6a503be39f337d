"""The truth about the pixels: as scattered, vignetted, hot and dead as the night's configuration says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from conftest import MakeWorld
from scipy.ndimage import convolve

from simulators.detector.gauss import fill_normal
from simulators.detector.response import couple, measured, saturation_charge
from simulators.keyed import keyed_generator, log_uniform


def test_the_response_scatters_as_configured(make_world: MakeWorld) -> None:
    maps = make_world(response_sigma=0.02).maps["LM"].chip(0)
    ordinary = maps.response[maps.lit & ~maps.dead]
    assert ordinary.std() == pytest.approx(0.02, rel=0.02)
    assert ordinary.mean() == pytest.approx(1.0, abs=0.0005)


def test_reference_pixels_see_neither_light_nor_dark_current(make_world: MakeWorld) -> None:
    maps = make_world().maps["LM"].chip(0)
    border = np.ones((256, 256), dtype=bool)
    border[8:-8, 8:-8] = False
    assert np.array_equal(~maps.lit, border)
    assert not maps.response[border].any()
    assert not maps.dark_e_s[border].any()


def test_bad_pixels_are_as_many_as_configured_and_half_of_them_hot(make_world: MakeWorld) -> None:
    maps = make_world(bad_pixel_fraction=0.02).maps["LM"].chip(0)
    count = 240 * 240
    for kind in (maps.hot, maps.dead):
        assert kind.sum() == pytest.approx(0.01 * count, abs=5 * math.sqrt(0.01 * count))
    hot_only = maps.hot & ~maps.dead
    assert maps.response[maps.dead].max() <= 0.5
    in_a_dit = maps.dark_e_s[hot_only] * 0.04 / 70.0
    assert in_a_dit.min() >= 3.0
    assert in_a_dit.max() <= 30.1
    assert np.all(maps.dark_e_s[maps.lit & ~maps.hot] == np.float32(0.05))


def test_a_perfect_detector_has_no_bad_pixels(make_world: MakeWorld) -> None:
    truth = make_world(bad_pixel_fraction=0.0).truth
    assert not truth.bad("LM").any()
    assert truth.good("LM").sum() == 238 * 238


def test_a_bad_pixel_spoils_its_neighbours_for_the_truth(make_world: MakeWorld) -> None:
    truth = make_world(bad_pixel_fraction=0.001).truth
    bad = np.argwhere(truth.bad("LM"))
    assert len(bad) > 10
    y, x = bad[0]
    assert not truth.good("LM")[y - 1 : y + 2, x - 1 : x + 2].any()


def test_vignetting_darkens_the_corners_by_what_is_configured(make_world: MakeWorld) -> None:
    """Corner against centre: 1 - v; the filter's own gradient cancels between opposite corners."""
    flat = make_world(vignetting=0.1, response_sigma=0.0, bad_pixel_fraction=0.0).maps["LM"].flat(0, "Lp")
    centre = flat[120:136, 120:136].mean()
    corners = np.mean([flat[8, 8], flat[8, -9], flat[-9, 8], flat[-9, -9]])
    r2 = (119.5 / 128.0) ** 2
    assert corners / centre == pytest.approx(1 - 0.1 * r2 / (1 + 0.1 / 3), abs=0.001)
    assert flat[8:-8, 8:-8].mean() == pytest.approx(1.0, abs=0.02)


def test_each_filter_has_its_own_gradient(make_world: MakeWorld) -> None:
    maps = make_world(vignetting=0.1).maps["LM"]
    bright = maps.chip(0).response > 0.9
    ratio = maps.flat(0, "Lp")[bright] / maps.flat(0, "Mp")[bright]
    assert 0.001 < ratio.std() < 0.02


def test_a_field_stop_lights_its_share_of_the_detector(make_world: MakeWorld) -> None:
    world = make_world("metis-sim")
    lit = world.truth.lit("N")
    assert lit[8:-8, 8:-8].sum() / 256**2 == pytest.approx(0.63, abs=0.005)
    assert lit[128, 128]
    assert not lit[12, 12]


def test_the_same_seed_has_the_same_pixels_and_another_has_not(make_world: MakeWorld) -> None:
    one, same, other = (make_world(seed=seed).truth.expected_flat("LM", "Lp") for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert abs(np.corrcoef(one[16:-16, 16:-16].ravel(), other[16:-16, 16:-16].ravel())[0, 1]) < 0.5


def test_the_expected_flat_is_coupled_and_normalised(make_world: MakeWorld) -> None:
    world = make_world()
    expected = world.truth.expected_flat("LM", "Lp")
    kernel = np.array([[0.002, 0.02, 0.002], [0.02, 0.912, 0.02], [0.002, 0.02, 0.002]])
    plain = convolve(world.maps["LM"].flat(0, "Lp").astype(float), kernel, mode="nearest")
    good = world.truth.good("LM")
    assert expected[good] == pytest.approx(plain[good] / np.median(plain[good]), rel=1e-5)
    assert np.median(expected[good]) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("shape", [(5, 7), (64, 3), (65, 70), (200, 130)])
def test_coupling_is_a_convolution(shape: tuple[int, int]) -> None:
    signal = np.random.default_rng(1).uniform(0, 1e5, shape).astype(np.float32)
    kernel = np.array([[0.003, 0.02, 0.003], [0.02, 0.908, 0.02], [0.003, 0.02, 0.003]])
    exact = convolve(signal.astype(float), kernel, mode="nearest")
    assert couple(signal, 0.02, 0.003) == pytest.approx(exact, rel=1e-5)


def test_without_coupling_the_signal_stays_as_it_is() -> None:
    signal = np.ones((4, 4), dtype=np.float32)
    assert couple(signal, 0.0, 0.0) is signal


def test_the_saturation_charge_reads_as_the_full_well() -> None:
    for k in (0.0, 0.01, 0.03, 0.25):
        charge = np.array([saturation_charge(k, 1e5)], dtype=np.float32)
        measured(charge, k, 1e5)
        assert charge[0] == pytest.approx(1e5, rel=1e-6)


@pytest.mark.parametrize("k", [-0.01, 0.26, math.nan])
def test_a_curve_that_never_reaches_the_full_well_is_refused(k: float) -> None:
    with pytest.raises(ValueError, match="non-linearity"):
        saturation_charge(k, 1e5)


def test_normal_deviates_are_normal_far_into_the_tails() -> None:
    from scipy.stats import norm

    draws = np.empty((2048, 2048), dtype=np.float32)
    fill_normal(draws, keyed_generator(1, "normal"))
    count = draws.size
    assert draws.mean(dtype=float) == pytest.approx(0.0, abs=4 / math.sqrt(count))
    assert draws.var(dtype=float) == pytest.approx(1.0, abs=4 * math.sqrt(2 / count))
    for x in (-4.5, -4.0, -3.0, -1.0, 0.0, 0.5, 2.0, 4.0, 4.5):
        expected = norm.cdf(x)
        spread = 4 * math.sqrt(expected * (1 - expected) / count)
        assert np.mean(draws < x) == pytest.approx(expected, abs=spread + 1 / count)
    assert abs(np.corrcoef(draws.ravel()[:-1], draws.ravel()[1:])[0, 1]) < 4 / math.sqrt(count)


def test_odd_sizes_are_filled_to_the_last_pixel() -> None:
    draws = np.full(7, 99.0, dtype=np.float32)
    fill_normal(draws, keyed_generator(1, "few"))
    assert np.abs(draws).max() < 10.0


def test_keys_tell_generators_apart() -> None:
    same, again, other = (keyed_generator(1, *key).random() for key in (("LM", 1), ("LM", 1), ("LM1",)))
    assert same == again
    assert same != other


def test_log_uniform_draws_spread_evenly_in_the_logarithm() -> None:
    draws = log_uniform(keyed_generator(1, "log"), (0.01, 100.0), 20000)
    assert draws.min() >= 0.01
    assert draws.max() <= 100.0
    assert np.mean(draws < 1.0) == pytest.approx(0.5, abs=0.015)
    assert np.mean(draws < 0.1) == pytest.approx(0.25, abs=0.015)
