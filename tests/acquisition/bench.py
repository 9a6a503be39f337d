"""One detector's frame sender on a real socket and one acquisition, on virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import zmq.asyncio

from sequencer.acquisition import Acquisition
from sequencer.clock import VirtualClock
from sequencer.wire.frames import FrameSender

from .support import DAWN_S, dictionary, instrument


class Bench:
    """One detector's frame sender and one acquisition on virtual time."""

    def __init__(self, folder: Path, clock: VirtualClock, context: Any, **options: Any) -> None:
        self.clock = clock
        self.context = context
        self.raw = folder / "raw"
        self.told: list[tuple[str, str]] = []
        self.sender = FrameSender("inproc://frames", clock, context=context)
        self.acquisition = self.new_acquisition(**options)

    def new_acquisition(
        self, required: dict[str, list[str]] | None = None, layout: str = "extensions"
    ) -> Acquisition:
        return Acquisition(
            self.raw,
            self.clock,
            instrument(layout),
            context=self.context,
            on_unplanned=lambda header, text: self.told.append((header.exposure, text)),
            keywords=dictionary(required),
        )

    async def attach(self, acquisition: Acquisition | None = None) -> None:
        await (acquisition or self.acquisition).attach_endpoint("detector LM", self.sender.endpoint)

    async def settle(self) -> None:
        """Let every message under way arrive."""
        await self.clock.sleep(1.0, "test")

    def files(self) -> list[str]:
        return sorted(path.name for path in self.raw.iterdir())


def on_bench(folder: Path, work: Callable[[Bench], Awaitable[None]], **options: Any) -> None:
    clock = VirtualClock(DAWN_S)

    async def main() -> None:
        with zmq.asyncio.Context() as context:
            bench = Bench(folder, clock, context, **options)
            await bench.sender.start()
            await bench.attach()
            try:
                await work(bench)
            finally:
                await bench.acquisition.close()
                await bench.sender.stop()

    clock.run(main())
