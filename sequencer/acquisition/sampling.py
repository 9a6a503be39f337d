"""Which pixels of a frame are looked at: a sparse lattice over what light can reach of a chip. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Chip = NDArray[np.float32] | NDArray[np.uint16]

SAMPLE_PIXELS = 100_000
"""Most pixels taken of a frame. A median of 1e5 pixels is good to 0.4 % of the scatter of one."""
GOLDEN = (3.0 - math.sqrt(5.0)) / 2.0
INNER_SHARE = 0.75
"""Share of the lit area taken when a field stop leaves part of the chip dark: a centred circle that lies
inside a round as well as a square stop (a circle inscribed in a square has 0.785 of its area). Assumed."""


@dataclass(frozen=True, slots=True, eq=False)
class BadPixels:
    """Bad pixels of a whole chip: `bad` (ny, nx), True where nothing a pixel says counts. Equal to itself alone."""

    bad: NDArray[np.bool_]

    def window(self, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """The part that a frame of this shape (ny, nx), a window about the centre, shows."""
        return centred(self.bad, shape)


def centred(pixels: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """The window of this shape (ny, nx) about the centre of pixels (ny, nx); a view."""
    top, left = ((whole - part) // 2 for whole, part in zip(pixels.shape, shape, strict=True))
    return pixels[top : top + shape[0], left : left + shape[1]]


@dataclass(frozen=True, slots=True)
class LitRegion:
    """Which pixels of a chip can see light and tell of it.

    `size_px` (nx, ny) is the whole chip, `border_px` its unlit border (bottom, left, top, right),
    `lit_fraction` the share of the chip a field stop leaves lit, `bad` its bad pixels where they are known. A frame
    smaller than the chip is a window about its centre.
    """

    size_px: tuple[int, int]
    border_px: tuple[int, int, int, int] = (0, 0, 0, 0)
    lit_fraction: float = 1.0
    bad: BadPixels | None = None


@dataclass(frozen=True, slots=True)
class Lattice:
    """Where the sampled pixels lie: every `step`-th pixel of the flattened frame, of these the `kept` ones.

    `y` and `x` are the positions of the kept ones scaled to -1..1 across the frame.
    """

    step: int
    kept: NDArray[np.bool_]
    y: Array
    x: Array


@dataclass(frozen=True, slots=True)
class Sample:
    """Finite sampled pixels of one chip: values in ADU and their positions, -1..1 across the frame."""

    values: Array
    y: Array
    x: Array


def sample(chip: Chip, region: LitRegion, most: int = SAMPLE_PIXELS) -> Sample:
    """At most `most` lit, finite pixels of a chip (ny, nx), evenly spread over all rows and columns."""
    points = lattice(chip.shape, region, most)
    values = chip.reshape(-1)[:: points.step][points.kept].astype(np.float64)
    finite = np.isfinite(values)
    if finite.all():
        return Sample(values, points.y, points.x)
    return Sample(values[finite], points.y[finite], points.x[finite])


@lru_cache(maxsize=16)
def lattice(shape: tuple[int, ...], region: LitRegion, most: int) -> Lattice:
    """The lattice over the lit part of frames of one shape (ny, nx); the same arrays for every frame."""
    rows, columns = shape
    step = lattice_step(rows * columns, columns, most)
    y, x = np.divmod(np.arange(0, rows * columns, step), columns)
    kept = lit(y - (rows - 1) / 2, x - (columns - 1) / 2, region)
    if region.bad is not None:
        kept &= ~region.bad.window(shape)[y, x]
    return Lattice(step, kept, _scaled(y[kept], rows), _scaled(x[kept], columns))


def lattice_step(pixels: int, columns: int, most: int) -> int:
    """Step along the flattened frame that takes at most `most` of `pixels` pixels.

    Of the steps without a common factor with the row length the one is taken that shifts each row against the
    last by nearest to the golden section, so that a star's trail cannot slip between the samples.
    """
    least = max(1, math.ceil(pixels / most))
    steps = [step for step in range(least, 3 * least // 2 + 2) if math.gcd(step, columns) == 1]

    def off_golden(step: int) -> float:
        shift = columns / step % 1.0
        return abs(min(shift, 1.0 - shift) - GOLDEN)

    return 1 if least == 1 else min(steps, key=off_golden, default=least)


def lit(from_centre_y: Array, from_centre_x: Array, region: LitRegion) -> NDArray[np.bool_]:
    """Whether pixels so far from the chip's centre, in pixels, can see light."""
    nx, ny = region.size_px
    bottom, left, top, right = region.border_px
    half_y, half_x = (ny - 1) / 2, (nx - 1) / 2
    inside = (from_centre_y >= bottom - half_y) & (from_centre_y <= half_y - top)
    inside &= (from_centre_x >= left - half_x) & (from_centre_x <= half_x - right)
    if region.lit_fraction < 1.0:
        inside &= from_centre_y**2 + from_centre_x**2 <= INNER_SHARE * region.lit_fraction * nx * ny / math.pi
    return np.asarray(inside)


def _scaled(position: NDArray[np.int_], size: int) -> Array:
    return 2.0 * position / max(1, size - 1) - 1.0
