"""Several motions at once, as one: all arrive, or the first failure ends the others."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any


async def together(motions: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run the motions at the same time. The first error cancels the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for motion in motions:
                group.create_task(motion)
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
