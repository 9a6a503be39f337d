"""One raw frame of a MEGARA-like CCD: two amplifiers, prescan, overscan, bias, uint16 ADU.

Geometry: component 2e02e135 of megaradrp 0.22 (E2V CCD231-84): 4196 x 4212 raw, 4096 x 4112 of it image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sequencer.config.models import DetectorConfig, NightConfig, ReadoutMode
from simulators.detector.cosmic import add_cosmic_rays
from simulators.detector.gauss import fill_normal
from simulators.keyed import keyed_generator, log_uniform

Frame = NDArray[np.uint16]

RAW_SHAPE = (4212, 4196)
IMAGE_SHAPE = (4112, 4096)
HALF_ROWS = 2056
IMAGE_COLUMNS = slice(50, 4146)
AMPLIFIER_ROWS = (slice(0, 2106), slice(2106, 4212))
"""Raw rows each amplifier reads: its half of the image and 50 of the 100 rows between the halves."""

IMAGE_ROWS = (slice(0, 2056), slice(2156, 4212))
PIXEL_CM = 0.0015
"""15 um pixels."""

BIAS_DRIFT_ADU = 2.0
"""How far the bias level bends along the rows of a frame; assumed. What the overscan is there to take out."""

BIAS_OFFSET_ADU = 1.0
"""Scatter of the bias level from frame to frame and between amplifiers; assumed."""

LIGHT_E_S = 20.0
LEAK = 1e-4
LEAK_GRADIENT = 0.5
"""e-/s per pixel with cover and shutter open, what each of them lets through when closed, and how much
brighter the left edge of the frame is than its middle; all assumed."""

NEGLIGIBLE_LIGHT_E = 0.01
"""Light below this many e- per pixel in an exposure is left out."""

HOT_E_S = (0.01, 1.0)
"""Range of a hot pixel's dark current in e-/s; assumed."""


@dataclass(frozen=True)
class CcdMaps:
    """Hot pixels: flat indices of the image, and their dark current above the others' in e-/s."""

    hot_index: NDArray[np.int64]
    hot_e_s: NDArray[np.float64]


def ccd_maps(config: DetectorConfig, night: NightConfig, seed: int) -> CcdMaps:
    """The truth about the CCD's pixels, keyed by (seed, camera)."""
    draw = keyed_generator(seed, config.camera, "hot pixels")
    count = int(draw.binomial(IMAGE_SHAPE[0] * IMAGE_SHAPE[1], night.bad_pixel_fraction))
    index = draw.choice(IMAGE_SHAPE[0] * IMAGE_SHAPE[1], size=count, replace=False)
    rate = log_uniform(draw, HOT_E_S, count)
    return CcdMaps(np.sort(index), rate)


def light_e_s(cover: float, shutter: float) -> float:
    """Light on the frame's middle, e-/s per pixel, cover and shutter open by 0-1: closed ones leak."""
    return LIGHT_E_S * max(cover, LEAK) * max(shutter, LEAK)


def ccd_frame(
    maps: CcdMaps,
    mode: ReadoutMode,
    exposure_s: float,
    light_e: float,
    cosmic_rays_cm2_s: float,
    seed: int,
    key: tuple[object, ...],
) -> Frame:
    """A raw frame (4212, 4196): dark current, light, cosmic rays; each amplifier's gain, bias, read noise.

    `light_e` is the light in e- per pixel at the frame's middle over the whole exposure. Faint charge is
    drawn from Poisson. Saturates at the full well and at 65535 ADU. `key` names the exposure.
    """
    charge = _charge(maps, mode, exposure_s, light_e, keyed_generator(seed, *key, "shot noise"))
    area_cm2 = IMAGE_SHAPE[0] * IMAGE_SHAPE[1] * PIXEL_CM**2
    rays = cosmic_rays_cm2_s * area_cm2 * exposure_s
    add_cosmic_rays(charge, rays, keyed_generator(seed, *key, "cosmic rays"))
    np.minimum(charge, np.float32(mode.full_well_e), out=charge)
    raw = np.zeros(RAW_SHAPE, dtype=np.float32)
    halves = (charge[:HALF_ROWS], charge[HALF_ROWS:])
    noise = keyed_generator(seed, *key, "read noise")
    gains = mode.amplifier_gains_e_adu or [mode.gain_e_adu, mode.gain_e_adu]
    for amplifier, (rows, image, half) in enumerate(zip(AMPLIFIER_ROWS, IMAGE_ROWS, halves, strict=True)):
        raw[image, IMAGE_COLUMNS] = half
        _read(raw[rows], mode, gains[amplifier], noise, keyed_generator(seed, *key, "bias", amplifier))
    np.rint(raw, out=raw)
    return np.clip(raw, 0.0, 65535.0, out=raw).astype(np.uint16)


def _charge(
    maps: CcdMaps, mode: ReadoutMode, exposure_s: float, light_e: float, generator: np.random.Generator
) -> NDArray[np.float32]:
    dark_e = mode.dark_e_s * exposure_s
    if light_e > NEGLIGIBLE_LIGHT_E:
        slope = 1.0 - LEAK_GRADIENT * np.linspace(-1.0, 1.0, IMAGE_SHAPE[1], dtype=np.float32)
        charge = generator.poisson(slope * np.float32(light_e) + dark_e, size=IMAGE_SHAPE).astype(np.float32)
    else:
        charge = generator.poisson(dark_e, size=IMAGE_SHAPE).astype(np.float32)
    charge.ravel()[maps.hot_index] += generator.poisson(maps.hot_e_s * exposure_s)
    return charge


def _read(
    rows: NDArray[np.float32],
    mode: ReadoutMode,
    gain_e_adu: float,
    noise: np.random.Generator,
    bias: np.random.Generator,
) -> None:
    """Electrons of one amplifier's rows to ADU above its bias level, in place."""
    draw = np.empty(rows.shape, dtype=np.float32)
    fill_normal(draw, noise)
    draw *= np.float32(mode.read_noise_e)
    rows += draw
    rows *= np.float32(1.0 / gain_e_adu)
    offset, bend = bias.standard_normal(2) * (BIAS_OFFSET_ADU, BIAS_DRIFT_ADU)
    level = mode.bias_adu + offset + bend * np.linspace(-1.0, 1.0, len(rows)) ** 2
    rows += level.astype(np.float32)[:, None]
