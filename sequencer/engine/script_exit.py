"""`sys.exit()` wherever a script says it: it ends the script, never the event loop that makes everything safe."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class Exits:
    """Ends the task of a script when another task calls `sys.exit()`; `left` is the SystemExit, once there is one."""

    def __init__(self) -> None:
        self.left: SystemExit | None = None

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Meanwhile tasks that begin may call `sys.exit()`, which asyncio would let through to who runs the loop."""
        loop, script = asyncio.get_running_loop(), asyncio.current_task()
        before = loop.get_task_factory()

        def factory(
            loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T], **options: Any
        ) -> asyncio.Task[T]:
            task = asyncio.Task(self._contained(coroutine, script), loop=loop, **options)
            # one cancelled before it began never gets to await it, which Python would call a mistake
            task.add_done_callback(lambda _: coroutine.close())
            return task

        loop.set_task_factory(factory)  # type: ignore[arg-type]
        try:
            yield
        finally:
            loop.set_task_factory(before)

    async def _contained(self, coroutine: Coroutine[Any, Any, T], script: asyncio.Task[Any] | None) -> T:
        try:
            return await coroutine
        except SystemExit as left:
            self.left = self.left or left
            if script is not None:
                script.cancel()
            raise asyncio.CancelledError from left
