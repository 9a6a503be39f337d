"""What broken electronics make of a frame that was sound: each a function from chips to chips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Chips = Sequence[NDArray[Any]]
Fault = Callable[[Chips], Chips]


def not_numbers(chips: Chips) -> Chips:
    """Every hundredth pixel is no number; only float pixels can be that."""
    return [_with(chip, slice(None, None, 100), np.nan) for chip in chips]


def short(chips: Chips) -> Chips:
    """The last row was lost."""
    return [chip[:-1] for chip in chips]


def without_noise(chips: Chips) -> Chips:
    """Every pixel reads the median: a converter that does not convert."""
    return [np.full_like(chip, np.median(chip)) for chip in chips]


def scrambled(chips: Chips) -> Chips:
    """Bits in disorder: values evenly spread from 0 to twice the median and more, whatever the light was."""
    draw = np.random.default_rng(1)
    return [draw.uniform(0.0, 2.0 * np.median(chip) + 1e4, chip.shape).astype(chip.dtype) for chip in chips]


def shifted(chips: Chips) -> Chips:
    """A bit too far to the left in one pixel of a hundred: more than 16 bits hold."""
    return [_with(chip, slice(None, None, 100), 2.0**17) for chip in chips]


def full_pixels(share: float, full_adu: float) -> Fault:
    """The same pixels of each chip, that share of them, always read `full_adu`."""

    def fault(chips: Chips) -> Chips:
        return [_with(chip, full_index(chip.size, share), full_adu) for chip in chips]

    return fault


def full_index(pixels: int, share: float) -> NDArray[np.intp]:
    """Flat indices of the pixels that `full_pixels` fills."""
    return np.random.default_rng(2).choice(pixels, round(share * pixels), replace=False)


def brighter(factor: float) -> Fault:
    """A gain out of order: all is so many times as bright, with the noise that belongs to it."""

    def fault(chips: Chips) -> Chips:
        draw = np.random.default_rng(3)
        return [
            (factor * chip + np.sqrt(factor * np.abs(chip)) * draw.standard_normal(chip.shape)).astype(chip.dtype)
            for chip in chips
        ]

    return fault


class Stuck:
    """A frame buffer that hands out once more what it holds, bit for bit."""

    def __init__(self) -> None:
        self._held: Chips | None = None

    def __call__(self, chips: Chips) -> Chips:
        """The first frame it was given."""
        self._held = self._held or list(chips)
        return [chip.copy() for chip in self._held]


def _with(chip: NDArray[Any], where: Any, value: float) -> NDArray[Any]:
    spoilt = chip.copy()
    spoilt.reshape(-1)[where] = value
    return spoilt
