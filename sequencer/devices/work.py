"""The one piece of work a device has in hand: a task that can be interrupted and always ends with a word."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from sequencer.clock import Clock
from sequencer.wire.errors import CommandAborted, WireError

INTERRUPT_S = 30.0
"""Liveness seconds an interrupted task has to let go of the hardware (assumed)."""

AGAIN_S = 1.0
"""Liveness seconds after which a task that has not ended is cancelled again: time to clean up (assumed)."""


class Work:
    """A command at work. `ended` resolves when its outcome is settled and the hardware let go."""

    def __init__(self, cmd: str, doing: Coroutine[Any, Any, dict[str, Any]], clock: Clock) -> None:
        self.cmd = cmd
        self.interrupted_by = ""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._clock = clock
        self._outcome: dict[str, Any] | BaseException = {}
        self._task = asyncio.ensure_future(doing)

    @property
    def interrupted(self) -> bool:
        """Whether the work was cut short; one that had finished, or finishes all the same, was not."""
        return self._task.done() and self._task.cancelled()

    async def interrupt(self, by: str) -> None:
        """Cut the work short, on behalf of command `by`; returns when it has let go. Raises TimeoutError."""
        self.interrupted_by = by
        await cancel(self._task, self._clock, self.cmd, until=self.ended)

    async def done(self) -> None:
        """Wait until the work is over, well or badly; when the waiter itself is cancelled, so is the work."""
        try:
            await asyncio.wait({self._task})
        except asyncio.CancelledError:
            await cancel(self._task, self._clock, self.cmd)
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


async def cancel(
    task: asyncio.Task[Any], clock: Clock, key: str, *, until: asyncio.Future[None] | None = None
) -> None:
    """Cancel a task until it has ended, or until `until` resolves: code may swallow a cancellation.

    `asyncio.wait_for` does so on Python 3.11 when what it waits for ends in the same instant. Raises TimeoutError for a
    task that goes on for `INTERRUPT_S`.
    """
    ended = until or asyncio.get_running_loop().create_future()
    if until is None:
        task.add_done_callback(lambda _: None if ended.done() else ended.set_result(None))
    for _ in range(round(INTERRUPT_S / AGAIN_S)):
        task.cancel()
        try:
            await clock.wait_for(ended, AGAIN_S, key)
            return
        except TimeoutError:
            continue
    raise TimeoutError(f"{key}: still at work after {INTERRUPT_S:g} s")
