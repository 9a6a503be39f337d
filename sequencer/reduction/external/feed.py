"""The engine's end of the attached stages: told when a template ends, never waited for while a run goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from sequencer.clock import Clock
from sequencer.reduction.contract import ProductRecord
from sequencer.reduction.external.process import command
from sequencer.reduction.external.settings import StageConfig
from sequencer.reduction.feed import ReductionFeed


class AttachedFeed:
    """Queues the templates that have ended for the process of the attached stages; nothing without stages.

    `on_product` hears every product once it is there, `on_alarm` one line for a process that died or is
    silent.
    """

    def __init__(
        self, run_dir: Path, instrument_name: str, clock: Clock, stages: Mapping[str, StageConfig]
    ) -> None:
        self.on_product: Callable[[ProductRecord], None] = lambda record: None
        self.on_alarm: Callable[[str], None] = lambda text: None
        self._clock = clock
        self._feed = ReductionFeed(run_dir, instrument_name, clock, command(stages)) if stages else None
        self._ended: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process; does not wait for it."""
        if self._feed is not None:
            self._feed.on_alarm = lambda text: self.on_alarm(f"attached stages: {text}")
            await self._feed.start()
            self._task = asyncio.create_task(self._work(self._feed))

    async def template_ended(self, template_index: int, name: str) -> None:
        """Have a template reduced some time. Under virtual time at once, so that every run goes alike."""
        if self._feed is not None:
            self._ended.put_nowait((template_index, name))
            if self._clock.kind == "virtual":
                await self.finish()

    async def finish(self) -> None:
        """Wait for all templates that have ended. The stages' time limits bound it."""
        await self._ended.join()

    async def close(self) -> None:
        """End the process and its programs, done or not."""
        if self._feed is not None and self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self._feed.close()

    async def _work(self, feed: ReductionFeed) -> None:
        """One request at a time: the feed's deadline is for silence, not for those who queue."""
        while True:
            index, name = await self._ended.get()
            for record in await feed.template_ended(index, name):
                self.on_product(record)
            self._ended.task_done()
