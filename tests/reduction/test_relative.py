"""Bright against faint pixels: what tells them apart is the light's large scale, not a pixel's own figure."""

from __future__ import annotations

import numpy as np
import pytest

from sequencer.reduction.noise import Figures
from sequencer.reduction.relative import RelativeCheck, relative_check
from sequencer.reduction.stacks import Stack
from sequencer.reduction.statistics import Image

ROWS, COLUMNS = 90, 900
FIGURES = Figures(
    gain_e_adu=4.0, read_noise_e=70.0, full_well_e=1e5, dark_e_s=0.05, bias_adu=0.0, k=0.0, ipc_noise=1.0
)


def checked(response: Image) -> RelativeCheck:
    """The check of two levels of a perfectly linear detector."""
    levels = (5e3, 1.5e4)
    stacks = [Stack(level * response, level, [0], level / 4.0, 1.0, 1.0, {}) for level in levels]
    return relative_check(stacks, response, np.ones(response.shape, bool), FIGURES)


def test_fringes_of_nine_pixels_do_not_tell_bright_from_faint() -> None:
    row, column = np.indices((ROWS, COLUMNS))
    slanted = (0.9 + 0.2 * row / ROWS).astype(np.float32)
    fringed = (slanted + 0.2 * np.sin(2.0 * np.pi * column / 9.0)).astype(np.float32)
    plain, found = checked(slanted), checked(fringed)
    assert abs(found.k) < 0.1 * found.k_error
    assert found.k_error == pytest.approx(plain.k_error, rel=0.05)
