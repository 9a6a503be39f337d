"""Connecting a script or a notebook to an instrument."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from sequencer.engine.clocks import check_start
from sequencer.engine.context import RunContext
from sequencer.engine.control import Interruption
from sequencer.engine.prepare import prepare_script
from sequencer.engine.request import Nobody, RunRequest
from sequencer.engine.runner import begin, bring_up, end, ending_of
from sequencer.engine.scripting.hands import Hands
from sequencer.engine.session import open_run

_current: list[tuple[str, RunContext]] = []
"""The runs started by `sequencer script`, by the name of their deployment; `connect` joins them."""


class SessionEnded(Interruption):
    """The session is over, every device as its journal tells: the operator's abort or halt, or what forbids to go on
    (weather, a device that restarted). The text says which."""


@asynccontextmanager
async def connect(
    deployment: str, *, clock: str = "", start_s: float | None = None, seed: int = 1, out: Path = Path("runs")
) -> AsyncIterator[Hands]:
    """An instrument to drive by hand; afterwards every device is made safe.

    Inside `sequencer script` this joins the script's run. Elsewhere (a notebook, a program with its own event
    loop) it opens one: on simulated devices it starts them itself, by a scaled clock; on hardware the servers
    must be there. Raises ConfigErrors, BadInput, ConnectErrors; and SessionEnded when somebody else ends it.
    """
    if _current and _current[-1][0] == deployment:
        yield Hands(_current[-1][1])
        return
    check_start(clock, deployment, start_s)
    request = RunRequest(Path(), deployment, out=out, start_s=start_s, clock_spec=clock, seed=seed)
    prepared = prepare_script(request, "by hand", own_loop=False)
    async with open_run(prepared, Nobody()) as run:
        begin(run)
        run.begin_by_hand()
        by_hand = asyncio.current_task()
        run.control.cancel = by_hand.cancel if by_hand else None
        raised: BaseException | None = None
        try:
            await bring_up(run)
            yield Hands(run)
        except BaseException as error:
            raised = error
        run.control.cancel = None
        outcome, reason = ending_of(run, raised)
        try:
            await end(run, outcome, reason)
        except asyncio.CancelledError as error:  # it came when there was nothing more to wait for
            raised = raised or error
        if by_hand and isinstance(raised, asyncio.CancelledError) and run.control.ended_early:
            by_hand.uncancel()
            raise SessionEnded(reason) from None
        if raised is not None:
            raise raised


@contextmanager
def joined(run: RunContext, deployment: str) -> Iterator[None]:
    """Meanwhile `connect(deployment)` joins this run."""
    _current.append((deployment, run))
    try:
        yield
    finally:
        _current.pop()
