"""The way through: an observing block in, a folder of frames and products out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
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
    endings: list[RunResult | Crashed] = []
    untidy = ""
    with ExitStack() as until_closed:  # a signal while links are closed must not change how the run ended
        try:
            async with open_run(prepared, watcher, context, simulate) as run:
                until_closed.enter_context((signals or Signals()).heard_by(run.control.interrupt))
                endings.append(await _executed(run, body, prepared.warnings))
        except Exception as error:
            if not endings:
                raise
            # How the run ended is known; a link or a file that could not be closed changes nothing of it.
            untidy = f"{type(error).__name__}: {error}"
    (ending,) = endings
    if isinstance(ending, Crashed):
        raise ending
    return replace(ending, untidy=untidy)


async def _executed(run: RunContext, body: Body, warnings: Sequence[str]) -> RunResult | Crashed:
    try:
        outcome, code = await execute(run, body, warnings)
    except Exception as error:
        crash = Crashed(run.run_dir)
        crash.__cause__ = error
        return crash
    return RunResult(run.run_dir, outcome, code, run.control.hurried, tuple(run.journal.unwritten))
