"""Stars in the field: the same patch of sky always has the same stars."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulators.keyed import keyed_generator
from simulators.world.pointing import SIDEREAL_DEG_S

Floats = NDArray[np.float64]

STARS_PER_DEG2 = 50.0
COUNT_SLOPE = 0.37
FAINTEST_MAG = 15.0
"""N(<m) = 50 x 10^(0.37 (m - 12)) per square degree in every band, a high galactic latitude; fainter stars than
these are part of the background. Assumed."""

SEEING_ARCSEC = 0.7
"""Full width at half maximum of a star without adaptive optics; assumed."""

CELL_DEG = 0.05


@dataclass(frozen=True)
class StarImage:
    """A star on a detector: pixels from the centre at mid-exposure, trail along x, and its electrons."""

    x_px: float
    y_px: float
    trail_px: float
    electrons: float


class StarField:
    """All the stars of the sky, drawn cell by cell from the seed when a field looks at them."""

    def __init__(self, seed: int, density: float) -> None:
        self.seed = seed
        self.density = density
        self._cell = lru_cache(maxsize=512)(self._draw_cell)

    def within(
        self, ra_deg: float, dec_deg: float, half_x_deg: float, half_y_deg: float, brighter_than_mag: float
    ) -> Floats:
        """Stars in a rectangle, (n, 3): x (against right ascension), y in deg from the centre, magnitude."""
        rows = range(
            math.floor((dec_deg - half_y_deg) / CELL_DEG), math.floor((dec_deg + half_y_deg) / CELL_DEG) + 1
        )
        found = [self._row(row, ra_deg, half_x_deg) for row in rows]
        ra, dec, mag = np.concatenate([np.empty((0, 3)), *found]).T
        x = -((ra - ra_deg + 180.0) % 360.0 - 180.0) * np.cos(np.radians(dec))
        y = dec - dec_deg
        inside = (np.abs(x) <= half_x_deg) & (np.abs(y) <= half_y_deg) & (mag < brighter_than_mag)
        stars: Floats = np.stack([x, y, mag], axis=1)[inside]
        return stars

    def images(
        self,
        centre_deg: tuple[float, float],
        size_px: tuple[int, int],
        scale_arcsec: float,
        trail_s: float,
        mag0_electrons: float,
        faintest_electrons: float,
    ) -> list[StarImage]:
        """Stars that fall on a detector, with `trail_s` seconds of drift (0: tracking) about mid-exposure.

        Stars whose peak pixel gets fewer than `faintest_electrons` are left out.
        """
        ra_deg, dec_deg = centre_deg
        trail_px = SIDEREAL_DEG_S * 3600.0 * trail_s * math.cos(math.radians(dec_deg)) / scale_arcsec
        faintest = _limit(mag0_electrons * _peak_share(scale_arcsec, trail_px), faintest_electrons)
        margin_px = 4.0 * SEEING_ARCSEC / scale_arcsec
        half_x = (size_px[0] / 2 + trail_px / 2 + margin_px) * scale_arcsec / 3600.0
        half_y = (size_px[1] / 2 + margin_px) * scale_arcsec / 3600.0
        stars = self.within(ra_deg, dec_deg, half_x, half_y, faintest)
        per_px = 3600.0 / scale_arcsec
        return [
            StarImage(x * per_px, y * per_px, trail_px, mag0_electrons * 10.0 ** (-0.4 * m))
            for x, y, m in stars
        ]

    def _row(self, row: int, ra_deg: float, half_x_deg: float) -> Floats:
        cosine = max(math.cos(math.radians(row * CELL_DEG)), 1e-3)
        cells = max(round(360.0 * cosine / CELL_DEG), 1)
        width = 360.0 / cells
        reach = half_x_deg / cosine + width
        first, last = math.floor((ra_deg - reach) / width), math.floor((ra_deg + reach) / width)
        columns = sorted({column % cells for column in range(first, last + 1)})
        return np.concatenate([self._cell(row, column, cells) for column in columns])

    def _draw_cell(self, row: int, column: int, cells: int) -> Floats:
        generator = keyed_generator(self.seed, "stars", row, column)
        per_deg2 = STARS_PER_DEG2 * 10.0 ** (COUNT_SLOPE * (FAINTEST_MAG - 12.0))
        count = generator.poisson(self.density * per_deg2 * CELL_DEG**2)
        ra, dec, share = generator.random((3, count))
        mag = FAINTEST_MAG + np.log10(1.0 - share) / COUNT_SLOPE
        return np.stack([(column + ra) * 360.0 / cells, (row + dec) * CELL_DEG, mag], axis=1)


def render(stars: list[StarImage], shape: tuple[int, int], sigma_px: float) -> NDArray[np.float32]:
    """Electrons (ny, nx) of star images about the centre of a detector; Gaussian across, a trail along x."""
    picture = np.zeros(shape, dtype=np.float32)
    x = np.arange(shape[1]) - (shape[1] - 1) / 2
    y = np.arange(shape[0]) - (shape[0] - 1) / 2
    for star in stars:
        rows = np.abs(y - star.y_px) < 5.0 * sigma_px + 1.0
        columns = np.abs(x - star.x_px) < 5.0 * sigma_px + 1.0 + star.trail_px / 2
        across = _pixel_shares(y[rows] - star.y_px, sigma_px, 0.0)
        along = _pixel_shares(x[columns] - star.x_px, sigma_px, star.trail_px)
        picture[np.ix_(rows, columns)] += (star.electrons * np.outer(across, along)).astype(np.float32)
    return picture


def _pixel_shares(offset_px: Floats, sigma_px: float, trail_px: float) -> Floats:
    """Share of the light in each pixel of a row: a Gaussian, or one drawn out to a trail."""
    if trail_px < sigma_px:
        edges = np.array([_gauss_cdf((o + half) / sigma_px) for o in offset_px for half in (-0.5, 0.5)])
        return np.asarray(edges[1::2] - edges[0::2])
    ends = np.array([_gauss_cdf((o + half * trail_px) / sigma_px) for o in offset_px for half in (-0.5, 0.5)])
    return np.asarray((ends[1::2] - ends[0::2]) / trail_px)


def _gauss_cdf(x: float) -> float:
    return 0.5 * (1.0 + math.erf(x / math.sqrt(2.0)))


def _peak_share(scale_arcsec: float, trail_px: float) -> float:
    sigma_px = SEEING_ARCSEC / 2.3548 / scale_arcsec
    point = min(1.0, 1.0 / (2.0 * math.pi * sigma_px**2))
    return min(point, 1.0 / (math.sqrt(2.0 * math.pi) * sigma_px * max(trail_px, 1e-9)))


def _limit(peak_mag0_electrons: float, faintest_electrons: float) -> float:
    if peak_mag0_electrons <= 0.0:
        return -math.inf
    return min(2.5 * math.log10(peak_mag0_electrons / faintest_electrons), FAINTEST_MAG)
