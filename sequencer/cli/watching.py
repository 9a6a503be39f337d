"""What a run shows while it goes on, and what it leaves in its folder when it is over."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sequencer.cli.results import result_lines

if TYPE_CHECKING:
    from sequencer.engine.request import RunResult, Watcher
    from sequencer.monitor.live import LiveScreen
    from sequencer.monitor.plain import PlainLines


def screen() -> LiveScreen | PlainLines:
    """The live screen in a terminal, plain lines into a file or pipe."""
    if sys.stdout.isatty():
        from rich.console import Console

        from sequencer.monitor.live import LiveScreen

        return LiveScreen(Console())
    from sequencer.monitor.plain import PlainLines

    return PlainLines(click.echo)


def watch(execute: Callable[[Watcher], RunResult]) -> RunResult:
    """Execute something that runs on devices with the screen on; then write its log, summary and report."""
    with screen() as shown:
        result = execute(shown)
    finish(result.run_dir)
    return result


def finish(run_dir: Path) -> None:
    """Write `run.log`, `summary.json` and `report.html`, and print where they are and what came out."""
    from sequencer.engine.journal import read_journal
    from sequencer.monitor.asked import asked
    from sequencer.monitor.leave import leave
    from sequencer.monitor.story import tell

    summary = leave(run_dir)
    story = tell(read_journal(run_dir / "journal.sqlite"))
    for line in result_lines(summary, run_dir, str(asked(story))):
        click.echo(line)
