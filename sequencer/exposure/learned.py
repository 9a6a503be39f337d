"""What the frames of one filter have taught: the next filter's, and the next night's, prior."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Learned:
    """What frames taught by a time: the factor on the prior's rate, its relative sigma, d ln(rate)/dt, how many.

    `throughput` is the factor on the prior's rate model (and shape) at `time_s`, under a clear sky; beside a
    cloud its sigma is as large as the cloud is deep. `log_slope_per_s` is the slope beside the prior's shape,
    `floor_factor` the factor on its floor.
    """

    throughput: float
    relative_sigma: float
    log_slope_per_s: float
    frames: int
    time_s: float = 0.0
    floor_factor: float = 1.0
    floor_sigma: float = 0.0
