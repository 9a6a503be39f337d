"""The feed of a run with attached stages: our own reduction is waited for, theirs never while a run goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

from sequencer.clock import Clock
from sequencer.config.stages import StageConfig
from sequencer.reduction.contract import ProductRecord
from sequencer.reduction.external.process import command, write_stages
from sequencer.reduction.feed import ReductionFeed

LATER = "run `sequencer reduce --deployment` later"


class AttachedFeed(ReductionFeed):
    """A ReductionFeed that has every template reduced by the attached stages as well, in a second process.

    `template_ended` returns our own products; `on_product` hears each one of a stage once it is there, and
    `finish` waits for them. `on_alarm` hears of both. Without stages it is a ReductionFeed.
    """

    def __init__(
        self, run_dir: Path, instrument_name: str, clock: Clock, stages: Mapping[str, StageConfig]
    ) -> None:
        super().__init__(run_dir, instrument_name, clock)
        self.on_product: Callable[[ProductRecord], None] = lambda record: None
        self._run_dir = run_dir
        self._instrument_name = instrument_name
        self._stages = stages
        self._attached: ReductionFeed | None = None
        self._in_turn = asyncio.Lock()
        self._turns: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start both processes; waits for none. Stages that cannot be attached are an alarm."""
        await super().start()
        if not self._stages:
            return
        try:
            command_line = command(write_stages(self._run_dir, self._stages))
        except OSError as error:
            self.on_alarm(f"no stages are attached: {error}; {LATER}")
            return
        self._attached = ReductionFeed(self._run_dir, self._instrument_name, self._clock, command_line)
        self._attached.on_alarm = lambda text: self.on_alarm(f"attached stages: {text}")
        await self._attached.start()

    async def template_ended(self, template_index: int, name: str) -> list[ProductRecord]:
        """As of the ReductionFeed; the attached stages have the template some time.

        Under virtual time they have it at once, so that every run goes alike.
        """
        products = await super().template_ended(template_index, name)
        if self._attached is not None:
            self._turns.append(asyncio.create_task(self._turn(self._attached, template_index, name)))
            if self._clock.kind == "virtual":
                await self.finish()
        return products

    async def finish(self) -> None:
        """Wait until the stages have had all templates that have ended. Their time limits bound it.

        Who does not want to wait cancels it and closes the feed.
        """
        if self._turns:
            done, _ = await asyncio.wait(self._turns)
            for turn in done:
                turn.result()

    async def close(self) -> None:
        """End both processes and their programs, done or not; an alarm tells of templates the stages did not have."""
        missing = [turn for turn in self._turns if not turn.done()]
        for turn in missing:
            turn.cancel()
        await asyncio.gather(*self._turns, return_exceptions=True)
        if self._attached is not None:
            await self._attached.close()
        if missing:
            self.on_alarm(f"attached stages: templates not reduced: {len(missing)}; {LATER}")
        await super().close()

    async def _turn(self, feed: ReductionFeed, template_index: int, name: str) -> None:
        """One template after the other: the feed's deadline is for silence, not for those who queue."""
        async with self._in_turn:
            for record in await feed.template_ended(template_index, name):
                self.on_product(record)
