"""Twilight skies as tables of electrons per second: the law, its noise, clouds, and the steady floor."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
LogLaw = Callable[[Vector | float], Vector | float]
"""ln(rate) relative to the rate at FIRST_DEPRESSION_DEG, as a function of the Sun's depression in deg."""

SUN_SPEED_DEG_S = 0.228 / 60.0
"""Speed of the setting Sun at Paranal and Armazones, equinox."""
FIRST_DEPRESSION_DEG = 5.0
"""Depression at which a nominal sky fills the target in the minimum DIT."""
EFOLD_S = 277.0
"""Tyson & Gal 1993: 0.094 dex a minute."""
PATAT_V = (1.518, -0.057)
"""mag/deg and mag/deg^2 from 5 deg of depression on: V of Patat et al. 2006."""

VALID_DEG = (1.0, 17.0)
"""Depressions between which the laws are followed; beyond, day and night."""

STEP_S = 0.25
SKY_NOISE, SKY_NOISE_S = 0.003, 60.0
"""Relative sigma and correlation time of a clear sky's unrest. Assumed."""


def exponential(depression_deg: Vector | float) -> Vector | float:
    """A sky that fades by e in EFOLD_S."""
    return -_from_first(depression_deg) / (SUN_SPEED_DEG_S * EFOLD_S)


def patat(depression_deg: Vector | float) -> Vector | float:
    """The measured fading of the zenith in V."""
    x = _from_first(depression_deg)
    return -0.4 * math.log(10.0) * (PATAT_V[0] * x + PATAT_V[1] * x * x)


def _from_first(depression_deg: Vector | float) -> Vector | float:
    return np.clip(depression_deg, *VALID_DEG) - FIRST_DEPRESSION_DEG


def wandering(rng: np.random.Generator, count: int, correlation: float) -> Vector:
    """An Ornstein-Uhlenbeck path of unit sigma on a grid; `correlation` in steps of the grid."""
    keep = math.exp(-1.0 / correlation)
    kicks = rng.standard_normal(count)
    kicks[1:] *= math.sqrt(1.0 - keep * keep)
    path = np.empty(count)
    value = 0.0
    for i, kick in enumerate(kicks.tolist()):
        value = keep * value + kick
        path[i] = value
    return path


@dataclass(frozen=True)
class Clouds:
    """A veil of depth `sigma` max(0, x) in ln(transmission), x wandering within `memory_s`.

    `both`: of depth `sigma` x, which also thins out to a sky brighter than its law: of a veiled sky that is the mean.
    """

    sigma: float
    memory_s: float
    both: bool = False


@dataclass(frozen=True)
class Sky:
    """Rates in e-/s/pixel on a grid of times: the law's, and what is there (noise and clouds in it).

    `unrest` and `cloud` are the hidden paths, sigma 1; `clouds` says what the second means; `floor_e_s` is the
    steady light beside the twilight, `dark_e_s` the detector's own.
    """

    times: Vector
    law: Vector
    unrest: Vector
    cloud: Vector
    clouds: Clouds | None
    floor_e_s: float
    dark_e_s: float
    summed: Vector

    @classmethod
    def made(
        cls,
        law: Vector,
        times: Vector,
        rng: np.random.Generator,
        clouds: Clouds | None,
        floor: float,
        dark: float,
    ) -> Sky:
        """A sky of a law with random unrest and, if wanted, clouds."""
        unrest = wandering(rng, len(times), SKY_NOISE_S / STEP_S)
        cloud = wandering(rng, len(times), (clouds.memory_s if clouds else 100.0) / STEP_S)
        bare = cls(times, law, unrest, cloud, clouds, floor, dark, law)
        return replace(bare, summed=_cumulated(bare.rate()))

    @property
    def steady_e_s(self) -> float:
        """All light and charge that does not change."""
        return self.floor_e_s + self.dark_e_s

    def rate(self) -> Vector:
        """The twilight's rate as it is."""
        return self.law * np.exp(log_weather(self.unrest, self.cloud, self.clouds))

    def twilight_e(self, start_s: float, dit_s: float) -> float:
        """Electrons from the twilight alone."""
        first, last = np.interp([start_s, start_s + dit_s], self.times, self.summed)
        return float(last - first)

    def dit_for(self, start_s: float, signal_e: float, longest_s: float) -> float:
        """The DIT that collects a signal, floor and dark included; infinite if `longest_s` does not."""
        low, high = np.searchsorted(self.times, [start_s, start_s + longest_s])
        window = slice(max(low - 1, 0), high + 2)
        times = self.times[window]
        total = self.summed[window] + self.steady_e_s * (times - start_s)
        first = float(np.interp(start_s, times, total))
        return float(np.interp(first + signal_e, total, times, right=math.inf)) - start_s

    def clear(self) -> Sky:
        """The same night without clouds and unrest."""
        return replace(self, unrest=0.0 * self.unrest, clouds=None, summed=_cumulated(self.law))

    def mirrored(self) -> Sky:
        """The same night running backwards."""
        back = {name: getattr(self, name)[::-1] for name in ("law", "unrest", "cloud")}
        bare = replace(self, times=-self.times[::-1], **back)
        return replace(bare, summed=_cumulated(bare.rate()))


def log_weather(unrest: Vector | float, cloud: Vector | float, clouds: Clouds | None) -> Vector | float:
    """ln of what noise and clouds make of the law."""
    if clouds is None:
        return SKY_NOISE * unrest
    return SKY_NOISE * unrest - clouds.sigma * (cloud if clouds.both else np.maximum(cloud, 0.0))


def _cumulated(rate: Vector) -> Vector:
    return np.concatenate([[0.0], np.cumsum(0.5 * (rate[1:] + rate[:-1]) * STEP_S)])
