"""Scenes, and the nights drawn from them: what every controller meets alike."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np

from .detector import LIMITS, TARGET, TARGET_E, TOLERANCE, Detector, Raw
from .sky import (
    EFOLD_S,
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
CLOUDS = {
    "": None,
    "thin": Clouds(sigma=0.12, memory_s=40.0),
    "thick": Clouds(sigma=0.22, memory_s=150.0),
    "thin passing": Clouds(sigma=0.12, memory_s=40.0, both=True),
    "thick passing": Clouds(sigma=0.22, memory_s=150.0, both=True),
    "slow": Clouds(sigma=0.4, memory_s=600.0, both=True),
    "fast cirrus": Clouds(sigma=0.12, memory_s=3.0, both=True),
}
"""Thin and thick are such that pyobs-core keeps about 84 % (dusk) and 80 % (dawn) of the oracle, as published for it;
the same come and go in both directions; slow ones thin out or gather within a twilight; cirrus goes faster than a
read-out lasts. Assumed."""
LIE_SHARE = 0.15
"""Share of exposures a lying detector calls saturated."""
FLASH_GAP_S, FLASH_TARGETS = 150.0, (0.3, 3.0)
"""Mean time between flashes of a lamp, and their light in targets."""
BEFORE_S, AFTER_S = {"dusk": 600.0, "dawn": 900.0}, {"dusk": 1570.0, "dawn": 600.0}
"""How long the night lasts before the first and after the last useful moment."""
SPAN_S = 4000.0

Time = TypeVar("Time", float, Vector)

WAYS = ("dusk", "dawn")
LAWS: dict[str, LogLaw] = {"exponential": exponential, "Patat V": patat}


@dataclass(frozen=True)
class Scene:
    """A kind of twilight: law, direction, seconds between closing and opening, and what else is in it.

    `believed` is the rate that is believed over the night's (1: usually known); `told` whether the floor is; `stars`
    the share of pixels with a star; `lies`: frames of any level are called saturated; `flashes`: a lamp does.
    """

    law: str
    direction: str
    overhead_s: float
    clouds: str = ""
    floor: bool = False
    believed: float = 1.0
    told: bool = True
    stars: float = 0.0
    lies: bool = False
    flashes: bool = False

    @property
    def name(self) -> str:
        """As printed."""
        extras = {
            f"{self.clouds} clouds": self.clouds,
            "thermal floor" if self.told else "untold floor": self.floor,
            f"believed {self.believed:g} times as bright": self.believed != 1.0,
            f"{100 * self.stars:g} % stars": self.stars,
            "lying detector": self.lies,
            "lamp flashes": self.flashes,
        }
        return ", ".join([self.direction, self.law, f"{self.overhead_s:g} s", *(k for k, v in extras.items() if v)])

    @property
    def plain(self) -> bool:
        """Nothing but a clear sky, usually known."""
        return self == Scene(self.law, self.direction, self.overhead_s)

    @property
    def weather(self) -> Clouds | None:
        """Its clouds."""
        return CLOUDS[self.clouds]

    @property
    def margin_s(self) -> float:
        """How far beyond the clear sky's useful time there may be flats: clouds of both signs by 2.5 sigma."""
        return 10.0 + (2.5 * EFOLD_S * self.weather.sigma if self.weather and self.weather.both else 0.0)

    def depression_deg(self, time_s: Time) -> Time:
        """Depression of the Sun; at dusk it grows."""
        return FIRST_DEPRESSION_DEG + SUN_SPEED_DEG_S * (time_s if self.direction == "dusk" else -time_s)

    def log_shape(self, time_s: float) -> float:
        """ln of the nominal rate over TARGET_E in the minimum DIT: what is believed beforehand."""
        return math.log(self.believed) + float(LAWS[self.law](self.depression_deg(time_s)))


def scenes() -> list[Scene]:
    """The scenes everybody observes, the plain ones first."""
    plain = [Scene(law, way, gap) for gap, law, way in product((5.0, 1.0, 16.0), LAWS, WAYS)]
    clouds = [Scene("exponential", way, 5.0, clouds=kind) for kind, way in product(("thin", "thick"), WAYS)]
    return plain + clouds + [Scene("exponential", way, 5.0, floor=True) for way in WAYS]


def kinds() -> list[Scene]:
    """What nobody tuned for: clouds of both signs, wrong priors, stars, an untold floor, a lying detector, a lamp."""
    clouds = [{"clouds": kind} for kind in ("thin passing", "thick passing", "slow", "fast cirrus")]
    priors = [{"believed": factor} for factor in (0.25, 0.5, 2.0, 4.0)]
    stars = [{"stars": share} for share in (0.002, 0.02)]
    others = [{"floor": True, "told": False}, {"lies": True}, {"flashes": True}]
    return [
        Scene("exponential", way, 5.0, **what)  # type: ignore[arg-type]
        for what, way in product([*clouds, *priors, *stars, *others], WAYS)
    ]


@dataclass
class Shot:
    """One exposure: what it was, what the truth is, and whether its taker kept it as a flat.

    `floor_e_s` is the thermal floor its taker predicted, 0 if none; `flagged`: the detector calls it saturated.
    """

    start_s: float
    dit_s: float
    level_fraction: float
    share: float
    raw: Raw
    probe: bool = False
    kept: bool = False
    floor_e_s: float = 0.0
    flagged: bool = False

    @property
    def error(self) -> float:
        """Relative distance of the true level from the target."""
        return self.level_fraction / TARGET - 1.0

    @property
    def flat(self) -> bool:
        """Whether it truly is a flat: level in the tolerance, enough twilight in it, not called saturated."""
        return abs(self.error) <= TOLERANCE and self.share >= USEFUL_SHARE and not self.flagged


class Night:
    """One twilight of a scene: the sky, the detector, and when it begins and ends."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene, self.seed = scene, seed
        rng = np.random.default_rng((seed, 1))
        throughput, slope, floor = rng.standard_normal(3) * (THROUGHPUT_SIGMA, SLOPE_SIGMA, FLOOR_SIGMA)
        if scene.believed != 1.0:
            throughput = 0.0
        times = np.arange(-SPAN_S, SPAN_S, STEP_S)
        depression = scene.depression_deg(times)
        logs = np.log(TARGET_E / LIMITS.min_dit_s) + throughput + (1.0 + slope) * LAWS[scene.law](depression)
        self.sky = Sky.made(
            np.exp(logs),
            times,
            rng,
            scene.weather,
            FLOOR_E_S * math.exp(floor) if scene.floor else 0.0,
            LIMITS.dark_rate_e_s,
        )
        self.flashes = self._flashes()
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
        sky_e += sum(light_e for at_s, light_e in self.flashes if start_s <= at_s < start_s + dit_s)
        rng = np.random.default_rng((self.seed, round((start_s + SPAN_S) * 1e4), round(dit_s * 1e4)))
        raw = self.detector.frame(sky_e, floor_e, dit_s, rng, self.scene.stars)
        signal_e = sky_e + floor_e + self.sky.dark_e_s * dit_s
        shot = Shot(start_s, dit_s, LIMITS.level_fraction(signal_e), sky_e / (sky_e + floor_e), raw, probe)
        shot.flagged = self.scene.lies and float(rng.random()) < LIE_SHARE
        return shot

    def noise(self, purpose: str) -> np.random.Generator:
        """Random numbers of their own for a purpose."""
        return np.random.default_rng((self.seed, *purpose.encode()))

    def _flashes(self) -> list[tuple[float, float]]:
        """When a lamp flashes, and its light in electrons."""
        if not self.scene.flashes:
            return []
        rng = self.noise("flashes")
        times = np.cumsum(rng.exponential(FLASH_GAP_S, int(2 * SPAN_S / FLASH_GAP_S))) - SPAN_S
        return [(float(at_s), float(rng.uniform(*FLASH_TARGETS)) * TARGET_E) for at_s in times]

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
