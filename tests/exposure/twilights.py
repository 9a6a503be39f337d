"""Whole twilights in a moment: a sky in closed form, an oracle that knows it, and a controller that does not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sequencer.exposure import (
    SHAPED_SLOPE_NOISE_PER_S3,
    SHAPED_SLOPE_SIGMA_PER_S,
    DetectorLimits,
    DitList,
    Expose,
    ExposureController,
    LevelPlan,
    RatePrior,
    Stop,
    Wait,
    constant_rate,
)

CAMERA = DetectorLimits(
    1e5, 1.0, 30.0, read_noise_e=5.0, linearity_k=0.02, dark_rate_e_s=1.0, dit_grid_s=1e-3
)
TARGET, TOLERANCE, SHARE = 0.5, 0.1, 0.5
FULL_E_S = CAMERA.signal_e(TARGET)
"""Rate that reaches the target in the minimum DIT."""

LOOK_S = 0.25


@dataclass
class Shot:
    start_s: float
    dit_s: float
    fraction: float
    share: float
    probe: bool = False
    verdict: str = ""

    @property
    def flat(self) -> bool:
        """Whether it truly is one."""
        return abs(self.fraction / TARGET - 1.0) <= TOLERANCE and self.share >= SHARE


@dataclass
class Twilight:
    """`u` FULL_E_S exp(-+ steeper t / tau) times a cloud's transmission, beside a floor: at dusk -, at dawn +.

    `u`, `steeper` and `floor_u` are what the night has different from what is believed.
    """

    evening: bool
    overhead_s: float
    seed: int = 0
    tau_s: float = 277.0
    u: float = 1.0
    steeper: float = 1.0
    floor_e_s: float = 0.0
    floor_u: float = 1.0
    noise: float = 0.002
    cloud: Callable[[float], float] | None = None

    def believed_log(self, time_s: float) -> float:
        return -time_s / self.tau_s if self.evening else time_s / self.tau_s

    def sky_e(self, start_s: float, dit_s: float) -> float:
        """Light of the twilight in an exposure; behind a cloud the mean of 20 short ones."""
        if self.cloud is not None:
            step_s, clear = dit_s / 20.0, replace(self, cloud=None)
            starts = [start_s + i * step_s for i in range(20)]
            return sum(self.cloud(t + 0.5 * step_s) * clear.sky_e(t, step_s) for t in starts)
        slope = self.steeper * self.believed_log(1.0)
        return self.u * FULL_E_S * math.exp(slope * start_s) * math.expm1(slope * dit_s) / slope

    def expose(self, start_s: float, dit_s: float) -> Shot:
        sky = self.sky_e(start_s, dit_s)
        floor = self.floor_u * self.floor_e_s * dit_s
        fraction = CAMERA.level_fraction(sky + floor + CAMERA.dark_rate_e_s * dit_s)
        return Shot(start_s, dit_s, fraction, sky / (sky + floor) if sky > 0.0 else 0.0)

    def known_dit(self, start_s: float) -> float | None:
        """For the oracle: the DIT for the target by bisection, or at its limit, if that gives a flat."""
        low, high = CAMERA.min_dit_s, CAMERA.max_dit_s
        for _ in range(30):
            middle = math.sqrt(low * high)
            low, high = (middle, high) if self.expose(start_s, middle).fraction < TARGET else (low, middle)
        return low if self.expose(start_s, low).flat else None

    def clear(self) -> Twilight:
        return replace(self, cloud=None)

    def window(self) -> tuple[float, float]:
        """First and last opening of a flat under a clear sky, to a second."""
        clear, times = self.clear(), range(-1200, 1700)
        sign = 1 if self.evening else -1
        useful = [sign * t for t in times[::20] if clear.known_dit(float(sign * t)) is not None]
        first, last = min(useful), max(useful)
        while clear.known_dit(float(first - 1)) is not None:
            first -= 1
        while clear.known_dit(float(last + 1)) is not None:
            last += 1
        return float(first), float(last)

    def oracle(self, window: tuple[float, float]) -> int:
        """Flats of one who knows the sky: the target whenever the DIT allows, its limits inside the tolerance."""
        count, time_s = 0, window[0]
        while time_s <= window[1]:
            dit_s = self.known_dit(time_s)
            count += dit_s is not None
            time_s += LOOK_S if dit_s is None else dit_s + self.overhead_s
        return count

    def prior(self, floor_sigma: float = 0.2) -> RatePrior:
        return RatePrior(
            constant_rate(FULL_E_S),
            log_slope_sigma_per_s=SHAPED_SLOPE_SIGMA_PER_S,
            slope_noise_per_s3=SHAPED_SLOPE_NOISE_PER_S3,
            log_shape=self.believed_log,
            floor_e_s=self.floor_e_s,
            floor_sigma=floor_sigma if self.floor_e_s else 0.0,
        )

    def controller(self, *, listed: bool = False, told_s: float | None = None) -> ExposureController:
        plan = LevelPlan("LEVEL", "EVENING" if self.evening else "MORNING", TARGET, TOLERANCE)
        return ExposureController(
            CAMERA,
            self.prior(),
            plan,
            overhead_s=self.overhead_s if told_s is None else told_s,
            dit_list=DitList.log_spaced(CAMERA) if listed else None,
        )

    def observe(
        self, watched: ExposureController, window: tuple[float, float], lead_s: float = 600.0
    ) -> tuple[list[Shot], Stop | None]:
        """All exposures, beginning `lead_s` before the window, and how it ended."""
        draw = np.random.default_rng(self.seed).standard_normal
        time_s, shots = window[0] - lead_s, list[Shot]()
        while time_s < window[1] + 1500.0:
            answer = watched.next(time_s, -8.0)
            if isinstance(answer, Stop):
                return shots, answer
            if isinstance(answer, Wait):
                time_s += answer.seconds
                continue
            shot = self.expose(time_s + self.overhead_s, answer.dit_s)
            self._tell(watched, answer, shot, float(draw()))
            shots.append(shot)
            time_s = shot.start_s + shot.dit_s
        return shots, None

    def _tell(self, watched: ExposureController, answer: Expose, shot: Shot, draw: float) -> None:
        """Noise of the sky moves level and truth alike."""
        shot.fraction = min(shot.fraction * (1.0 + self.noise * draw), 1.0)
        shot.probe = answer.probe
        level_e = shot.fraction * CAMERA.full_well_e
        shot.verdict = watched.record(shot.start_s, shot.dit_s, level_e, ndit=answer.ndit, probe=shot.probe).name


def kept(shots: list[Shot]) -> list[Shot]:
    """What counts as a flat."""
    return [shot for shot in shots if shot.verdict == "good" and not shot.probe]


def wasted(shots: list[Shot]) -> list[Shot]:
    return [shot for shot in shots if shot.probe or shot.verdict != "good"]


def nights(evening: bool, overhead_s: float, count: int, **what: float) -> list[Twilight]:
    """Nights whose throughput is off by 30 %, whose law is by 5 %, whose floor by 20 % (1 sigma)."""
    made = []
    for seed in range(count):
        u, law, floor = np.random.default_rng(seed).standard_normal(3).tolist()
        made.append(
            Twilight(
                evening,
                overhead_s,
                seed,
                u=math.exp(0.3 * u),
                steeper=1.0 + 0.05 * law,
                floor_u=math.exp(0.2 * floor),
                **what,
            )
        )
    return made
