"""One step of a run: its intent in the journal before, its outcome after."""

from __future__ import annotations

from collections.abc import Awaitable
from inspect import iscoroutine
from typing import Any, TypeVar

from sequencer.engine.context import RunContext
from sequencer.engine.journal import JournalLost

T = TypeVar("T")


async def step(run: RunContext, device: str, cmd: str, args: dict[str, Any], work: Awaitable[T]) -> T:
    """Do one step of a run, shown to the operator meanwhile. Raises what the work raises, and JournalLost."""
    run.steps += 1
    number, began_s = run.steps, run.clock.now()
    outcome = "failed"
    with run.doing(f"{device} {cmd}"):
        try:
            run.intend("step", n=number, device=device, cmd=cmd, args=args)
        except JournalLost:
            if iscoroutine(work):
                work.close()  # it never begins
            raise
        try:
            result = await work
            outcome = "completed"
            return result
        finally:
            seconds = round(run.clock.now() - began_s, 3)
            run.log("step_done", n=number, device=device, cmd=cmd, outcome=outcome, seconds=seconds)
