"""The night's unknowns: drawn from the seed, functions of time alone, with the statistics they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sequencer.clock import parse_utc
from sequencer.config.models import NightConfig
from simulators.world.night import Night

MIDNIGHT_S = parse_utc("2027-03-20T00:00:00")


def test_zero_points_are_lognormal_and_strongly_correlated_between_filters() -> None:
    nights = [Night(NightConfig(zero_point_sigma=0.3), seed, 0.0) for seed in range(400)]
    logs = np.log(
        [[n.zero_point("LM", "Lp"), n.zero_point("LM", "Mp"), n.zero_point("N", "N1")] for n in nights]
    )
    assert logs.mean(axis=0) == pytest.approx(0.0, abs=4 * 0.3 / 20)
    assert logs.std(axis=0) == pytest.approx(0.3, rel=4 / math.sqrt(800))
    correlation = np.corrcoef(logs.T)
    assert correlation[0, 1] == pytest.approx(0.95, abs=0.03)
    assert correlation[0, 2] == pytest.approx(0.95, abs=0.03)


def test_the_same_seed_is_the_same_night() -> None:
    one, other = (Night(NightConfig(), 7, 0.0) for _ in range(2))
    assert one.zero_point("LM", "Lp") == other.zero_point("LM", "Lp")
    assert one.twilight_scale() == other.twilight_scale()
    assert one.sky_noise(123.4) == other.sky_noise(123.4)
    assert one.zero_point("LM", "Lp") != Night(NightConfig(), 8, 0.0).zero_point("LM", "Lp")


def test_sky_noise_does_not_depend_on_the_order_of_questions() -> None:
    times = [1e9 + 37.0 * i for i in range(200)]
    forward = [Night(NightConfig(), 3, 0.0).sky_noise(t) for t in times]
    night = Night(NightConfig(), 3, 0.0)
    backward = [night.sky_noise(t) for t in reversed(times)]
    assert forward == backward[::-1]


def test_sky_noise_is_an_ornstein_uhlenbeck_process() -> None:
    config = NightConfig(sky_noise_sigma=0.01, sky_noise_s=100.0)
    step_s, count = 25.0, 40000
    night = Night(config, 5, 0.0)
    noise = np.array([night.sky_noise(step_s * i) for i in range(count)])
    correlated = count * step_s / (2 * config.sky_noise_s)
    assert noise.std() == pytest.approx(0.01, rel=4 / math.sqrt(2 * correlated))
    for lag in (1, 4, 8):
        found = np.mean(noise[lag:] * noise[:-lag]) / noise.var()
        assert found == pytest.approx(math.exp(-lag * step_s / 100.0), abs=4 / math.sqrt(correlated))


def test_sky_noise_is_continuous_where_one_block_of_nodes_meets_the_next() -> None:
    night = Night(NightConfig(sky_noise_sigma=1.0, sky_noise_s=16.0), 5, 0.0)
    joints = [256.0 * block for block in range(1, 200)]
    steps = [night.sky_noise(t + 1e-6) - night.sky_noise(t - 1e-6) for t in joints]
    assert np.abs(steps).max() < 1e-4


def test_the_air_cools_steadily_from_noon_to_noon() -> None:
    night = Night(NightConfig(ambient_k=280.0, cooling_k_h=0.5), 1, 0.0)
    assert night.ambient_k(MIDNIGHT_S) == pytest.approx(280.0)
    assert night.ambient_k(MIDNIGHT_S + 4 * 3600) == pytest.approx(278.0)
    assert night.ambient_k(MIDNIGHT_S - 4 * 3600) == pytest.approx(282.0)


def test_midnight_is_the_sites_own() -> None:
    night = Night(NightConfig(ambient_k=280.0, cooling_k_h=0.5), 1, -75.0)
    assert night.ambient_k(MIDNIGHT_S + 5 * 3600) == pytest.approx(280.0)


def test_the_twilight_scale_is_lognormal() -> None:
    config = NightConfig(twilight_scale_sigma=0.15)
    logs = np.log([Night(config, seed, 0.0).twilight_scale() for seed in range(400)])
    assert logs.std() == pytest.approx(0.15, rel=4 / math.sqrt(800))
