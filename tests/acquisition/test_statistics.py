"""Levels of synthetic frames whose truth is known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.acquisition import Levels, LitRegion, measure
from sequencer.acquisition.sampling import SAMPLE_PIXELS, lattice_step, lit, sample
from sequencer.acquisition.statistics import percentile

SIZE = (512, 512)
BORDER = (64, 32, 16, 8)


def levels(*chips: Any, region: LitRegion | None = None, **changes: float) -> Levels:
    figures = {"bias_adu": 0.0, "gain_e_adu": 4.0, "full_well_e": 1e5, **changes}
    one = region or LitRegion((chips[0].shape[1], chips[0].shape[0]))
    return measure(list(chips), [one] * len(chips), **figures)


def sky(level: float = 12500.0, sigma: float = 25.0, size: tuple[int, int] = SIZE) -> Any:
    """A flat sky; the same noise at every call, whichever tests run."""
    return np.random.default_rng(11).normal(level, sigma, size).astype(np.float32)


def vignetted(size: tuple[int, int] = SIZE) -> Any:
    y, x = np.mgrid[-1 : 1 : size[0] * 1j, -1 : 1 : size[1] * 1j]
    return 1.0 - 0.05 * (x**2 + y**2) + 0.02 * x


def test_level_is_the_median_above_bias_in_electrons() -> None:
    measured = levels(sky(13500.0), bias_adu=1000.0)
    # the median of n pixels scatters by 1.25 sigma / sqrt(n)
    assert measured.median_adu == pytest.approx(12500.0, abs=5 * 1.25 * 25 / math.sqrt(50_000))
    assert measured.level_e == 4.0 * measured.median_adu
    assert measured.rms_adu == pytest.approx(25.0, rel=0.02)
    assert measured.p99_e == pytest.approx(4.0 * (12500 + 2.326 * 25), abs=10)
    assert measured.saturated_share == 0.0
    assert measured.starry_share < 1e-4
    assert measured.measured


def test_unsigned_pixels_count_like_floats() -> None:
    pixels = sky(13500.0).round()
    assert levels(pixels.astype(np.uint16), bias_adu=1000.0) == levels(pixels, bias_adu=1000.0)


def test_a_dark_around_zero_is_not_cut_off_below() -> None:
    measured = levels(sky(0.0, 17.5))
    assert measured.median_adu == pytest.approx(0.0, abs=0.5)
    assert measured.rms_adu == pytest.approx(17.5, rel=0.02)


def test_the_unlit_border_does_not_count() -> None:
    pixels = np.full(SIZE, -1e4, np.float32)
    bottom, left, top, right = BORDER
    pixels[bottom : SIZE[0] - top, left : SIZE[1] - right] = sky()[
        bottom : SIZE[0] - top, left : SIZE[1] - right
    ]
    measured = levels(pixels, region=LitRegion(SIZE, BORDER))
    assert measured.median_adu == pytest.approx(12500.0, abs=1)
    assert measured.rms_adu == pytest.approx(25.0, rel=0.02)


def test_the_border_is_exactly_the_one_given() -> None:
    ny, nx = 20, 30
    y, x = np.mgrid[:ny, :nx].astype(float)
    inside = lit(y - (ny - 1) / 2, x - (nx - 1) / 2, LitRegion((nx, ny), (1, 2, 3, 4)))
    expected = np.zeros((ny, nx), bool)
    expected[1 : ny - 3, 2 : nx - 4] = True
    assert np.array_equal(inside, expected)


def test_a_window_about_the_centre_has_no_border() -> None:
    window = sky(size=(128, 128))
    whole = LitRegion((512, 512), (64, 64, 64, 64))
    assert sample(window, whole).values.size == window.size
    wide = sky(size=(128, 512))
    assert sample(wide, whole, most=10**9).values.size == 128 * (512 - 128)


def test_a_field_stop_leaves_a_circle_that_lies_inside_a_round_and_a_square_stop() -> None:
    size = 400
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    inside = lit(y, x, LitRegion((size, size), lit_fraction=0.63))
    assert inside.mean() == pytest.approx(0.75 * 0.63, abs=0.005)
    square = np.maximum(np.abs(y), np.abs(x)) <= size / 2 * math.sqrt(0.63)
    circle = y**2 + x**2 <= 0.63 * size**2 / math.pi
    assert np.all(square[inside])
    assert np.all(circle[inside])
    for stop in (square, circle):
        frame = np.where(stop, sky(size=(size, size)), np.float32(3.0)).astype(np.float32)
        measured = levels(frame, region=LitRegion((size, size), lit_fraction=0.63))
        assert measured.median_adu == pytest.approx(12500.0, abs=1)


def test_saturated_pixels_are_counted_from_95_percent_of_the_well() -> None:
    pixels = np.full(SIZE, 100.0, np.float32)
    pixels[:128] = 23750.0 + 1000.0
    assert levels(pixels, bias_adu=1000.0).saturated_share == pytest.approx(0.25, abs=0.005)
    pixels[:128] = np.nextafter(np.float32(24750.0), np.float32(0))
    assert levels(pixels, bias_adu=1000.0).saturated_share == 0.0


@pytest.mark.parametrize("axis", [0, 1])
def test_a_star_trail_is_seen_whichever_way_it_runs(axis: int) -> None:
    for at in range(100, 120):
        pixels = (sky() * vignetted()).astype(np.float32)
        np.moveaxis(pixels, axis, 0)[at : at + 3] += 1000.0
        assert levels(pixels).starry_share == pytest.approx(3 / 512, rel=0.1)


def test_a_diagonal_trail_is_seen_at_full_size() -> None:
    pixels = sky(size=(2048, 2048))
    rows = np.arange(2048)
    for shift in range(4):
        pixels[rows, (rows + shift) % 2048] += 1000.0
    assert levels(pixels).starry_share == pytest.approx(4 / 2048, rel=0.3)


def test_vignetting_and_gradients_are_not_stars_and_not_noise() -> None:
    measured = levels((sky() * vignetted()).astype(np.float32))
    assert measured.starry_share < 1e-5
    assert measured.rms_adu == pytest.approx(25.0, rel=0.05)


def test_faint_excess_under_five_sigma_is_not_a_star() -> None:
    flat = sky()
    for sigma, starry in ((2.0, False), (12.0, True)):
        pixels = flat.copy()
        pixels[::4, ::5] += np.float32(sigma * 25.0)
        assert (levels(pixels).starry_share > 0.02) is starry


@pytest.mark.parametrize(("sigma", "starry"), [(4.6, 0.0), (5.4, 1 / 64)])
def test_a_star_begins_at_five_sigma(sigma: float, starry: float) -> None:
    # uniform noise within +-1: the median absolute deviation is 1/2, no pixel reaches 5 sigma by chance
    pixels = np.random.default_rng(3).uniform(-1, 1, SIZE)
    pixels[::8, ::8] = sigma * 1.4826 / 2
    found = levels(pixels.astype(np.float32))
    assert found.starry_share == pytest.approx(starry, rel=0.05)


def test_many_stars_do_not_lift_the_background() -> None:
    pixels = sky()
    clean = levels(pixels)
    pixels[np.random.default_rng(12).random(SIZE) < 0.05] += 5000.0
    measured = levels(pixels)
    assert measured.median_adu == pytest.approx(clean.median_adu, abs=3)
    assert measured.starry_share == pytest.approx(0.05, abs=0.005)
    assert measured.rms_adu == pytest.approx(25.0, rel=0.1)


def test_pixels_that_are_no_numbers_are_left_out() -> None:
    pixels = sky()
    pixels[::3] = np.nan
    pixels[1::3, ::7] = np.inf
    pixels[2::3, ::7] = -np.inf
    measured = levels(pixels)
    assert measured.median_adu == pytest.approx(12500.0, abs=1)
    assert measured.rms_adu == pytest.approx(25.0, rel=0.03)
    assert measured.saturated_share == 0.0


@pytest.mark.parametrize(
    "chips",
    [
        [],
        [np.empty((0, 0), np.float32)],
        [np.full((64, 64), np.nan, np.float32)],
        [np.zeros((4, 4), np.float32)],
    ],
)
def test_without_a_lit_pixel_nothing_is_measured(chips: list[Any]) -> None:
    measured = measure(
        chips, [LitRegion((4, 4), (2, 2, 2, 2))] * len(chips), bias_adu=0.0, gain_e_adu=4.0, full_well_e=1e5
    )
    assert not measured.measured
    figures = set(Levels.__slots__) - {"pixels", "repeats"}
    assert all(math.isnan(getattr(measured, name)) for name in figures)
    assert measured.pixels == 0


def test_one_pixel_is_enough() -> None:
    measured = levels(np.full((1, 1), 7.0, np.float32))
    assert (measured.median_adu, measured.level_e, measured.p99_e) == (7.0, 28.0, 28.0)
    assert (measured.rms_adu, measured.starry_share) == (0.0, 0.0)


def test_chips_count_together() -> None:
    measured = levels(sky(1000.0), sky(1000.0), sky(1000.0), sky(9000.0))
    assert measured.median_adu == pytest.approx(1000.0, abs=30)
    assert measured.p99_e == pytest.approx(4 * 9000, rel=0.02)
    assert measured.rms_adu == pytest.approx(25.0, rel=0.02), "each chip has a background of its own"


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0.0, 1.0))
def test_percentile_is_the_nearest_rank(values: list[float], share: float) -> None:
    found = percentile(np.array(values), share)
    ordered = sorted(values)
    assert found == ordered[max(0, math.ceil(share * len(values)) - 1)]


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_the_lattice_takes_at_most_what_it_may_and_not_much_less(rows: int, columns: int) -> None:
    step = lattice_step(rows * columns, columns, SAMPLE_PIXELS)
    assert math.ceil(rows * columns / step) <= SAMPLE_PIXELS
    assert rows * columns / step > SAMPLE_PIXELS / 3 or step == 1
    if rows * columns <= SAMPLE_PIXELS:
        assert step == 1
        return
    least = math.ceil(rows * columns / SAMPLE_PIXELS)
    golden = 0.6180339887498949
    shifts = {
        other: min(abs(columns % other / other - share) for share in (golden, 1 - golden))
        for other in range(least, least + least // 2 + 2)
        if math.gcd(other, columns) == 1
    }
    assert shifts.get(step, 1.0) == pytest.approx(min(shifts.values(), default=1.0), abs=1e-9)


@pytest.mark.parametrize("shape", [(2048, 2048), (4212, 4196), (512, 512), (1024, 2048)])
def test_real_detectors_are_sampled_evenly_over_neighbouring_rows(shape: tuple[int, int]) -> None:
    rows, columns = shape
    step = lattice_step(rows * columns, columns, SAMPLE_PIXELS)
    shift = columns / step % 1.0
    assert 0.34 < min(shift, 1 - shift) < 0.42, (
        "each row is shifted against the last by about the golden section"
    )
    assert math.ceil(rows * columns / step) <= SAMPLE_PIXELS
