"""The way through: an observing block in, a folder of frames and products out."""

from __future__ import annotations

import zmq.asyncio

from sequencer.engine.prepare import Prepared, prepare
from sequencer.engine.request import BadInput, RunRequest, RunResult, Watcher
from sequencer.engine.runner import Body, execute, run_templates
from sequencer.engine.session import Simulate, open_run

__all__ = ["BadInput", "RunRequest", "RunResult", "run_body", "run_ob"]


def run_ob(request: RunRequest, watcher: Watcher) -> RunResult:
    """Validate and execute an observing block; returns when every device has been read back safe, or named.

    Raises ConfigErrors, BadInput and ConnectErrors; then nothing has moved.
    """
    prepared = prepare(request)
    return prepared.clock.run(run_body(prepared, watcher, run_templates))


async def run_body(
    prepared: Prepared,
    watcher: Watcher,
    body: Body,
    context: zmq.asyncio.Context | None = None,
    simulate: Simulate | None = None,
) -> RunResult:
    """Open a run, execute `body(run)` in it, end safe, and write down how it ended; see `open_run`."""
    async with open_run(prepared, watcher, context, simulate) as run:
        outcome, code = await execute(run, body, prepared.warnings)
        return RunResult(run.run_dir, outcome, code)
