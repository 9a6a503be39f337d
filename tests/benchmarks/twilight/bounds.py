"""What is possible: the oracle, the ideal forecaster, and the largest number of flats there can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from sequencer.exposure import DitList

from .detector import LIMITS, TOLERANCE
from .nights import Night, Shot, flat_dit
from .sky import SKY_NOISE_S, STEP_S, Sky, log_weather

LOOK_S = 1.0
"""How often one who waits looks again."""

Chooser = Callable[[float], float | None]
"""The DIT for an opening at a time, or None to wait."""


def oracle(night: Night) -> list[Shot]:
    """Knows the sky to come: every frame at the target, at the limits of the DIT inside the tolerance."""
    return _taken(night, lambda time_s: flat_dit(night.sky, time_s))


def forecaster(night: Night, dits: DitList | None = None) -> list[Shot]:
    """Knows law, noise and clouds up to the middle of its last exposure, and how they wander on.

    Its DITs are free or the nearest of a list.
    """
    taken: list[Shot] = []

    def choose(time_s: float) -> float | None:
        known_s = taken[-1].start_s + 0.5 * taken[-1].dit_s if taken else time_s - night.scene.overhead_s
        # Who waits looks at the sky meanwhile.
        known_s = max(known_s, time_s - night.scene.overhead_s - 0.5 * LIMITS.max_dit_s)
        dit_s = flat_dit(_foreseen(night.sky, known_s, time_s), time_s)
        return dits.nearest(dit_s) if dits and dit_s else dit_s

    _taken(night, choose, taken)
    return taken


def most_flats(night: Night) -> int:
    """The greedy optimum: back to back as early as allowed, each as short as the tolerance allows.

    In a fading sky an earlier start always ends earlier, so nothing is better; a rising one is run backwards.
    Without clouds only; a lamp's flashes and what a detector says are not in it.
    """
    sky = night.sky if night.scene.direction == "dusk" else night.sky.mirrored()
    begin_s, end_s = _searched(night)
    if night.scene.direction == "dawn":
        # A frame that ends useful begins, seen backwards, before the first useful opening.
        begin_s, end_s = -end_s - LIMITS.min_dit_s, -begin_s
    count, time_s = 0, begin_s
    while time_s < end_s:
        dit_s = flat_dit(sky, time_s, 1.0 - TOLERANCE)
        if dit_s is None:
            time_s += 0.1
            continue
        count += 1
        time_s += dit_s + night.scene.overhead_s
    return count


def _searched(night: Night) -> tuple[float, float]:
    """The useful time and a little more, as the sky's unrest and its clouds move its ends."""
    return night.first_s - night.scene.margin_s, night.last_s + night.scene.margin_s


def _taken(night: Night, choose: Chooser, taken: list[Shot] | None = None) -> list[Shot]:
    """Exposures as chosen, from the night's beginning to its end; whoever chooses keeps what truly is a flat."""
    taken = [] if taken is None else taken
    time_s, end_s = _searched(night)
    while time_s < end_s:
        dit_s = choose(time_s)
        if dit_s is None:
            time_s += LOOK_S
            continue
        shot = night.expose(time_s, dit_s)
        shot.kept = shot.flat
        taken.append(shot)
        time_s += dit_s + night.scene.overhead_s
    return taken


def _foreseen(sky: Sky, known_s: float, opening_s: float) -> Sky:
    """The sky around an opening as one expects it who knows all up to a time: the median of what may come."""
    first = int(np.searchsorted(sky.times, opening_s)) - 2
    window = slice(first, first + int(LIMITS.max_dit_s / STEP_S) + 6)
    ahead_s = np.maximum(sky.times[window] - known_s, 0.0)
    now = [float(np.interp(known_s, sky.times, path)) for path in (sky.unrest, sky.cloud)]
    memory_s = sky.clouds.memory_s if sky.clouds else SKY_NOISE_S
    weather = log_weather(
        now[0] * np.exp(-ahead_s / SKY_NOISE_S), now[1] * np.exp(-ahead_s / memory_s), sky.clouds
    )
    law = sky.law[window] * np.exp(weather)
    return replace(sky, times=sky.times[window], law=law, summed=np.cumsum(law) * STEP_S)
