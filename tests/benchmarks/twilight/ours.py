"""Our controller on a night, as a template drives it: asked, exposing, telling the level."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Literal

from sequencer.exposure import (
    SHAPED_SLOPE_NOISE_PER_S3,
    SHAPED_SLOPE_SIGMA_PER_S,
    DitList,
    Expose,
    ExposureController,
    LevelPlan,
    RatePrior,
    Stop,
    constant_rate,
)

from .detector import LIMITS, TARGET, TARGET_E, TOLERANCE, level_e
from .nights import FLOOR_E_S, FLOOR_SIGMA, THROUGHPUT_SIGMA, USEFUL_SHARE, Night, Scene, Shot

DIRECTIONS: dict[str, Literal["EVENING", "MORNING"]] = {"dusk": "EVENING", "dawn": "MORNING"}
DITS = DitList.log_spaced(LIMITS)


@dataclass
class Watch:
    """How long answers took in s of CPU time."""

    answers_s: list[float] = field(default_factory=list)


def controller(scene: Scene, *, listed: bool) -> ExposureController:
    """A controller that knows the nominal law and throughput, and how wrong they usually are."""
    prior = RatePrior(
        constant_rate(TARGET_E / LIMITS.min_dit_s),
        relative_sigma=THROUGHPUT_SIGMA,
        log_shape=scene.log_shape,
        log_slope_sigma_per_s=SHAPED_SLOPE_SIGMA_PER_S,
        slope_noise_per_s3=SHAPED_SLOPE_NOISE_PER_S3,
        floor_e_s=FLOOR_E_S if scene.floor and scene.told else 0.0,
        floor_sigma=FLOOR_SIGMA if scene.floor and scene.told else 0.0,
    )
    plan = LevelPlan(
        "LEVEL",
        DIRECTIONS[scene.direction],
        target_fraction=TARGET,
        tolerance=TOLERANCE,
        twilight_share_min=USEFUL_SHARE if scene.floor else 0.0,
    )
    return ExposureController(
        LIMITS, prior, plan, overhead_s=scene.overhead_s, dit_list=DITS if listed else None
    )


def observe(night: Night, watch: Watch, *, listed: bool = False) -> list[Shot]:
    """All exposures of a night; the good ones are kept."""
    watched, scene = controller(night.scene, listed=listed), night.scene
    # The shutter opens an overhead after the question, so that the first opening is at the beginning.
    time_s, taken = night.begin_s - scene.overhead_s, list[Shot]()
    while time_s < night.end_s:
        before = time.thread_time()
        answer = watched.next(time_s, night.sun_altitude_deg(time_s))
        watch.answers_s.append(time.thread_time() - before)
        if isinstance(answer, Stop):
            break
        if not isinstance(answer, Expose):
            time_s += answer.seconds
            continue
        opening_s = time_s + scene.overhead_s
        shot = night.expose(opening_s, answer.dit_s, probe=answer.probe)
        shot.floor_e_s = watched.learned(opening_s).floor_factor * FLOOR_E_S if scene.floor else 0.0
        judged = watched.record(
            opening_s, answer.dit_s, level_e(shot.raw), probe=answer.probe, saturated=shot.flagged
        )
        shot.kept = judged.good and not answer.probe
        taken.append(shot)
        time_s = opening_s + answer.dit_s
    return taken
