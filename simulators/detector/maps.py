"""The truth about a detector's pixels, keyed by (seed, camera): response, vignetting, dark, bad ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sequencer.config.models import DetectorConfig, NightConfig
from simulators.detector.response import couple
from simulators.keyed import keyed_generator, log_uniform

Pixels = NDArray[np.float32]
Window = tuple[int, int] | None

DEAD_RESPONSE = 0.5
"""A dead pixel's response lies between 0 and this; assumed."""

HOT_LEVEL_RN = (3.0, 30.0)
"""Range of a hot pixel's dark signal in one shortest DIT, in units of the read noise; assumed."""

HOT_SHARE = 0.5
"""Share of the bad pixels that are hot, the others are dead; assumed."""

KEPT_FLATS = 8
"""Flats kept in memory per detector: 17 MB each at full size."""

FILTER_TILT = 0.1
"""A filter's own gradient of illumination over the field, as a share of the vignetting; assumed."""


@dataclass(frozen=True)
class ChipMaps:
    """One chip's pixels (ny, nx): response (near 1, unlit 0), dark current, and which are hot, dead, lit."""

    response: Pixels
    dark_e_s: Pixels
    hot: NDArray[np.bool_]
    dead: NDArray[np.bool_]
    lit: NDArray[np.bool_]


class DetectorMaps:
    """Maps of all the chips of one detector, drawn at full size and cut to a window about the centre."""

    def __init__(self, config: DetectorConfig, night: NightConfig, seed: int) -> None:
        self.config = config
        self.night = night
        self.seed = seed
        self._full = cache(self._draw)
        self._flats = lru_cache(maxsize=KEPT_FLATS)(self._draw_flat)

    def chip(self, chip: int, window: Window = None) -> ChipMaps:
        """Maps of a chip (0, 1, ...) in a window (nx, ny), or whole."""
        full = self._full(chip)
        every = (full.response, full.dark_e_s, full.hot, full.dead, full.lit)
        return ChipMaps(*(cut(pixels, window) for pixels in every))

    def flat(self, chip: int, filter_name: str, window: Window = None) -> Pixels:
        """Response x illumination (ny, nx): light on a pixel over that on an average one (read only)."""
        return self._flats(chip, filter_name, window)

    def _draw_flat(self, chip: int, filter_name: str, window: Window) -> Pixels:
        maps = self.chip(chip, window)
        shade = self._illumination(filter_name, maps.response.shape)
        shade *= maps.response
        return shade

    def expected_flat(self, chip: int, filter_name: str, window: Window = None) -> Pixels:
        """The noise-free flat as the detector reads it: with interpixel capacitance, not normalised."""
        return couple(self.flat(chip, filter_name, window), self.config.ipc_edge, self.config.ipc_corner)

    def peak(self, filter_name: str, window: Window = None) -> float:
        """The most sensitive pixel of all chips."""
        return max(float(self.flat(c, filter_name, window).max()) for c in range(len(self.config.chips)))

    def _illumination(self, filter_name: str, shape: tuple[int, int]) -> Pixels:
        """Vignetting 1 - v r^2 (r = 1 in the corners of the full detector) and the filter's own gradient."""
        nx, ny = self.config.size_px
        half = np.hypot(nx, ny) / 2
        x = (np.arange(shape[1]) - (shape[1] - 1) / 2) / half
        y = (np.arange(shape[0]) - (shape[0] - 1) / 2) / half
        v = self.night.vignetting
        draw = keyed_generator(self.seed, self.config.camera, "illumination", filter_name)
        angle = 2 * np.pi * draw.random()
        tilt = FILTER_TILT * v
        column = 1.0 - v * (y**2 - 1 / 6) + tilt * np.sin(angle) * y
        row = -v * (x**2 - 1 / 6) + tilt * np.cos(angle) * x
        shade: Pixels = (column[:, None] + row[None, :]).astype(np.float32)
        return shade

    def _draw(self, chip: int) -> ChipMaps:
        key = (self.seed, self.config.camera, "chip", chip)
        nx, ny = self.config.size_px
        lit = _lit(self.config, chip)
        response = keyed_generator(*key, "response").standard_normal((ny, nx), dtype=np.float32)
        response *= np.float32(self.night.response_sigma)
        response += np.float32(1.0)
        hot, dead = self._bad(chip)
        draw = keyed_generator(*key, "bad pixel values")
        response[dead] = DEAD_RESPONSE * draw.random(int(dead.sum()))
        response[~lit] = 0.0
        mode = self.config.modes[self.config.default_mode]
        dark = np.full((ny, nx), mode.dark_e_s, dtype=np.float32)
        unit = mode.read_noise_e / mode.min_dit_s
        dark[hot] += unit * log_uniform(draw, HOT_LEVEL_RN, int(hot.sum()))
        dark[border(self.config, chip)] = 0.0
        return ChipMaps(response, dark, hot, dead, lit)

    def _bad(self, chip: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        nx, ny = self.config.size_px
        generator = keyed_generator(self.seed, self.config.camera, "chip", chip, "bad pixels")
        count = generator.binomial(nx * ny, self.night.bad_pixel_fraction)
        where = generator.integers(nx * ny, size=count)
        hot, dead = np.zeros((2, ny * nx), dtype=bool)
        hot[where[: round(HOT_SHARE * count)]] = True
        dead[where[round(HOT_SHARE * count) :]] = True
        active = ~border(self.config, chip)
        return hot.reshape(ny, nx) & active, dead.reshape(ny, nx) & active


def cut(pixels: NDArray[Any], window: Window) -> NDArray[Any]:
    """A window (nx, ny) about the centre of (ny, nx) pixels, at most all of them; a view."""
    if window is None:
        return pixels
    ny, nx = (min(w, n) for w, n in zip(window[::-1], pixels.shape, strict=True))
    top, left = (pixels.shape[0] - ny) // 2, (pixels.shape[1] - nx) // 2
    return pixels[top : top + ny, left : left + nx]


def border(config: DetectorConfig, chip: int) -> NDArray[np.bool_]:
    """The chip's reference pixels: neither light nor dark current."""
    nx, ny = config.size_px
    bottom, left, top, right = config.chips[chip].border_px
    mask = np.ones((ny, nx), dtype=bool)
    mask[bottom : ny - top, left : nx - right] = False
    return mask


def _lit(config: DetectorConfig, chip: int) -> NDArray[np.bool_]:
    """Pixels that see light: not the border, and inside a circle (field stop) of area `lit_fraction`."""
    lit = ~border(config, chip)
    if config.lit_fraction < 1.0:
        nx, ny = config.size_px
        x, y = np.arange(nx) - (nx - 1) / 2, np.arange(ny) - (ny - 1) / 2
        lit &= x[None, :] ** 2 + y[:, None] ** 2 <= config.lit_fraction * nx * ny / np.pi
    return lit
