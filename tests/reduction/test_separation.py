"""The flat of the sky under a thermal floor: exact in closed form, as good as light allows in drawn twilights."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.reduction import Separation, separate
from sequencer.reduction.mixture import Mixture

SIZE = 64
FULL_E = 5e4
"""Level that is aimed at: half of a full well of 1e5 e-."""
X, Y = np.meshgrid(np.linspace(-1.0, 1.0, SIZE), np.linspace(-1.0, 1.0, SIZE))


def illuminations(seed: int = 3, tilt: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """Flat of the sky, and that of a floor which falls by `tilt` from edge to edge; medians 1."""
    response = 1.0 + 0.01 * np.random.default_rng(seed).standard_normal((SIZE, SIZE))
    sky = response * (1.0 - 0.03 * (X**2 + Y**2))
    floor = sky * (1.0 + 0.5 * tilt * X)
    return sky / np.median(sky), floor / np.median(floor)


def twilight(floor_e_s: float, overhead_s: float = 5.0, tau_s: float = 251.0) -> tuple[np.ndarray, ...]:
    """Mean sky rate, floor and DIT of every frame of a constant level in a fading sky, 0.04 to 30 s."""
    start_s, sky, dits = 0.0, [], []
    while (rate := 1.2e5 * math.exp(-start_s / tau_s)) > 0.05 * floor_e_s:
        dit_s = FULL_E / (rate + floor_e_s)
        if dit_s > 30.0:
            break
        sky.append(rate * tau_s / dit_s * (1.0 - math.exp(-dit_s / tau_s)))
        dits.append(dit_s)
        start_s += dit_s + overhead_s
    return np.array(sky), np.full(len(sky), floor_e_s), np.array(dits)


def drawn(sky: np.ndarray, floor: np.ndarray, dits: np.ndarray, seed: int) -> np.ndarray:
    """Rates (frames, ny, nx) with shot noise and a read noise of 10 e-."""
    s, h = illuminations()
    rng = np.random.default_rng(seed)
    electrons = [rng.poisson((a * s + b * h) * dit) for a, b, dit in zip(sky, floor, dits, strict=True)]
    return (np.array(electrons) + rng.normal(0.0, 10.0, (len(sky), SIZE, SIZE))) / dits[:, None, None]


def exact(sky: np.ndarray, floor: np.ndarray) -> np.ndarray:
    s, h = illuminations()
    return sky[:, None, None] * s + floor[:, None, None] * h


def rms(found: np.ndarray) -> float:
    """Relative difference to the flat of the sky."""
    return float(np.std(found / illuminations()[0]))


@settings(max_examples=25, deadline=None)
@given(st.integers(3, 30), st.floats(0.1, 0.9), st.floats(-0.5, 0.5), st.floats(0.2, 5.0))
def test_without_noise_it_is_exact_whatever_the_floors_scale(
    n: int, most: float, tilt: float, scale: float
) -> None:
    """p / L = s + a (h - s): a factor in all floors stretches the axis of a, its zero stays."""
    s, h = illuminations(tilt=tilt)
    share = np.linspace(0.02, most, n)
    level = np.linspace(900.0, 100.0, n)
    rates = level[:, None, None] * ((1.0 - share)[:, None, None] * s + share[:, None, None] * h)
    floor = scale * share * level
    found = separate(rates, level - floor, floor)
    assert found.separated
    assert found.sky == pytest.approx(s, rel=2e-5)
    if scale == 1.0:
        assert found.floor == pytest.approx(h, rel=2e-5)
    assert not found.left_out.any()


def test_both_flats_come_out() -> None:
    s, h = illuminations()
    sky, floor, _ = twilight(800.0)
    found = separate(exact(sky, floor), sky, floor)
    assert found.sky == pytest.approx(s, abs=1e-4)
    assert found.floor == pytest.approx(h, abs=1e-4)


@pytest.mark.parametrize("dawn", [False, True])
@pytest.mark.parametrize(("floor_e_s", "overhead_s"), [(400.0, 5.0), (1500.0, 5.0), (800.0, 16.0)])
def test_a_drawn_twilight_gives_the_sky_to_0_15_percent(
    dawn: bool, floor_e_s: float, overhead_s: float
) -> None:
    """What the peers do, the median of normalised frames, is wrong by the floor's tilt."""
    sky, floor, dits = (one[::-1] if dawn else one for one in twilight(floor_e_s, overhead_s))
    rates = drawn(sky, floor, dits, seed=int(floor_e_s) + dawn)
    level = np.median(rates, axis=(1, 2))
    found = separate(rates, level - floor, floor)
    assert found.separated and found.mixed
    assert rms(found.sky) < 0.0015
    assert rms(found.sky) < 0.7 * rms(np.median(rates / level[:, None, None], axis=0))
    pulls = (found.sky - illuminations()[0]) / found.sky_error
    assert float(np.std(pulls)) == pytest.approx(1.0, abs=0.05)
    assert found.noise == pytest.approx(float(np.std(found.sky - illuminations()[0])), rel=0.05)


def test_the_noise_is_that_of_the_least_squares() -> None:
    """Relative errors e of equal size in all frames: var(s) = e^2 sum(a^2) / (n sum(a^2) - sum(a)^2)."""
    share = np.linspace(0.0, 0.8, 40)
    s, h = illuminations()
    rng = np.random.default_rng(8)
    clean = (1.0 - share)[:, None, None] * s + share[:, None, None] * h
    found = separate(clean + 0.004 * rng.standard_normal(clean.shape), 1.0 - share, share)
    variance = np.sum(share**2) / (40 * np.sum(share**2) - np.sum(share) ** 2)
    assert found.noise == pytest.approx(0.004 * math.sqrt(variance), rel=0.03)
    assert float(np.std(found.sky - s)) == pytest.approx(0.004 * math.sqrt(variance), rel=0.03)
    assert float(np.sum(found.frame_shares**2)) == pytest.approx(variance, rel=1e-3)
    assert Mixture.of(1.0 - share, share).extrapolation == pytest.approx(math.sqrt(40 * variance))


def test_weights_count() -> None:
    """Frames known to be noisy do no harm; taken for good ones they do."""
    sky, floor, dits = twilight(800.0)
    rates = drawn(sky, floor, dits, 5)
    noisy = np.arange(len(sky)) % 2 == 0
    rng = np.random.default_rng(6)
    rates += (
        np.where(noisy, 0.05, 0.0)[:, None, None]
        * (sky + floor)[:, None, None]
        * rng.standard_normal(rates.shape)
    )
    variance = np.square(sky + floor) * (1.0 / FULL_E + np.where(noisy, 0.05**2, 0.0))
    weighted = separate(rates, sky, floor, weights=1.0 / variance)
    assert rms(weighted.sky) < 0.3 * rms(separate(rates, sky, floor).sky)
    assert rms(weighted.sky) < 0.0015


@pytest.mark.parametrize("number", [0, 20, -1])
def test_a_star_and_cosmic_rays_leave_nothing(number: int) -> None:
    """Also in the frame of the longest lever, where a hit pulls the fit to itself."""
    sky, floor, dits = twilight(800.0)
    rates = drawn(sky, floor, dits, 7)
    clean = separate(rates, sky, floor)
    hit = rates.copy()
    hit[number, 20:26, 30:36] += 0.3 * (sky + floor)[number]
    hit[10, 5, 5] += 40.0 * sky[10]
    hit[11, 5, 5] -= 0.2 * sky[11]
    found = separate(hit, sky, floor)
    assert found.left_out[20:26, 30:36].min() >= 1
    assert found.left_out[5, 5] == 2
    spot = np.abs(found.sky - clean.sky)[20:26, 30:36]
    assert spot.max() < 3.0 * found.noise
    assert abs(found.sky - clean.sky)[5, 5] < 3.0 * found.noise
    elsewhere = np.ones((SIZE, SIZE), bool)
    elsewhere[20:26, 30:36] = elsewhere[5, 5] = False
    assert found.sky[elsewhere] == pytest.approx(clean.sky[elsewhere], abs=1e-5)
    assert int(found.left_out[elsewhere].sum()) == int(clean.left_out[elsewhere].sum())


def test_a_hit_where_few_frames_hold_the_lever_is_found_by_its_own_frame() -> None:
    """Two frames carry the floor: a hit in one shows a small residual there, large only against its leverage."""
    share = np.array([0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.75, 0.85])
    s, h = illuminations()
    rates = (1.0 - share)[:, None, None] * s + share[:, None, None] * h
    rates = rates + 0.001 * np.random.default_rng(4).standard_normal(rates.shape)
    clean = separate(rates, 1.0 - share, share)
    assert clean.noise == pytest.approx(float(np.std(clean.sky - s)), rel=0.05)
    rates[-1, 20:30, 20:30] += 0.012
    found = separate(rates, 1.0 - share, share)
    assert float(np.mean(found.left_out[20:30, 20:30] == 1)) > 0.9
    shift = (found.floor - clean.floor)[20:30, 20:30]
    assert float(np.median(np.abs(shift))) < 0.0015


def test_a_faint_corner_has_the_photon_noise_of_its_light() -> None:
    sky, floor, dits = twilight(800.0)
    rates = drawn(sky, floor, dits, 10)
    faint = np.zeros((SIZE, SIZE), bool)
    faint[:, :16] = True
    rng = np.random.default_rng(11)
    electrons = rates[:, faint] * dits[:, None]
    rates[:, faint] = rng.binomial(np.maximum(electrons, 0).round().astype(int), 0.3) / dits[:, None]
    found = separate(rates, sky, floor, lit=~faint)
    truth = 0.3 * illuminations()[0]
    pulls = (found.sky - truth)[faint] / found.sky_error[faint]
    assert float(np.std(pulls)) == pytest.approx(1.0, abs=0.08)


def test_pixels_without_values_use_what_there_is() -> None:
    sky, floor, dits = twilight(800.0)
    rates = drawn(sky, floor, dits, 9)
    rates[:30, 12, 12] = np.nan
    rates[:, 13, 13] = np.nan
    found = separate(rates, sky, floor)
    assert found.left_out[12, 12] == 30
    assert found.sky[12, 12] == pytest.approx(
        illuminations()[0][12, 12], abs=5.0 * float(found.sky_error[12, 12])
    )
    assert found.sky_error[12, 12] > 1.2 * found.noise
    assert np.isnan(found.sky[13, 13]) and np.isinf(found.sky_error[13, 13])


def test_shares_that_hardly_change_cannot_separate() -> None:
    s, h = illuminations()
    share = np.linspace(0.50, 0.52, 20)
    rates = (1.0 - share)[:, None, None] * s + share[:, None, None] * h
    found = separate(rates, 1.0 - share, share)
    assert (found.separated, found.mixed) == (False, True)
    assert found.floor_shares == pytest.approx(share)
    assert "not separated: floor 50.0 to 52.0 % of the light in 20 frames" in found.reason
    both = 0.49 * s + 0.51 * h
    assert found.sky == pytest.approx(both / np.median(both), rel=1e-4)
    assert np.array_equal(found.sky, found.floor)


def test_too_much_noise_is_a_reason_too() -> None:
    share = np.linspace(0.3, 0.7, 4)
    s, h = illuminations()
    rates = (1.0 - share)[:, None, None] * s + share[:, None, None] * h
    rates = rates + 0.01 * np.random.default_rng(2).standard_normal(rates.shape)
    found = separate(rates, 1.0 - share, share)
    assert (found.separated, found.mixed) == (False, True)
    assert "a pixel would have 1." in found.reason
    assert found.noise == pytest.approx(0.005, rel=0.15)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.004, "floor up to 0.40 % of the light"),
        (0.9999, "sky up to 0.01 % of the light: a flat of the floor"),
    ],
)
def test_one_light_alone_needs_no_separation(share: float, words: str) -> None:
    s, _ = illuminations()
    level = np.linspace(100.0, 900.0, 8)
    found = separate(level[:, None, None] * s, (1.0 - share) * level, share * level)
    assert (found.separated, found.mixed) == (False, False)
    assert found.sky == pytest.approx(s, rel=1e-5)
    assert words in found.reason


def test_unlit_pixels_decide_nothing() -> None:
    sky, floor, dits = twilight(800.0)
    rates = drawn(sky, floor, dits, 11)
    lit = np.ones((SIZE, SIZE), bool)
    lit[:, :20] = False
    dark = rates.copy()
    dark[:, ~lit] = 0.0
    found, whole = separate(dark, sky, floor, lit=lit), separate(rates, sky, floor, lit=lit)
    assert found.sky[lit] == pytest.approx(whole.sky[lit], rel=1e-5)
    assert float(np.median(found.sky[lit])) == pytest.approx(1.0, abs=1e-6)


def test_pixels_may_come_as_a_list() -> None:
    sky, floor, dits = twilight(800.0)
    rates = drawn(sky, floor, dits, 12)
    image: Separation = separate(rates, sky, floor)
    flat = separate(rates.reshape(len(rates), -1), sky, floor)
    assert flat.sky.reshape(SIZE, SIZE) == pytest.approx(image.sky, rel=1e-5)


@pytest.mark.parametrize(
    ("shape", "sky", "floor", "weights", "words"),
    [
        ((1, 4, 4), [1.0], [1.0], None, "it takes two frames"),
        ((3, 4, 4), [1.0, 1.0], [1.0, 1.0], None, "2 levels for 3 frames"),
        ((2, 4, 4), [1.0, -1.0], [1.0, 1.0], None, "not positive"),
        ((2, 4, 4), [1.0, math.nan], [1.0, 1.0], None, "not positive"),
        ((2, 4, 4), [1.0, 1.0], [1.0, 1.0], [1.0, 0.0], "not positive"),
        ((2, 4, 4), [1.0, 1.0], [1.0, 1.0], [1.0], "weights"),
        ((2,), [1.0, 1.0], [1.0, 1.0], None, "lit pixels"),
    ],
)
def test_what_makes_no_sense_is_refused(
    shape: tuple[int, ...], sky: list[float], floor: list[float], weights: list[float] | None, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        separate(np.ones(shape), sky, floor, weights)


def test_no_lit_pixel_is_refused() -> None:
    with pytest.raises(ValueError, match="0 lit pixels"):
        separate(np.ones((3, 4, 4)), [1.0] * 3, [1.0, 2.0, 3.0], lit=np.zeros((4, 4), bool))
