"""Twilight and thermal floor in a series of frames, and whether their shares allow to tell the two apart. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sequencer.reduction.pixelfit import PixelFit, Vector

EXTRAPOLATION = 5.0
"""Growth of the noise from proportional to separated flat up to which they are separated: it is also the distance
to pure sky over the spread of the shares, and what errors of the floor's course grow by."""
NEGLIGIBLE = 0.01
"""Share up to which one light counts as absent: a floor tilted by 10 % then bends the flat by 0.03 % rms."""


@dataclass(frozen=True)
class Mixture:
    """What light each frame holds: its level, the floor's share of it, and its relative weight (1 / variance)."""

    level: Vector
    floor_share: Vector
    weights: Vector

    @classmethod
    def of(cls, sky: npt.ArrayLike, floor: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Mixture:
        """From the levels (rates) of sky and floor, each (frames,).

        `weights` are inverse variances of a pixel's rate up to one factor; None: equal relative noise. Raises
        ValueError for fewer than two frames, shapes that do not match, or a level or weight that is not positive.
        """
        below = np.asarray(floor, np.float64)
        level = np.asarray(sky, np.float64) + below
        given = np.ones_like(level) if weights is None else np.asarray(weights, np.float64)
        if level.ndim != 1 or level.shape != given.shape or len(level) < 2:
            raise ValueError(f"levels of shape {level.shape} with weights {given.shape}: it takes two frames")
        if not (
            np.isfinite(given).all() and np.isfinite(level).all() and min(level.min(), given.min()) > 0.0
        ):
            raise ValueError("a level or weight is not positive")
        return cls(level, below / level, given if weights is None else given * np.square(level))

    @property
    def range(self) -> tuple[float, float]:
        """Smallest and largest share of the floor."""
        return float(self.floor_share.min()), float(self.floor_share.max())

    @property
    def extrapolation(self) -> float:
        """Noise of the separated over that of the proportional flat; infinite when all shares are equal."""
        mean = float(np.average(self.floor_share, weights=self.weights))
        variance = float(np.average(np.square(self.floor_share - mean), weights=self.weights))
        return math.sqrt(1.0 + mean**2 / variance) if variance > 1e-12 else math.inf

    def separating(self) -> PixelFit:
        """The fit of sky and floor, in this order, to rates over levels."""
        return PixelFit(np.stack([1.0 - self.floor_share, self.floor_share], axis=1), self.weights)

    def proportional(self) -> PixelFit:
        """The fit of all light together, through the origin, to rates over levels."""
        return PixelFit(np.ones((len(self.level), 1)), self.weights)

    def one_light(self) -> str:
        """Empty, or which of the two lights is absent."""
        low, high = self.range
        if high <= NEGLIGIBLE:
            return f"floor up to {100 * high:.2f} % of the light: nothing to separate"
        if low >= 1.0 - NEGLIGIBLE:
            return f"sky up to {100 * max(1.0 - low, 0.0):.2f} % of the light: a flat of the floor alone"
        return ""

    def obstacle(self) -> str:
        """Empty, or why the shares of the frames do not allow to separate."""
        growth = self.extrapolation
        if len(self.level) >= 3 and growth <= EXTRAPOLATION:
            return ""
        low, high = self.range
        return (
            f"not separated: floor {100 * low:.1f} to {100 * high:.1f} % of the light in {len(self.level)} frames"
            f" would multiply the noise by {growth:.1f}"
        )
