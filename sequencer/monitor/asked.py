"""How many flats were asked for, how many of them are missing, and which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sequencer.monitor.lines import short
from sequencer.monitor.story import Data, Story

SKY = ("flat", "ladder")
AIRMASS_APART = 0.1
"""Frames so near to a level's airmass are of that level: less than two levels are ever apart (assumed)."""


@dataclass(frozen=True)
class Asked:
    """Flats and ladder frames of all twilight templates that began: asked for, and good."""

    flats: int
    good: int

    @property
    def missing(self) -> int:
        """How many were asked for and are not there."""
        return max(self.flats - self.good, 0)

    def __str__(self) -> str:
        return f"{self.missing} of {self.flats} flats asked for are missing" if self.missing else ""


def asked(story: Story) -> Asked:
    """What a run was asked for, by its plans."""
    good = sum(
        frame.data["kind"] in SKY and frame.data["verdict"] == "good" for frame in story.frames
    )
    return Asked(sum(plan.get("asked", 0) for plan in story.plans), good)


def missing_series(story: Story) -> Iterator[str]:
    """The planned series with fewer good frames than asked for: `LM Mp at airmass 1, 2: no flat`."""
    nothing: dict[tuple[str, ...], list[str]] = {}
    for camera, name, airmass, kind in _series(story):
        frames = [frame.data for frame in story.frames if _of(frame.data, camera, name, airmass, kind)]
        good = sum(frame["verdict"] == "good" for frame in frames)
        wanted = max((frame["wanted"] for frame in frames), default=0)
        if not good:
            nothing.setdefault((camera, name, kind), []).append(short(airmass, 2))
        elif good < wanted:
            yield f"{camera} {name} at airmass {short(airmass, 2)}: {good} of {wanted} good ({kind})"
    for (camera, name, kind), levels in nothing.items():
        yield f"{camera} {name} at airmass {', '.join(levels)}: no {kind}"


def _series(story: Story) -> list[tuple[str, str, float, str]]:
    """Camera, filter, airmass asked for and kind of all that was planned on the sky, in order."""
    rows = [row for plan in story.plans for row in plan["rows"] if row["kind"] in SKY]
    return list(
        dict.fromkeys((row["camera"], row["filter"], float(row["requested_airmass"]), row["kind"]) for row in rows)
    )


def _of(frame: Data, camera: str, name: str, airmass: float, kind: str) -> bool:
    return (frame["camera"], frame["filter"], frame["kind"]) == (camera, name, kind) and (
        abs(frame["airmass"] - airmass) < AIRMASS_APART
    )
