"""Several cameras at work at the same time: they pause, stop and fail together."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from sequencer.engine.control import Control, Interruption

Lane = asyncio.Task[None]


async def side_by_side(control: Control, works: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do the works (lanes) at the same time; returns when all have ended, raises what went wrong first.

    An Interruption of one (skip, stop, end of the window) reaches each of the others at its next checkpoint, so
    that every exposure under way is finished. A fault of one, or a cancellation, ends the others at once.
    """
    works = list(works)
    with control.in_lanes(len(works)):
        lanes = [asyncio.ensure_future(_lane(control, work)) for work in works]
        try:
            await _all_ended(set(lanes))
        finally:
            for lane in lanes:
                lane.cancel()
            await asyncio.gather(*lanes, return_exceptions=True)
    _raise_first(lanes)


async def _lane(control: Control, work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    finally:
        control.leave_lane()


async def _all_ended(lanes: set[Lane]) -> None:
    """Wait for all lanes, or for the first fault."""
    while lanes:
        ended, lanes = await asyncio.wait(lanes, return_when=asyncio.FIRST_EXCEPTION)
        if any(_is_fault(lane) for lane in ended):
            return


def _is_fault(lane: Lane) -> bool:
    return lane.cancelled() or not isinstance(lane.exception(), Interruption | None)


def _raise_first(lanes: list[Lane]) -> None:
    """A fault counts more than an interruption."""
    errors = [error for lane in lanes if not lane.cancelled() and (error := lane.exception()) is not None]
    for error in sorted(errors, key=lambda error: isinstance(error, Interruption)):
        raise error
