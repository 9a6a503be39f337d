"""How many flats were asked for, and how many of them are missing."""

from __future__ import annotations

from dataclasses import dataclass

from sequencer.monitor.story import Story


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
        frame.data["kind"] in ("flat", "ladder") and frame.data["verdict"] == "good" for frame in story.frames
    )
    return Asked(sum(plan.get("asked", 0) for plan in story.plans), good)
