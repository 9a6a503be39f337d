"""The one piece of work a device has in hand: a task that can be interrupted and always ends with a word."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from sequencer.wire.errors import CommandAborted, WireError


class Work:
    """A command at work. `ended` resolves when its outcome is settled and the hardware let go."""

    def __init__(self, cmd: str, doing: Awaitable[dict[str, Any]]) -> None:
        self.cmd = cmd
        self.interrupted_by = ""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._outcome: dict[str, Any] | BaseException = {}
        self._task = asyncio.ensure_future(doing)

    @property
    def interrupted(self) -> bool:
        """Whether the work was cut short; one that had finished, or finishes all the same, was not."""
        return self._task.done() and self._task.cancelled()

    def interrupt(self, by: str) -> None:
        """Cut the work short, on behalf of command `by`."""
        self.interrupted_by = by
        self._task.cancel()

    async def done(self) -> None:
        """Wait until the work is over, well or badly; when the waiter itself is cancelled, so is the work."""
        try:
            await asyncio.wait({self._task})
        except asyncio.CancelledError:
            self._task.cancel()
            await asyncio.wait({self._task})
            raise

    def result(self) -> dict[str, Any]:
        """What the finished work returned; raises what it raised."""
        return self._task.result()

    def end(self, outcome: dict[str, Any] | BaseException) -> None:
        """The outcome is settled: a result, or what is raised instead."""
        self._outcome = outcome
        self.ended.set_result(None)

    async def share(self) -> dict[str, Any]:
        """Wait for the outcome of work that somebody else asked for, and make it one's own."""
        await asyncio.wait({self.ended})
        if isinstance(self._outcome, dict):
            return self._outcome
        if isinstance(self._outcome, WireError):
            raise self._outcome
        raise CommandAborted(f"{self.cmd} ended with the server")
