"""What the data reduction should have found: the truth of a night, built anew from the seed, and noise limits."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from sequencer.config import load_deployment, load_instrument, load_site
from sequencer.config.models import Instrument, ReadoutMode
from simulators.world.world import World

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

MEDIAN_OVER_MEAN = 1.2
"""Noise of the median of ten frames over that of their mean (1.18 by order statistics, 1.25 for many)."""


def world_of(deployment_name: str, seed: int, window_px: tuple[int, int] | None = None) -> World:
    """The night of a seed, in a world of its own: nothing of the run goes in."""
    deployment = load_deployment(deployment_name)
    if window_px is not None:
        deployment = msgspec.structs.replace(deployment, window_px=window_px)
    instrument = load_instrument(deployment.instrument)
    return World(instrument, deployment, load_site(instrument.site), seed)


def image(path: Path, extension: str) -> NDArray[Any]:
    """One extension of a product."""
    with fits.open(path, checksum=True) as hdus:
        return np.array(hdus[extension].data)


def product(run_dir: Path, pattern: str) -> Path:
    """The one product whose name matches."""
    (path,) = (run_dir / "products").glob(pattern)
    return path


def record_of(path: Path) -> dict[str, Any]:
    """The structured record beside a product."""
    record: dict[str, Any] = json.loads(path.with_suffix(".json").read_text())
    return record


@dataclass(frozen=True)
class Compared:
    """A master flat against the expected frame, both divided by their median over the pixels compared."""

    flat: Image
    expected: Image
    uncoupled: Image
    chosen: Mask

    @property
    def residual(self) -> NDArray[np.float64]:
        """Difference of the pixels compared."""
        return (self.flat - self.expected)[self.chosen].astype(np.float64)

    @property
    def rms(self) -> float:
        """Root mean square of the difference."""
        return float(np.sqrt(np.mean(self.residual**2)))

    def share_of(self, pattern: Image) -> tuple[float, float]:
        """How much of a pattern (its mean taken off) the difference contains, and the error of that."""
        values = pattern[self.chosen].astype(np.float64)
        values -= values.mean()
        norm = float(values @ values)
        return float(values @ self.residual) / norm, self.rms / math.sqrt(norm)


def compare(world: World, camera: str, filter_name: str, path: Path) -> Compared:
    """A master flat against response x vignetting x coupling, on lit, unmasked, good pixels."""
    truth = world.truth
    flat, masked = image(path, "DET1.SCI"), image(path, "DET1.DQ") != 0
    window = (flat.shape[1], flat.shape[0])
    chosen = truth.lit(camera, window=window) & truth.good(camera, window=window) & ~masked
    expected = truth.expected_flat(camera, filter_name, window=window)
    uncoupled = world.maps[camera].flat(0, filter_name, window)
    normalised = [pixels / np.median(pixels[chosen]) for pixels in (flat, expected, uncoupled)]
    return Compared(*normalised, chosen)


def signal_e(frame: dict[str, Any], k: float, full_well_e: float) -> float:
    """Charge S behind a measured level m = S (1 - k S / W)."""
    return full_well_e / (2.0 * k) * (1.0 - math.sqrt(1.0 - 4.0 * k * frame["level_e"] / full_well_e))


def noise_limit(
    flats: Sequence[dict[str, Any]], darks: Sequence[dict[str, Any]], instrument: Instrument, camera: str
) -> float:
    """Relative noise per pixel of the best flat that journalled frames allow: inverse-variance mean of flats and darks.

    Frame i of signal S, NDIT n: v_i = (c S + (R / (1 - 2 k S / W))^2) / n / S^2, R the read noise, c the factor
    that interpixel capacitance leaves of the shot noise's variance (sum of the squared kernel). Weights w = 1 / v.
    A dark of m frames errs alike in all frames it is taken from: (sum w / S over them / sum w)^2 R^2 / (n m).
    """
    detector = instrument.detectors[camera]
    k, coupled = detector.nonlinearity_k, shot_noise_left(detector.ipc_edge, detector.ipc_corner)
    total, by_dark = 0.0, dict[tuple[str, float, int], float]()
    for flat in flats:
        mode: ReadoutMode = detector.modes[flat["mode"]]
        signal = signal_e(flat, k, mode.full_well_e)
        read = mode.read_noise_e / (1.0 - 2.0 * k * signal / mode.full_well_e)
        weight = flat["ndit"] * signal**2 / (coupled * signal + read**2)
        total += weight
        by_dark[setting(flat)] = by_dark.get(setting(flat), 0.0) + weight / signal
    variance = 1.0 / total
    for used, share in by_dark.items():
        count = sum(setting(dark) == used for dark in darks)
        variance += (share / total) ** 2 * detector.modes[used[0]].read_noise_e ** 2 / (used[2] * count)
    return math.sqrt(variance)


def setting(frame: dict[str, Any]) -> tuple[str, float, int]:
    """What a dark must share with a flat."""
    return frame["mode"], frame["dit_s"], frame["ndit"]


def shot_noise_left(edge: float, corner: float) -> float:
    """Sum of the squares of the 3 x 3 coupling kernel."""
    kernel = np.array(
        [[corner, edge, corner], [edge, 1 - 4 * edge - 4 * corner, edge], [corner, edge, corner]]
    )
    return float(np.sum(kernel**2))
