"""How well the sky was used: each series of flats against the shortest time its good frames could have taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median

from sequencer.monitor.story import Data, Moment, Story


@dataclass(frozen=True)
class Series:
    """The flats of one filter at one airmass: how many were good and wanted, what else was exposed, and the times.

    `taken_s` is from the first opening, a probe's too, to the last closing; `least_s` what the good frames take
    one right after the other, with the shortest gap between two frames of the camera in this run.
    """

    camera: str
    filter: str
    airmass: float
    good: int
    wanted: int
    wasted: int
    taken_s: float
    least_s: float

    @property
    def efficiency(self) -> float:
        """Least time over time taken, 0 to 1: 1 is the bound of an observer who knows the sky."""
        return self.least_s / self.taken_s if self.taken_s > 0.0 else 0.0


def flat_series(story: Story) -> list[Series]:
    """Every series of flats of a run, in order of time."""
    flats = [frame.data for frame in story.frames if frame.data["kind"] == "flat"]
    series = []
    for _, group in groupby(flats, key=lambda frame: (frame["camera"], frame["filter"], _level(frame))):
        series.append(_series(list(group), flats, story.probes))
    return series


def total(series: Sequence[Series]) -> float:
    """Efficiency of all series together; 0 for none."""
    taken_s = sum(one.taken_s for one in series)
    return sum(one.least_s for one in series) / taken_s if taken_s else 0.0


def _level(frame: Data) -> float:
    return round(float(frame["airmass"]), 1)


def _series(frames: list[Data], flats: list[Data], probes: list[Moment]) -> Series:
    first, last = frames[0], frames[-1]
    good = [frame for frame in frames if frame["verdict"] == "good"]
    own = _probes(first, flats, probes)
    begun_s = min([first["start_s"], *(probe.time_s - probe.data["dit_s"] for probe in own)])
    exposed_s = sum(frame["end_s"] - frame["start_s"] for frame in good)
    least_s = exposed_s + max(len(good) - 1, 0) * _gap(first["camera"], flats)
    return Series(
        first["camera"],
        first["filter"],
        median(frame["airmass"] for frame in frames),
        len(good),
        last["wanted"],
        len(frames) - len(good) + len(own),
        last["end_s"] - begun_s,
        least_s,
    )


def _probes(first: Data, flats: list[Data], probes: list[Moment]) -> list[Moment]:
    """The probes of a series: those of its filter since the flat before it."""
    before = [
        flat["end_s"]
        for flat in flats
        if flat["camera"] == first["camera"] and flat["end_s"] <= first["start_s"]
    ]
    since_s = max(before, default=float("-inf"))
    return [
        probe
        for probe in probes
        if since_s <= probe.time_s <= first["start_s"]
        and (probe.data["camera"], probe.data["filter"]) == (first["camera"], first["filter"])
    ]


def _gap(camera: str, flats: list[Data]) -> float:
    """The shortest time from one frame's closing to the next one's opening: the read-out."""
    own = [flat for flat in flats if flat["camera"] == camera]
    return min((later["start_s"] - one["end_s"] for one, later in pairwise(own)), default=0.0)
