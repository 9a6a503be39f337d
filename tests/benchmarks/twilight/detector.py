"""The detector of the benchmark: 64 x 64 pixels with a known response to the sky and to the floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sequencer.exposure import DetectorLimits

SIDE = 64
GAIN_E_ADU = 2.0
BIAS_ADU = 1000.0
TILT = 0.10
"""How differently the floor lights the detector: 10 % from one edge to the other."""
DARKS = 10
"""Frames in a master dark."""

LIMITS = DetectorLimits(
    1e5, min_dit_s=1.0, max_dit_s=30.0, read_noise_e=5.0, linearity_k=0.02, dark_rate_e_s=1.0, dit_grid_s=1e-3
)
TARGET, TOLERANCE = 0.5, 0.1
TARGET_E = LIMITS.signal_e(TARGET)

STAR_E_S = (500.0, 20_000.0)
"""Light of a star in its pixel: from a third of the sky's that fills the target in the longest DIT to twelve times."""

Raw = npt.NDArray[np.uint16]
Map = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Detector:
    """Responses per pixel, median 1, of the sky's light and of the floor's."""

    sky: Map
    floor: Map

    @classmethod
    def of_seed(cls, seed: int) -> Detector:
        """Vignetting of 6 %, 1 % from pixel to pixel, and the floor tilted against that."""
        rng = np.random.default_rng((seed, 64))
        y, x = np.mgrid[0:SIDE, 0:SIDE] / (SIDE - 1.0) - 0.5
        sky = (1.0 - 0.12 * (x * x + y * y)) * (1.0 + 0.01 * rng.standard_normal((SIDE, SIDE)))
        floor = sky * (1.0 + TILT * x)
        return cls(sky / np.median(sky), floor / np.median(floor))

    def frame(
        self, sky_e: float, floor_e: float, dit_s: float, rng: np.random.Generator, stars: float = 0.0
    ) -> Raw:
        """Raw pixels of an exposure: photon noise, full well, non-linearity, read noise, digits.

        `stars` is the share of pixels with a star in them, others in every frame.
        """
        mean = self.sky * sky_e + self.floor * floor_e + LIMITS.dark_rate_e_s * dit_s
        if stars:
            lit = rng.random(mean.shape) < stars
            mean = mean + lit * rng.uniform(*STAR_E_S, mean.shape) * dit_s
        charge = mean + np.sqrt(mean) * rng.standard_normal(mean.shape)
        charge = np.clip(charge, 0.0, LIMITS.signal_e(1.0))
        read = charge * (1.0 - LIMITS.linearity_k * charge / LIMITS.full_well_e)
        read += LIMITS.read_noise_e * rng.standard_normal(mean.shape)
        return np.clip(np.rint(read / GAIN_E_ADU + BIAS_ADU), 0, 65535).astype(np.uint16)

    def master_dark(self, dit_s: float, rng: np.random.Generator) -> tuple[npt.NDArray[np.float32], float]:
        """The mean of DARKS dark frames of a DIT in ADU, and the error of a pixel."""
        noise_e = float(np.hypot(LIMITS.read_noise_e, np.sqrt(LIMITS.dark_rate_e_s * dit_s)))
        error = noise_e / np.sqrt(DARKS) / GAIN_E_ADU
        level = BIAS_ADU + LIMITS.dark_rate_e_s * dit_s / GAIN_E_ADU
        return (level + error * rng.standard_normal(self.sky.shape)).astype(np.float32), error


def level_e(raw: Raw) -> float:
    """Median level of a frame above bias in electrons, as read."""
    return (float(np.median(raw)) - BIAS_ADU) * GAIN_E_ADU
