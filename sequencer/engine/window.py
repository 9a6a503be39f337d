"""Working inside a twilight: at its end the light is shut out, also in mid-exposure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from sequencer.engine.context import RunContext
from sequencer.engine.control import WindowOver
from sequencer.sky import Window


@asynccontextmanager
async def within(
    run: RunContext, window: Window, shut_out: Callable[[], Awaitable[None]]
) -> AsyncIterator[None]:
    """Meanwhile a guard watches for the end of the twilight, or --until, and then calls `shut_out`.

    Everything inside looks at the sky, and ends with WindowOver, which is caught here.
    """
    run.on_sky = True
    guard = asyncio.get_running_loop().create_task(_guard(run, window, shut_out))
    try:
        yield
    except WindowOver as over:
        run.alarm(
            str(over), "what is missing of the flats stays missing", "see the report for what was taken"
        )
        await guard  # the light stop is on its way
    finally:
        guard.cancel()
        run.control.window_over = ""
        run.on_sky = False


async def _guard(run: RunContext, window: Window, shut_out: Callable[[], Awaitable[None]]) -> None:
    end_s, reason = window.end_s, "the Sun has left its limits"
    if run.until_s is not None and run.until_s < end_s:
        end_s, reason = run.until_s, "the latest end allowed (--until) has come"
    await run.clock.sleep(end_s - run.clock.now(), "engine.guard")
    run.control.end_window(reason)
    await shut_out()
