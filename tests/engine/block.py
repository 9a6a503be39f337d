"""A control with its journal in virtual time, for tests of what operators ask of it."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from sequencer.clock import VirtualClock
from sequencer.engine.control import Control
from sequencer.engine.journal import Journal, read_journal

EPOCH_S = 1_805_533_200.0
RUNNING = ("validate", "start")

WAY_TO = {
    "Loaded": (),
    "Validated": ("validate",),
    "Running": RUNNING,
    "Paused": (*RUNNING, "pause"),
    "Suspended": (*RUNNING, "suspend"),
    "Safing": (*RUNNING, "make_safe"),
    "Completed": (*RUNNING, "make_safe", "complete"),
    "Stopped": (*RUNNING, "make_safe", "stop"),
    "Aborted": (*RUNNING, "make_safe", "abort"),
    "Failed": (*RUNNING, "make_safe", "fail"),
    "Halted": (*RUNNING, "halt"),
}

class Block:
    """A control with its journal, in virtual time; notes what it closes, aborts and cancels."""

    def __init__(self, folder: Path, clock: VirtualClock) -> None:
        self.clock = clock
        self.path = folder / "journal.sqlite"
        self.journal = Journal(self.path)
        self.control = Control(clock, self.journal)
        self.done: list[str] = []
        self.control.on_pause = self._note("light stop closed")
        self.control.abort_exposures = self._note("exposures aborted")
        self.control.cancel = lambda: self.done.append("cancelled")

    def _note(self, what: str) -> Callable[[], Awaitable[None]]:
        async def note() -> None:
            self.done.append(what)

        return note

    def enter(self, state: str) -> None:
        for trigger in WAY_TO[state]:
            self.control.trigger(trigger)
        assert self.control.state == state

    def written(self, kind: str) -> list[dict[str, Any]]:
        return [record.data for record in read_journal(self.path) if record.kind == kind]


def on_block(main: Callable[[Block], Awaitable[Any]]) -> Any:
    """Run `main(block)` in virtual time."""
    clock = VirtualClock(EPOCH_S, stall_s=10.0)
    with tempfile.TemporaryDirectory() as folder:

        async def whole() -> Any:
            block = Block(Path(folder), clock)
            try:
                return await main(block)
            finally:
                block.journal.close()

        return clock.run(whole())
