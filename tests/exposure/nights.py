"""Skies that know the truth, and a loop that lets a controller observe them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from sequencer.exposure import DetectorLimits, Expose, ExposureController, Stop, Verdict, Wait

LM = DetectorLimits(
    1e5, 0.04, 100.0, read_noise_e=70.0, linearity_k=0.03, dark_rate_e_s=0.05, dit_grid_s=1e-4
)
OPTICAL = DetectorLimits(
    1e5, 0.1, 30.0, read_noise_e=5.0, linearity_k=0.02, dark_rate_e_s=1.0, dit_grid_s=1e-3
)


def lp(airmass: float, temperature_k: float | None = None) -> float:
    """Published thermal background of METIS Lp; 4 % more per kelvin."""
    warmer_k = 0.0 if temperature_k is None else temperature_k - 280.15
    return (2.006e5 + 3.646e4 * airmass**0.845) * 1.04**warmer_k


@dataclass
class Frame:
    asked_s: float
    start_s: float
    answer: Expose
    fraction: float
    predicted: float
    verdict: Verdict
    airmass: float


@dataclass
class Night:
    """A sky, rate(time_s, airmass) in e-/s, seen by a detector `overhead_s` after the question."""

    rate: Callable[[float, float], float]
    limits: DetectorLimits
    overhead_s: float = 2.0
    noise: float = 0.0
    seed: int = 1

    def level_e(self, start_s: float, dit_s: float, airmass: float) -> float:
        """Median level of a frame: Simpson's rule over the DIT, dark, response, full well, sky noise."""
        times = np.linspace(start_s, start_s + dit_s, 41)
        rates = np.array([self.rate(float(t), airmass) for t in times])
        weights = np.array([1.0, *([4.0, 2.0] * 20)[:-1], 1.0]) / 120.0
        signal = (float(rates @ weights) + self.limits.dark_rate_e_s) * dit_s
        draw = np.random.default_rng((self.seed, int(start_s * 1e3))).standard_normal()
        return self.limits.level_fraction(signal * (1.0 + self.noise * draw)) * self.limits.full_well_e

    def frames(
        self,
        controller: ExposureController,
        start_s: float = 0.0,
        airmasses: tuple[float, ...] = (1.0,),
        each: int = 10,
        waits: list[Wait] | None = None,
        limit: int = 2000,
    ) -> Iterator[Frame | Stop]:
        """Observe `each` frames (probes apart) at every airmass; ends with the Stop if there is one."""
        time_s = start_s
        for airmass in airmasses:
            done = 0
            while done < each:
                limit -= 1
                assert limit > 0, "the controller never ends"
                answer = controller.next(time_s, -12.0, airmass)
                if isinstance(answer, Stop):
                    yield answer
                    return
                if isinstance(answer, Wait):
                    if waits is not None:
                        waits.append(answer)
                    time_s += answer.seconds
                    continue
                opening_s = time_s + self.overhead_s
                level_e = self.level_e(opening_s, answer.dit_s, airmass)
                predicted = controller.predict_fraction(answer.dit_s, opening_s, airmass)
                judged = controller.record(
                    opening_s, answer.dit_s, level_e, ndit=answer.ndit, probe=answer.probe, airmass=airmass
                )
                fraction = level_e / self.limits.full_well_e
                yield Frame(time_s, opening_s, answer, fraction, predicted, judged, airmass)
                time_s = opening_s + answer.dit_s
                done += not answer.probe


def fading(rate_e_s: float, tau_s: float) -> Callable[[float, float], float]:
    return lambda time_s, airmass: rate_e_s * math.exp(-time_s / tau_s)


def split(results: list[Frame | Stop]) -> tuple[list[Frame], list[Frame], Stop | None]:
    """Probes, science frames, and the Stop at the end if there is one."""
    frames = [result for result in results if isinstance(result, Frame)]
    stops = [result for result in results if isinstance(result, Stop)]
    probes = [frame for frame in frames if frame.answer.probe]
    return probes, [frame for frame in frames if not frame.answer.probe], stops[0] if stops else None
