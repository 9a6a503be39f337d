"""What a detector does to light and how noisy that is: the figures, the response and its inverse, predicted noise."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from sequencer.acquisition.statistics import SATURATED_SHARE_OF_WELL
from sequencer.config.models import DetectorConfig

Number = TypeVar("Number", float, npt.NDArray[np.float32])


@dataclass(frozen=True)
class Figures:
    """Figures of one detector in one read-out mode; electrons per pixel and single DIT.

    `k` is the non-linearity of m(S) = S (1 - k S / W), W the full well; `k_source` says where it is from.
    `ipc_noise` is the factor interpixel capacitance leaves of the photon noise's variance in a single pixel.
    """

    gain_e_adu: float
    read_noise_e: float
    full_well_e: float
    dark_e_s: float
    bias_adu: float
    k: float
    ipc_noise: float
    k_source: str = "configuration"

    @property
    def full_well_adu(self) -> float:
        """Full well in ADU above the bias."""
        return self.full_well_e / self.gain_e_adu

    @property
    def saturation_adu(self) -> float:
        """Raw ADU from which a pixel counts as saturated: the share of the full well the acquisition judges by."""
        return SATURATED_SHARE_OF_WELL * self.full_well_adu + self.bias_adu

    def with_k(self, k: float, source: str) -> Figures:
        """The same detector with a measured non-linearity."""
        return replace(self, k=k, k_source=source)


def figures(detector: DetectorConfig, mode: str) -> Figures:
    """Figures of a detector in a read-out mode. Raises KeyError for one it does not have."""
    limits = detector.modes[mode]
    return Figures(
        limits.gain_e_adu,
        limits.read_noise_e,
        limits.full_well_e,
        limits.dark_e_s,
        limits.bias_adu,
        detector.nonlinearity_k,
        ipc_noise_factor(detector.ipc_edge, detector.ipc_corner),
    )


def ipc_noise_factor(edge: float, corner: float) -> float:
    """Sum of the squared interpixel kernel: shares `edge` to four, `corner` to four neighbours, the rest stays."""
    centre = 1.0 - 4.0 * edge - 4.0 * corner
    return centre**2 + 4.0 * edge**2 + 4.0 * corner**2


def ipc_mean_factor(edge: float, corner: float, step: int) -> float:
    """Photon noise variance of a mean over every `step`-th row and column, over that of independent pixels.

    Coupling moves charge between pixels and keeps its sum, so a mean over all pixels (step 1) has the full photon
    noise; pixels three apart share nothing. A charge reaches the sampled pixels by the sum of the kernel over
    one residue class, hence the sum of the squares of those sums.
    """
    centre = 1.0 - 4.0 * edge - 4.0 * corner
    kernel = np.array([[corner, edge, corner], [edge, centre, edge], [corner, edge, corner]])
    classes = range(min(step, 3))
    return float(sum(kernel[i::step, j::step].sum() ** 2 for i in classes for j in classes))


def linearise(measured_adu: Number, detector: Figures) -> Number:
    """Signal (ADU) from a measurement (ADU above bias): the inverse of m(S) = S (1 - k S / W).

    The form 2 m / (1 + sqrt(1 - 4 k m / W)) does not cancel for small k. Beyond the summit the summit is
    taken.
    """
    root = 1.0 - (4.0 * detector.k / detector.full_well_adu) * measured_adu
    if isinstance(root, float):
        return 2.0 * measured_adu / (1.0 + math.sqrt(max(root, 0.0)))
    np.maximum(root, 0.0, out=root)
    np.sqrt(root, out=root)
    root += 1.0
    np.divide(measured_adu, root, out=root)
    root *= 2.0
    return root


def frame_variance(detector: Figures, signal_adu: float, ndit: int) -> tuple[float, float]:
    """Predicted variance (ADU^2) of one linearised frame: (part proportional to the signal, at this signal;
    rest).

    Photon noise shrunk by interpixel capacitance, read noise stretched by the linearisation, both over NDIT
    reads.
    """
    compression = 1.0 - 2.0 * detector.k * signal_adu / detector.full_well_adu
    photon = max(signal_adu, 0.0) / detector.gain_e_adu * detector.ipc_noise
    read = (detector.read_noise_e / detector.gain_e_adu / compression) ** 2
    return photon / ndit, read / ndit


def median_variance(n: int) -> float:
    """Variance of the median of n Gaussian values over that of one value.

    Large n: pi / (2 n) (Kenney & Keeping 1962, 14.6); the small-n terms are fitted to the exact order
    statistics, good to 1.5 %.
    """
    if n <= 2:
        return 1.0 / n
    return math.pi / 2.0 / (n + (0.48 if n % 2 else 1.33))
