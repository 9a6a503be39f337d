"""Signals that end a run: a hang-up of the terminal, Ctrl-C, a service that is stopped."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Signals:
    """Meanwhile (a context manager, in the main thread) these signals are heard instead of ending the program.

    While somebody listens he is told the name of each, inside his event loop; at other times one raises
    KeyboardInterrupt.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listener: Callable[[str], None] = lambda name: None

    def __enter__(self) -> Signals:
        self._before = {number: signal.signal(number, self._hear) for number in ENDING}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def heard_by(self, listener: Callable[[str], None]) -> Iterator[None]:
        """Meanwhile `listener` gets the signals, in the running event loop."""
        self._loop, self._listener = asyncio.get_running_loop(), listener
        try:
            yield
        finally:
            self._loop = None

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._loop is None:
            raise KeyboardInterrupt
        self._loop.call_soon_threadsafe(self._listener, signal.Signals(number).name)
