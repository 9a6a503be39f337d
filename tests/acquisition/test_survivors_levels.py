"""Levels of small, odd and partly dark frames are as right as those of large ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sequencer.acquisition import LitRegion, measure

FIGURES = {"bias_adu": 0.0, "gain_e_adu": 4.0, "full_well_e": 1e5}


def gradient(ny: int, nx: int) -> Any:
    """Noise of 10 ADU on a slope of 1000 ADU from side to side."""
    noise = np.random.default_rng(7).normal(5000.0, 10.0, (ny, nx))
    return (noise + np.linspace(-500.0, 500.0, nx)).astype(np.float32)


@pytest.mark.parametrize("size", [(48, 48), (49, 49), (97, 95)])
def test_a_slope_is_no_noise_from_48_pixels_on(size: tuple[int, int]) -> None:
    """16 pixels in each of 12 x 12 blocks are enough; a pixel in the very centre is like any other."""
    found = measure([gradient(*size)], [LitRegion((size[1], size[0]))], **FIGURES)
    assert found.rms_adu == pytest.approx(10.0, rel=0.15)
    assert found.median_adu == pytest.approx(5000.0, abs=30)


def test_a_smaller_frame_has_a_level_and_its_slope_counts_as_noise() -> None:
    found = measure([gradient(24, 24)], [LitRegion((24, 24))], **FIGURES)
    assert found.rms_adu > 200.0
    assert found.median_adu == pytest.approx(5000.0, abs=60)


def test_a_chip_without_light_leaves_the_others_their_level() -> None:
    chips = [gradient(64, 64), np.full((64, 64), np.nan, np.float32)]
    alone = measure(chips[:1], [LitRegion((64, 64))], **FIGURES)
    assert measure(chips, [LitRegion((64, 64))] * 2, **FIGURES) == alone
    assert measure(chips[::-1], [LitRegion((64, 64))] * 2, **FIGURES) == alone
