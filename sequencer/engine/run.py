"""The way through: an observing block in, a folder of frames and products out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import zmq.asyncio

from sequencer.engine.context import RunContext
from sequencer.engine.prepare import Prepared, prepare
from sequencer.engine.request import BadInput, Crashed, RunRequest, RunResult, Watcher
from sequencer.engine.runner import Body, execute, run_templates
from sequencer.engine.session import Simulate, open_run
from sequencer.engine.signals import Signals

__all__ = ["BadInput", "RunRequest", "RunResult", "run_body", "run_ob"]


def run_ob(request: RunRequest, watcher: Watcher, signals: Signals | None = None) -> RunResult:
    """Validate and execute an observing block; returns when every device has been read back safe, or named.

    Raises ConfigErrors, BadInput and ConnectErrors: then nothing has moved. Raises Crashed where not even the end
    went as it should.
    """
    prepared = prepare(request)
    return prepared.clock.run(run_body(prepared, watcher, run_templates, signals=signals))


async def run_body(
    prepared: Prepared,
    watcher: Watcher,
    body: Body,
    context: zmq.asyncio.Context | None = None,
    simulate: Simulate | None = None,
    signals: Signals | None = None,
) -> RunResult:
    """Open a run, execute `body(run)` in it, end safe, and write down how it ended; see `open_run`, `run_ob`."""
    results: list[RunResult] = []
    try:
        async with open_run(prepared, watcher, context, simulate) as run:
            with (signals or Signals()).heard_by(run.control.interrupt):
                results.append(await _executed(run, body, prepared.warnings))
    except Exception as error:
        if not results:
            raise
        # How the run ended is known; a link or a file that could not be closed changes nothing of it.
        return replace(results[0], untidy=f"{type(error).__name__}: {error}")
    return results[0]


async def _executed(run: RunContext, body: Body, warnings: Sequence[str]) -> RunResult:
    try:
        outcome, code = await execute(run, body, warnings)
    except Exception as error:
        raise Crashed(run.run_dir) from error
    return RunResult(run.run_dir, outcome, code, run.control.hurried, tuple(run.journal.unwritten))
