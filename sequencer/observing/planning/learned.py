"""What earlier nights taught of filters and of durations, in a small file the operator can read, edit and delete."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from sequencer.config.problems import ConfigErrors, Problem
from sequencer.config.structure import convert
from sequencer.config.yaml_reader import Located, read_yaml
from sequencer.durations import RunDurations, Spread

NIGHT_TO_NIGHT_SIGMA = 0.1
"""How much the throughput changes from one night to the next, 1 sigma: mirrors, water vapour. Assumed."""

HEAD = """\
# What earlier nights taught: measured over predicted background rate, by camera and filter.
# The next run begins with it. Delete a line, or the whole file, to forget.
"""

DURATIONS_HEAD = (
    "# How long things took, by run and kind of step: how many, their mean and standard deviation in s."
)


class Throughput(Struct, forbid_unknown_fields=True, frozen=True):
    """Measured over predicted rate of one filter, its relative 1 sigma, from how many frames of which run."""

    throughput: float
    relative_sigma: float
    frames: int
    run: str


Nights = dict[str, dict[str, Throughput]]
"""Camera -> filter -> throughput."""

Runs = Mapping[str, RunDurations]
"""Run -> kind of step -> how long it took; oldest first."""


class _File(Struct, forbid_unknown_fields=True, frozen=True):
    deployment: str
    learned: Nights
    durations: dict[str, dict[str, Spread]] = {}


class Taught(NamedTuple):
    """What the file of a deployment holds: throughputs by filter, and how long things took in each run."""

    rates: Nights
    durations: Runs


def read_taught(path: Path | None, deployment: str) -> Taught:
    """What earlier nights taught; nothing when there is no file.

    Raises ConfigErrors for a file that is damaged, holds impossible figures or is of another deployment: what
    simulators taught is not for real hardware.
    """
    if path is None or not path.exists():
        return Taught({}, {})
    located = read_yaml(path)
    value, problems = convert(located, _File)
    if value is None:
        raise ConfigErrors(problems)
    if value.deployment != deployment:
        text = f"is of deployment {value.deployment}, not of {deployment}; use another file"
        raise ConfigErrors([Problem(str(path), located.line(("deployment",)), text)])
    if wrong := list(_impossible(located, value)):
        raise ConfigErrors(wrong)
    return Taught(value.learned, value.durations)


def _impossible(located: Located, value: _File) -> Iterator[Problem]:
    for camera, filters in value.learned.items():
        for name, item in filters.items():
            if not (0.0 < item.throughput < math.inf and 0.0 <= item.relative_sigma < math.inf):
                text = f"learned.{camera}.{name}: impossible: {item.throughput:g}"
                yield located.problem(("learned", camera, name), text)
    for run, steps in value.durations.items():
        for key, told in steps.items():
            if not (told.n > 0 and 0.0 <= told.mean_s < math.inf and 0.0 <= told.sd_s < math.inf):
                text = f"durations.{run}.{key}: impossible: {told.n} of {told.mean_s:g} +- {told.sd_s:g} s"
                yield located.problem(("durations", run, key), text)


def write_learned(
    path: Path,
    deployment: str,
    learned: Mapping[str, Mapping[str, Throughput]],
    durations: Runs | None = None,
) -> None:
    """Write the file anew, whole or not at all."""
    lines = [f"{HEAD}deployment: {deployment}", "learned:" if any(learned.values()) else "learned: {}"]
    for camera, filters in sorted(learned.items()):
        lines += [f"  {camera}:"] if filters else []
        lines += [f'    "{name}": {_flow(item)}' for name, item in sorted(filters.items())]
    if durations:
        lines += [DURATIONS_HEAD, "durations:"]
    for run, steps in (durations or {}).items():
        lines += [f'  "{run}":', *(f'    "{key}": {_spread(told)}' for key, told in sorted(steps.items()))]
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


def merged(before: Nights, tonight: Nights) -> Nights:
    """The file's new content: tonight's filters replace those of earlier nights, the others stay."""
    cameras = {*before, *tonight}
    return {camera: {**before.get(camera, {}), **tonight.get(camera, {})} for camera in cameras}


def tonight_sigma(item: Throughput) -> float:
    """Relative 1 sigma of a throughput on another night than the one that taught it."""
    return math.hypot(item.relative_sigma, NIGHT_TO_NIGHT_SIGMA)


def _spread(told: Spread) -> str:
    return f"{{n: {told.n}, mean_s: {told.mean_s:.3f}, sd_s: {told.sd_s:.3f}}}"


def _flow(item: Throughput) -> str:
    figures = f"throughput: {item.throughput:.4f}, relative_sigma: {item.relative_sigma:.4f}"
    return f'{{{figures}, frames: {item.frames}, run: "{item.run}"}}'
