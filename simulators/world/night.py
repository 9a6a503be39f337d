"""What the simulated night holds and nobody knows beforehand: zero points, sky noise, cooling air, clouds, pace."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sequencer.config.models import NightConfig
from simulators.keyed import keyed_generator
from simulators.world.clouds import CLEAR_SKY, Clouds, SkyConfig

COMMON_VARIANCE = 0.95
"""Share of the zero points' variance common to all filters (emissivity); assumed, expected near 1."""

DAY_S = 86400.0
NODES_PER_TAU = 256
"""Nodes of the sky noise per correlation time: one in 1.2 s at 300 s, closer than exposures follow each other.

Coarser, the noise would be straight lines as long as a pass of a DIT ladder, which no sky makes.
"""
BLOCK = 16 * NODES_PER_TAU


class Night:
    """One night's unknowns, functions of the seed and of time alone."""

    def __init__(
        self, config: NightConfig, seed: int, longitude_deg: float, sky: SkyConfig = CLEAR_SKY
    ) -> None:
        self.config = config
        self.sky = sky
        self.clouds = Clouds(sky, seed)
        self.seed = seed
        self.longitude_deg = longitude_deg
        self._block = lru_cache(maxsize=64)(self._noise_block)

    def zero_point(self, camera: str, filter_name: str) -> float:
        """Factor on the thermal prior of a filter: lognormal, strongly correlated between filters.

        Its median is the sky's `brightness`.
        """
        common = self._normal("zero point", "common")
        own = self._normal("zero point", camera, filter_name)
        mix = math.sqrt(COMMON_VARIANCE) * common + math.sqrt(1.0 - COMMON_VARIANCE) * own
        return self.sky.brightness * math.exp(self.config.zero_point_sigma * mix)

    def twilight_scale(self) -> float:
        """Factor on the published twilight brightness: lognormal about the sky's `brightness`."""
        return self.sky.brightness * math.exp(
            self.config.twilight_scale_sigma * self._normal("twilight scale")
        )

    def stretch(self, device: str, what: object) -> float:
        """Factor on the duration of one move, slew or read-out: lognormal (`duration_sigma`) of mean 1."""
        sigma = self.config.duration_sigma
        if not sigma:
            return 1.0
        return math.exp(sigma * self._normal("duration", device, str(what)) - 0.5 * sigma**2)

    def ambient_k(self, time_s: float) -> float:
        """Ambient temperature in K: `ambient_k` at local midnight, from noon to noon falling steadily."""
        local_days = time_s / DAY_S + self.longitude_deg / 360.0
        hours = 24.0 * (local_days - math.floor(local_days + 0.5))
        return self.config.ambient_k - self.config.cooling_k_h * hours

    def sky_noise(self, time_s: float) -> float:
        """Relative excess g of the sky's emission: an Ornstein-Uhlenbeck process (`sky_noise_sigma`, `_s`).

        Exact at NODES_PER_TAU nodes per correlation time, linear between. A block of nodes starts one block (16
        correlation times) back from nothing, so that any time can be asked without the ones before.
        """
        where = time_s / (self.config.sky_noise_s / NODES_PER_TAU)
        node = math.floor(where)
        share = where - node
        value = (1.0 - share) * self._node(node) + share * self._node(node + 1)
        return self.config.sky_noise_sigma * value

    def _node(self, node: int) -> float:
        block, index = divmod(node, BLOCK)
        return float(self._block(block)[index])

    def _noise_block(self, block: int) -> NDArray[np.float64]:
        draws = [
            keyed_generator(self.seed, "sky noise", b).standard_normal(BLOCK) for b in (block - 1, block)
        ]
        keep = math.exp(-1.0 / NODES_PER_TAU)
        kick = math.sqrt(1.0 - keep * keep)
        values, last = np.empty(2 * BLOCK), 0.0
        for i, draw in enumerate(np.concatenate(draws)):
            last = keep * last + kick * draw
            values[i] = last
        return values[BLOCK:]

    def _normal(self, *key: str) -> float:
        return float(keyed_generator(self.seed, *key).standard_normal())
