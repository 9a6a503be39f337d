"""Executing an observing block the way `run` and `demo` do."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sequencer.cli.watching import watch

if TYPE_CHECKING:
    from sequencer.engine.request import RunResult


def execute(
    ob: str,
    deployment: str,
    out: Path,
    *,
    start: float | None = None,
    until: float | None = None,
    clock: str = "",
    seed: int = 1,
    window_px: tuple[int, int] | None = None,
    learned: Path | None = None,
) -> RunResult:
    """Run an observing block with live progress. Raises ConfigErrors, BadInput and ConnectErrors.

    `window_px` cuts every detector to (nx, ny) about its centre; times are Unix seconds.
    """
    from sequencer.config.search import find_config
    from sequencer.engine.clocks import check_start
    from sequencer.engine.request import RunRequest
    from sequencer.engine.run import run_ob

    request = RunRequest(
        deployment=deployment,
        ob_path=find_config("obs", ob),
        out=out,
        start_s=start,
        until_s=until,
        clock_spec=clock,
        seed=seed,
        window_px=window_px,
        learned=learned,
    )
    check_start(clock, deployment, start)
    return watch(partial(run_ob, request))
