"""Where the frames of a run go when they are stored: to the reduction, or nowhere, as of a rehearsal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sequencer.reduction import FrameNotice
from sequencer.reduction.contract import ProductRecord


class Feed(Protocol):
    """Hands stored frames to the reduction; see `reduction.external.feed.AttachedFeed`."""

    on_alarm: Callable[[str], None]
    on_product: Callable[[ProductRecord], None]

    @property
    def reduces(self) -> bool:
        """Whether products may be expected of it."""
        ...

    @property
    def lag(self) -> int:
        """Frames offered and not yet taken."""
        ...

    async def start(self) -> None:
        """Begin, without waiting for anybody."""
        ...

    def offer(self, notice: FrameNotice) -> None:
        """Tell of a stored frame."""
        ...

    async def template_ended(self, template_index: int, name: str) -> list[ProductRecord]:
        """Have the frames of a template reduced; its products."""
        ...

    async def finish(self) -> None:
        """Wait for what takes longer than its template."""
        ...

    async def close(self) -> None:
        """End it."""
        ...


class NoReduction:
    """The feed of a run that reduces nothing: of a rehearsal there are no pixels."""

    reduces = False
    lag = 0

    def __init__(self) -> None:
        self.on_alarm: Callable[[str], None] = lambda text: None
        self.on_product: Callable[[ProductRecord], None] = lambda record: None

    async def start(self) -> None:
        """Nothing begins."""

    def offer(self, notice: FrameNotice) -> None:
        """Nobody takes it."""

    async def template_ended(self, template_index: int, name: str) -> list[ProductRecord]:
        """No products."""
        return []

    async def finish(self) -> None:
        """Nothing is waited for."""

    async def close(self) -> None:
        """Nothing ends."""
