"""Scenes, and the nights drawn from them: what every controller meets alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np

from .detector import LIMITS, TARGET, TARGET_E, TOLERANCE, Detector, Raw
from .sky import (
    FIRST_DEPRESSION_DEG,
    STEP_S,
    SUN_SPEED_DEG_S,
    Clouds,
    LogLaw,
    Sky,
    Vector,
    exponential,
    patat,
)

THROUGHPUT_SIGMA = 0.3
"""How wrong the believed throughput is, sigma of its logarithm."""
SLOPE_SIGMA = 0.05
"""How wrong the believed law is: the night's logarithm is this much steeper or flatter."""
FLOOR_E_S = TARGET_E / 20.0
"""Thermal floor that alone fills the target in 20 s."""
FLOOR_SIGMA = 0.2
USEFUL_SHARE = 0.5
"""Least share of twilight in the light of a flat."""
CLOUDS = {"": None, "thin": Clouds(sigma=0.12, memory_s=40.0), "thick": Clouds(sigma=0.22, memory_s=150.0)}
"""Each such that pyobs-core keeps about 84 % (dusk) and 80 % (dawn) of the oracle, as published for it."""
BEFORE_S, AFTER_S = {"dusk": 600.0, "dawn": 900.0}, {"dusk": 1570.0, "dawn": 600.0}
"""How long the night lasts before the first and after the last useful moment."""
SPAN_S = 4000.0

Time = TypeVar("Time", float, Vector)

LAWS: dict[str, LogLaw] = {"exponential": exponential, "Patat V": patat}


@dataclass(frozen=True)
class Scene:
    """A kind of twilight: law, direction, seconds between closing and opening, clouds, thermal floor."""

    law: str
    direction: str
    overhead_s: float
    clouds: str = ""
    floor: bool = False

    @property
    def name(self) -> str:
        """As printed."""
        extra = f", {self.clouds} clouds" if self.clouds else ", thermal floor" if self.floor else ""
        return f"{self.direction}, {self.law}, {self.overhead_s:g} s{extra}"

    @property
    def plain(self) -> bool:
        """Neither clouds nor floor."""
        return not (self.clouds or self.floor)

    def depression_deg(self, time_s: Time) -> Time:
        """Depression of the Sun; at dusk it grows."""
        return FIRST_DEPRESSION_DEG + SUN_SPEED_DEG_S * (time_s if self.direction == "dusk" else -time_s)

    def log_shape(self, time_s: float) -> float:
        """ln of the nominal rate over TARGET_E in the minimum DIT: what is believed beforehand."""
        return float(LAWS[self.law](self.depression_deg(time_s)))


def scenes() -> list[Scene]:
    """All scenes, the plain ones first."""
    both = ("dusk", "dawn")
    plain = [Scene(law, way, gap) for gap, law, way in product((5.0, 1.0, 16.0), LAWS, both)]
    clouds = [Scene("exponential", way, 5.0, clouds=kind) for kind, way in product(("thin", "thick"), both)]
    return plain + clouds + [Scene("exponential", way, 5.0, floor=True) for way in both]


@dataclass
class Shot:
    """One exposure: what it was, what the truth is, and whether its taker kept it as a flat.

    `floor_e_s` is the thermal floor its taker predicted, 0 if none.
    """

    start_s: float
    dit_s: float
    level_fraction: float
    share: float
    raw: Raw
    probe: bool = False
    kept: bool = False
    floor_e_s: float = 0.0

    @property
    def error(self) -> float:
        """Relative distance of the true level from the target."""
        return self.level_fraction / TARGET - 1.0

    @property
    def flat(self) -> bool:
        """Whether it truly is a flat: level in the tolerance, enough twilight in it."""
        return abs(self.error) <= TOLERANCE and self.share >= USEFUL_SHARE


class Night:
    """One twilight of a scene: the sky, the detector, and when it begins and ends."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene, self.seed = scene, seed
        rng = np.random.default_rng((seed, 1))
        throughput, slope, floor = rng.standard_normal(3) * (THROUGHPUT_SIGMA, SLOPE_SIGMA, FLOOR_SIGMA)
        times = np.arange(-SPAN_S, SPAN_S, STEP_S)
        depression = scene.depression_deg(times)
        logs = np.log(TARGET_E / LIMITS.min_dit_s) + throughput + (1.0 + slope) * LAWS[scene.law](depression)
        self.sky = Sky.made(
            np.exp(logs),
            times,
            rng,
            CLOUDS[scene.clouds],
            FLOOR_E_S * math.exp(floor) if scene.floor else 0.0,
            LIMITS.dark_rate_e_s,
        )
        self.detector = Detector.of_seed(seed)
        self.first_s, self.last_s = self._useful()
        self.over_s = self._over()
        self.begin_s = self.first_s - BEFORE_S[scene.direction]
        self.end_s = self.last_s + AFTER_S[scene.direction]

    def sun_altitude_deg(self, time_s: float) -> float:
        """Altitude of the Sun."""
        return -self.scene.depression_deg(time_s)

    def expose(self, start_s: float, dit_s: float, *, probe: bool = False) -> Shot:
        """The exposure that opens at a time; the same for whoever takes it."""
        sky_e, floor_e = self.sky.twilight_e(start_s, dit_s), self.sky.floor_e_s * dit_s
        rng = np.random.default_rng((self.seed, round((start_s + SPAN_S) * 1e4), round(dit_s * 1e4)))
        raw = self.detector.frame(sky_e, floor_e, dit_s, rng)
        signal_e = sky_e + floor_e + self.sky.dark_e_s * dit_s
        return Shot(start_s, dit_s, LIMITS.level_fraction(signal_e), sky_e / (sky_e + floor_e), raw, probe)

    def noise(self, purpose: str) -> np.random.Generator:
        """Random numbers of their own for a purpose."""
        return np.random.default_rng((self.seed, *purpose.encode()))

    def _useful(self) -> tuple[float, float]:
        """First and last opening at which a clear sky can give a flat."""
        clear = self.sky.clear()
        times = np.arange(-0.6 * SPAN_S, 0.6 * SPAN_S, 30.0).tolist()
        useful = [t for t in times if flat_dit(clear, t) is not None]
        return _edge(clear, useful[0], -30.0), _edge(clear, useful[-1], 30.0)

    def _over(self) -> float:
        """The last opening that gives a flat as the sky really is: at dawn clouds prolong the useful time."""
        longer_s = 600.0 if self.scene.clouds else 10.0
        later = np.arange(self.last_s, self.last_s + longer_s, 1.0).tolist()
        return max([self.last_s, *(float(t) for t in later if flat_dit(self.sky, t) is not None)])


def _edge(clear: Sky, useful_s: float, step_s: float) -> float:
    """The last useful opening between a useful one and one that is not, a step further."""
    while abs(step_s) > 0.05:
        step_s *= 0.5
        if flat_dit(clear, useful_s + step_s) is not None:
            useful_s += step_s
    return useful_s


def flat_dit(sky: Sky, start_s: float, aim: float = 1.0) -> float | None:
    """For who knows the sky: the DIT that reaches `aim` times the target or, at a limit, still gives a flat."""
    wanted_e = LIMITS.signal_e(aim * TARGET)
    dit_s = sky.dit_for(start_s, wanted_e, LIMITS.max_dit_s)
    dit_s = min(max(dit_s, LIMITS.min_dit_s), LIMITS.max_dit_s)
    sky_e = sky.twilight_e(start_s, dit_s)
    light_e = sky_e + sky.floor_e_s * dit_s
    level = LIMITS.level_fraction(light_e + sky.dark_e_s * dit_s) / TARGET
    # The small term forgives the rounding of a level that is aimed at the very edge.
    if abs(level - 1.0) > TOLERANCE + 1e-6 or sky_e < USEFUL_SHARE * light_e:
        return None
    return dit_s
