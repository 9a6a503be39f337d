"""Journals of runs that never were: steps and exposures that take what they are told to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Entry:
    """One record."""

    time_s: float
    kind: str
    data: dict[str, Any]


@dataclass
class Journal:
    """Writes records; `time_s` goes on by what things take."""

    time_s: float = 1000.0
    entries: list[Entry] = field(default_factory=list)
    count: int = 0

    def log(self, kind: str, /, **data: Any) -> None:
        self.entries.append(Entry(self.time_s, kind, data))

    def step(self, device: str, cmd: str, seconds: float, outcome: str = "completed", **args: Any) -> None:
        self.count += 1
        self.log("step", n=self.count, device=device, cmd=cmd, args=args)
        self.time_s += seconds
        self.log("step_done", n=self.count, outcome=outcome)

    def expose(
        self, seconds: float, dit_s: float = 1.0, kind: str = "dark", settle: int = 0, ready_s: float = 0.0,
        camera: str = "LM", template: int = 0,
    ) -> None:  # fmt: skip
        """An exposure that takes `seconds` in all, after `ready_s` of moves of the light stop."""
        if ready_s:
            self.time_s += ready_s
            self.log("light_stop", position="OPEN", role="shutter", seconds=ready_s)
        self.log("exposure", camera=camera, mode="fast", dit_s=dit_s, ndit=1, template=template, kind=kind,
                 settle=settle, ready_s=ready_s)  # fmt: skip
        self.time_s += seconds
        self.log("frame", camera=camera)

    def close(self, seconds: float) -> None:
        """The light stop closes."""
        self.time_s += seconds
        self.log("light_stop", position="CLOSED", role="shutter", seconds=seconds)

    def wait(self, seconds: float) -> None:
        self.time_s += seconds
