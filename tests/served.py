"""A device server that answers while the test itself waits: from a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.patience import HANG_S


@contextmanager
def served(server: Any) -> Iterator[str]:
    """Its endpoint, meanwhile; `server` is a wire server or a device's."""
    ready, over = threading.Event(), threading.Event()

    async def serve() -> None:
        await server.start()
        ready.set()
        await asyncio.get_running_loop().run_in_executor(None, over.wait)
        await server.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(HANG_S)
        yield server.endpoint
    finally:
        over.set()
        thread.join()
