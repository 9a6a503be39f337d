"""A MEGARA frame: geometry, amplifiers, bias, Poisson dark, cosmic rays, and the light a leak lets in."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from conftest import DAWN_S, MakeWorld
from numpy.typing import NDArray

from sequencer.config.load import load_instrument
from sequencer.config.models import NightConfig
from simulators.detector.ccd import CcdMaps, ccd_frame, ccd_maps, light_e_s
from simulators.detector.cosmic import add_cosmic_rays
from simulators.detector.develop import Exposed
from simulators.keyed import keyed_generator

CONFIG = load_instrument("megara").detectors["MEGARA"]
MODE = CONFIG.modes["SLOW"]
CLEAN = CcdMaps(np.empty(0, dtype=np.int64), np.empty(0))
GAINS = (1.73, 1.60)
FIRST = (slice(0, 2056), slice(50, 4146))
SECOND = (slice(2156, 4212), slice(50, 4146))


def frame(exposure_s: float, light_e: float = 0.0, rays: float = 0.0, key: str = "x") -> NDArray[np.uint16]:
    return ccd_frame(CLEAN, MODE, exposure_s, light_e, rays, 1, (key,))


@pytest.fixture(scope="module")
def bias() -> NDArray[np.uint16]:
    return frame(0.0)


@pytest.fixture(scope="module")
def long_dark() -> NDArray[np.uint16]:
    return frame(36000.0)


def overscan_subtracted(raw: NDArray[np.uint16]) -> NDArray[np.float64]:
    """Per amplifier: minus the mean of each overscan row, smoothed by a parabola over the rows."""
    halves = []
    for rows, columns in ((slice(0, 2056), slice(4146, 4196)), (slice(2156, 4212), slice(0, 50))):
        level = raw[rows, columns].mean(axis=1)
        where = np.arange(len(level))
        halves.append(raw[rows, 50:4146] - np.polyval(np.polyfit(where, level, 2), where)[:, None])
    return np.concatenate(halves)


def test_the_frame_is_the_size_and_type_of_the_raw_one(bias: NDArray[np.uint16]) -> None:
    assert bias.shape == (4212, 4196)
    assert bias.dtype == np.uint16


def test_a_bias_is_flat_at_its_level_with_the_read_noise_of_each_amplifier(bias: NDArray[np.uint16]) -> None:
    for region, gain in zip((FIRST, SECOND), GAINS, strict=True):
        pixels = bias[region].astype(float)
        assert pixels.mean() == pytest.approx(1000.0, abs=6.0)
        noise = math.sqrt((3.4 / gain) ** 2 + 1 / 12)
        rows = pixels - pixels.mean(axis=1, keepdims=True)
        assert rows.std() == pytest.approx(noise, rel=0.002)


def test_dark_current_is_in_the_image_and_nowhere_else(long_dark: NDArray[np.uint16]) -> None:
    """36000 s at 0.00056 e-/s: 20.2 e-, in ADU of each amplifier; prescan, overscan and middle rows have none."""
    dark = overscan_subtracted(long_dark)
    for half, gain in zip((dark[:2056], dark[2056:]), GAINS, strict=True):
        assert half.mean() == pytest.approx(20.16 / gain, abs=0.05)
    overscan, prescan = long_dark[0:2056, 4146:4196], long_dark[0:2056, 0:50]
    assert prescan.mean() == pytest.approx(overscan.mean(), abs=0.1)
    middle = long_dark[2060:2100, 50:4146].mean() - long_dark[2060:2100, 4146:4196].mean()
    assert middle == pytest.approx(0.0, abs=0.2)


def test_the_dark_is_poisson(long_dark: NDArray[np.uint16]) -> None:
    dark = overscan_subtracted(long_dark)[:2056] * 1.73
    assert dark.var() == pytest.approx(20.16 + 3.4**2 + 1.73**2 / 12, rel=0.005)


def test_light_brightens_one_side_more_than_the_other() -> None:
    lit = overscan_subtracted(frame(10.0, light_e=100.0))[:2056] * 1.73
    assert lit[:, 2046:2050].mean() == pytest.approx(100.0, rel=0.01)
    assert lit[:, :100].mean() / lit[:, -100:].mean() == pytest.approx(1.488 / 0.512, rel=0.02)


def test_it_saturates_at_the_full_well() -> None:
    bright = frame(10.0, light_e=1e6)
    assert bright[FIRST].mean() == pytest.approx(1000 + 52000 / 1.73, abs=10)
    assert bright[SECOND].mean() == pytest.approx(1000 + 52000 / 1.60, abs=10)


def test_nothing_wraps_around_above_the_adc() -> None:
    deep = msgspec.structs.replace(MODE, full_well_e=1e6)
    assert ccd_frame(CLEAN, deep, 1.0, 1e6, 0.0, 1, ("x",))[FIRST].min() == 65535


def test_cosmic_rays_come_at_the_configured_rate() -> None:
    charge = np.zeros((1000, 1000), dtype=np.float32)
    count = add_cosmic_rays(charge, 400.0, keyed_generator(1, "rays"))
    assert count == pytest.approx(400, abs=4 * 20)
    hit = charge[charge > 0]
    assert 3 * count < len(hit) < 9 * count
    assert hit.mean() == pytest.approx(800.0, rel=0.15)


def test_no_time_no_cosmic_rays() -> None:
    charge = np.zeros((10, 10), dtype=np.float32)
    assert add_cosmic_rays(charge, 0.0, keyed_generator(1, "rays")) == 0
    assert not charge.any()


def test_an_hour_of_dark_shows_the_rays_of_an_hour() -> None:
    bright = frame(3600.0, rays=0.02) > 1100
    area_cm2 = 4112 * 4096 * 0.0015**2
    assert bright.sum() == pytest.approx(0.02 * area_cm2 * 3600 * 6, rel=0.25)


def test_hot_pixels_grow_with_time() -> None:
    maps = ccd_maps(CONFIG, NightConfig(bad_pixel_fraction=0.001), 1)
    assert len(maps.hot_index) == pytest.approx(0.001 * 4112 * 4096, rel=0.05)
    assert (maps.hot_e_s.min() >= 0.01, maps.hot_e_s.max() <= 1.0) == (True, True)
    dark = overscan_subtracted(ccd_frame(maps, MODE, 1000.0, 0.0, 0.0, 1, ("h",)))
    excess = dark[:2056].ravel()[maps.hot_index[maps.hot_index < 2056 * 4096]] * 1.73
    assert excess.mean() == pytest.approx(1000 * maps.hot_e_s.mean(), rel=0.1)


def test_closed_covers_leak_a_little() -> None:
    assert light_e_s(1.0, 1.0) == 20.0
    assert light_e_s(0.5, 1.0) == 10.0
    assert light_e_s(0.0, 1.0) == pytest.approx(2e-3)
    assert light_e_s(0.0, 0.0) == pytest.approx(2e-7)


def test_the_world_makes_the_same_frame_twice(make_world: MakeWorld) -> None:
    frames = []
    for _ in range(2):
        world = make_world("megara-sim")
        world.begin(DAWN_S)
        light = world.light("MEGARA", DAWN_S, DAWN_S + 100.0, 1, "SLOW")
        (raw,) = world.develop("MEGARA", Exposed("d-1", 100.0, 1, "SLOW", (4196, 4212)), light)
        frames.append(raw)
    assert np.array_equal(frames[0], frames[1])
    assert overscan_subtracted(frames[0])[:2056].mean() == pytest.approx(
        0.056 / 1.73 + 0.2 * 0.1 / 1.73, abs=0.3
    )
