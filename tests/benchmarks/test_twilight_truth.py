"""The benchmark's skies, nights and bounds against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from .twilight import bounds, ours
from .twilight.detector import LIMITS, TARGET_E, TOLERANCE, level_e
from .twilight.nights import USEFUL_SHARE, Night, Scene, flat_dit
from .twilight.score import Bounds, score
from .twilight.sky import EFOLD_S, SUN_SPEED_DEG_S, Clouds, Sky, exponential, log_weather, patat, wandering

FADING = {"dusk": EFOLD_S, "dawn": -EFOLD_S}
NONE = Bounds(1, 1, 1)


def exponential_sky(direction: str = "dusk", floor: float = 0.0, dark: float = 0.0) -> Sky:
    """A sky of 5e4 e-/s at time 0, without unrest."""
    times = np.arange(-2000.0, 2000.0, 0.25)
    law = 5e4 * np.exp(-times / FADING[direction])
    return Sky.made(law, times, np.random.default_rng(1), None, floor, dark).clear()


@pytest.mark.parametrize("direction", FADING)
@pytest.mark.parametrize("start_s", [-30.0, 0.0, 333.3])
def test_the_table_of_a_sky_gives_its_integral(direction: str, start_s: float) -> None:
    tau = FADING[direction]
    collected = exponential_sky(direction).twilight_e(start_s, 17.3)
    true = 5e4 * tau * math.exp(-start_s / tau) * -math.expm1(-17.3 / tau)
    assert collected == pytest.approx(true, rel=2e-6)


def test_the_dit_for_a_signal_collects_it() -> None:
    sky = exponential_sky(floor=2000.0, dark=3.0)
    dit_s = sky.dit_for(700.0, 6e4, 60.0)
    assert sky.twilight_e(700.0, dit_s) + 2003.0 * dit_s == pytest.approx(6e4, rel=1e-6)
    assert sky.dit_for(700.0, 6e4, 5.0) == math.inf


def test_the_laws_fade_as_published() -> None:
    """0.094 dex a minute; V of Patat et al. 1.52 mag/deg at 5 deg of depression and 1.06 at 9."""
    a_minute = exponential(6.0 + 60.0 * SUN_SPEED_DEG_S) - exponential(6.0)
    assert a_minute / math.log(10.0) == pytest.approx(-0.094, abs=5e-4)
    for depression, slope in ((5.0, 1.52), (9.0, 1.06)):
        by_a_degree = (patat(depression + 0.01) - patat(depression - 0.01)) / 0.02
        assert by_a_degree * -2.5 / math.log(10.0) == pytest.approx(slope, abs=0.005)


def test_a_wandering_path_has_unit_sigma_and_its_memory() -> None:
    path = wandering(np.random.default_rng(2), 400_000, 50.0)
    assert path.std() == pytest.approx(1.0, abs=0.05)
    assert np.mean(path[:-50] * path[50:]) == pytest.approx(math.exp(-1.0), abs=0.05)


def test_clouds_only_darken() -> None:
    clouds = Clouds(0.2, 60.0)
    assert log_weather(0.0, -1.0, clouds) == 0.0
    assert log_weather(0.0, 1.5, clouds) == pytest.approx(-0.3)


@pytest.mark.parametrize("overhead_s", [1.0, 5.0, 16.0])
@pytest.mark.parametrize("direction", FADING)
def test_the_most_flats_are_those_of_the_closed_form(direction: str, overhead_s: float) -> None:
    """N = 1 + integral of dt / (e(t) + overhead), the frames at the lower edge of the tolerance."""
    night = Night(Scene("exponential", direction, overhead_s), 4)
    sky = night.sky
    lowest_e = LIMITS.signal_e(0.45)
    useful = (sky.times >= night.first_s) & (sky.times <= night.last_s)
    dits = np.clip(lowest_e / sky.law[useful], LIMITS.min_dit_s, LIMITS.max_dit_s)
    bound = 1.0 + float(np.sum(0.25 / (dits + overhead_s)))
    assert bounds.most_flats(night) == pytest.approx(bound, abs=2.5)


def test_dusk_and_dawn_are_alike() -> None:
    dusk, dawn = (bounds.most_flats(Night(Scene("Patat V", way, 5.0), 7)) for way in ("dusk", "dawn"))
    assert abs(dusk - dawn) <= 1


def test_what_is_useful_begins_and_ends_with_the_last_flat() -> None:
    night = Night(Scene("exponential", "dusk", 5.0, floor=True), 3)
    clear = night.sky.clear()
    for inside, outside in ((night.first_s, night.first_s - 0.2), (night.last_s, night.last_s + 0.2)):
        assert flat_dit(clear, inside) is not None
        assert flat_dit(clear, outside) is None
    last = night.expose(night.last_s, flat_dit(clear, night.last_s) or 0.0)
    assert last.share == pytest.approx(USEFUL_SHARE, abs=0.01)


def test_a_frame_shows_its_level() -> None:
    night = Night(Scene("exponential", "dusk", 5.0), 5)
    dit_s = flat_dit(night.sky, night.first_s + 400.0)
    assert dit_s is not None
    shot = night.expose(night.first_s + 400.0, dit_s)
    assert shot.error == pytest.approx(0.0, abs=1e-4)
    assert level_e(shot.raw) == pytest.approx(0.5e5, rel=2e-3)
    assert np.array_equal(shot.raw, night.expose(night.first_s + 400.0, dit_s).raw)


def test_what_is_counted() -> None:
    """One flat, one probe, one kept though too bright, one left out, one kept after the end."""
    night = Night(Scene("exponential", "dusk", 5.0), 6)
    time_s = night.first_s + 300.0
    dit_s = flat_dit(night.sky, time_s) or 0.0
    shots = [night.expose(time_s, dit_s * factor) for factor in (1.0, 0.5, 1.3, 1.3)]
    shots.append(night.expose(night.last_s + 30.0, LIMITS.max_dit_s))
    shots[1].probe = True
    for index in (0, 2, 4):
        shots[index].kept = True
    counted = score(night, shots, NONE)
    assert (counted.good, counted.wasted, counted.bad_kept, counted.after_end) == (1, 4, 2, 1)
    assert (counted.kept, counted.dits) == (3, 3)
    assert abs(shots[2].error) > TOLERANCE


def test_the_same_seed_is_the_same_night() -> None:
    """Whoever observes: the scores are the same twice."""
    scene = Scene("exponential", "dawn", 16.0, clouds="thick")
    once, again = (ours.observe(Night(scene, 8), ours.Watch()) for _ in range(2))
    assert [(shot.start_s, shot.dit_s, shot.kept) for shot in once] == [
        (shot.start_s, shot.dit_s, shot.kept) for shot in again
    ]
    assert [Night(scene, 8).sky.floor_e_s, Night(scene, 9).sky.floor_e_s] == [0.0, 0.0]
    assert not np.array_equal(Night(scene, 8).sky.cloud, Night(scene, 9).sky.cloud)


def test_a_thermal_night_has_its_floor_in_the_frames() -> None:
    night = Night(Scene("exponential", "dawn", 5.0, floor=True), 2)
    shot = night.expose(night.first_s - 800.0, 20.0)
    floor_e = night.sky.floor_e_s * 20.0
    assert shot.share < 0.1
    assert LIMITS.level_fraction(floor_e) == pytest.approx(shot.level_fraction, rel=0.12)
    assert TARGET_E / 20.0 == pytest.approx(night.sky.floor_e_s, rel=0.7)
