"""Levels, spreads, masks and large scales of images."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import uniform_filter

from sequencer.reduction.statistics import (
    bands,
    block_means,
    box_mean,
    interior,
    level,
    lit_area,
    sigma,
    stride,
)


def test_sigma_and_level_ignore_outliers() -> None:
    values = np.random.default_rng(2).normal(100.0, 3.0, 40000)
    values[:400] = 5000.0
    assert sigma(values) == pytest.approx(3.0, rel=0.03)
    assert level(values) == pytest.approx(100.0, abs=0.06)
    assert level(values, clip=1e6) > 148.0


def test_level_of_whole_numbers_is_finer_than_one() -> None:
    values = np.round(np.random.default_rng(2).normal(100.3, 3.0, 100000))
    assert level(values) == pytest.approx(100.3, abs=0.05)


def test_level_of_equal_values_and_of_none() -> None:
    assert level(np.full(7, 3.0)) == 3.0
    assert math.isnan(level(np.array([])))
    assert sigma(np.array([])) == 0.0


@given(st.integers(1, 300), st.integers(1, 40), st.integers(1, 60), st.integers(100, 4000))
def test_bands_cover_all_rows_once_within_the_limit(ny: int, nx: int, frames: int, limit: int) -> None:
    found = list(bands((ny, nx), frames, limit))
    assert [row for band in found for row in range(band.start, band.stop)] == list(range(ny))
    assert all(
        (band.stop - band.start) * nx * frames * 4 <= limit or band.stop - band.start == 1 for band in found
    )


def test_stride_leaves_enough_pixels() -> None:
    assert stride((512, 512)) == 1
    assert stride((2048, 2048)) == 4
    assert stride((10, 10)) == 1


def test_interior_cuts_bottom_left_top_right() -> None:
    mask = interior((10, 12), (1, 2, 3, 4))
    assert mask.sum() == 6 * 6
    assert mask[1, 2] and mask[6, 7]
    assert not mask[0, 5] and not mask[7, 5] and not mask[5, 1] and not mask[5, 8]


def test_box_mean_is_a_running_mean_of_good_pixels() -> None:
    image = np.random.default_rng(1).normal(size=(40, 50)).astype(np.float32)
    good = np.ones(image.shape, bool)
    assert box_mean(image, good, 9)[4:-4, 4:-4] == pytest.approx(
        uniform_filter(image, 9)[4:-4, 4:-4], abs=1e-5
    )
    image[20, 20], good[20, 20] = np.nan, False
    assert np.isfinite(box_mean(image, good, 9)).all()
    assert box_mean(image, good, 9)[0, 0] == pytest.approx(image[:5, :5].mean(), rel=1e-5)
    assert np.isnan(box_mean(image, np.zeros(image.shape, bool), 9)).all()


def test_block_means_count_the_good_pixels() -> None:
    image = np.arange(64.0, dtype=np.float32).reshape(8, 8)
    good = np.ones((8, 8), bool)
    good[:4, :4] = False
    good[0, 0] = True
    means, counts = block_means(image, good, 2)
    assert counts.tolist() == [[1, 16], [16, 16]]
    assert means[0, 0] == 0.0
    assert means[1, 1] == image[4:, 4:].mean()
    assert np.isnan(block_means(image, np.zeros((8, 8), bool), 2)[0]).all()


def test_lit_area_is_the_field_stop_with_dead_pixels_and_without_the_border() -> None:
    y, x = np.mgrid[:200, :180]
    inside = (y - 100) ** 2 + (x - 90) ** 2 < 80**2
    image = np.where(inside, 1000.0, 3.0).astype(np.float32)
    image[100, 90] = 0.0
    lit = lit_area(image, (30, 4, 4, 4))
    assert lit[100, 90]
    assert not lit[:30].any()
    expected = inside & interior(image.shape, (30, 4, 4, 4))
    assert not (lit & ~expected).any()
    assert lit.sum() > 0.85 * expected.sum()


def test_lit_area_of_an_evenly_lit_frame_is_the_interior() -> None:
    image = np.random.default_rng(1).normal(1000, 20, (100, 130)).astype(np.float32)
    assert np.array_equal(lit_area(image, (4, 5, 6, 7)), interior(image.shape, (4, 5, 6, 7)))
