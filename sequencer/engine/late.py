"""Frames that come late: of an exposure whose detector fell silent, so that nobody knows whether it was taken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sequencer.acquisition import Levels
from sequencer.devices.detector import Exposed
from sequencer.engine.context import RunContext
from sequencer.engine.shot import Shot
from sequencer.exposure import Verdict

Judge = Callable[[float, float, Levels], Verdict]
Keep = Callable[[Shot, Exposed, Judge], Awaitable[object]]
"""Stores the frame of an exposure that was taken, judged (`exposing.Exposer.keep`)."""

LATE_S = 5.0
"""Liveness seconds such a frame is waited for once every device is safe (assumed; a frame travels in 0.1 s)."""


def expect(run: RunContext, keep: Keep, shot: Shot) -> None:
    """Store the frame of this exposure, should it still come while the run goes on, or soon after its end."""
    run.late[shot.exposure] = asyncio.get_running_loop().create_task(_store(run, keep, shot))


async def collect(run: RunContext) -> None:
    """The devices are safe: wait a little for frames that are due, then leave them with their detectors."""
    if not run.late:
        return
    with run.doing("waiting for late frames"):
        due = asyncio.ensure_future(asyncio.wait(run.late.values()))
        try:
            await run.clock.wait_for(due, LATE_S, "engine.late")
        except TimeoutError:
            due.cancel()
    for task in run.late.values():
        task.cancel()
    await asyncio.gather(*run.late.values(), due, return_exceptions=True)


async def _store(run: RunContext, keep: Keep, shot: Shot) -> None:
    try:
        header = await run.acquisition.arrival(shot.exposure)
        taken = Exposed(shot.exposure, header.start_s, header.end_s, shot.dit_s, shot.ndit, shot.mode, 0)
        await keep(shot, taken, _judge)
    except Exception as error:  # whatever is wrong with it, the run has its own end
        run.alarm(f"{error}", "this frame came late, and is not stored", "look at the disk and the detector")


def _judge(start_s: float, dit_s: float, levels: Levels) -> Verdict:
    return Verdict("unstable", "it came late: its detector had fallen silent, nobody saw what it was doing")
