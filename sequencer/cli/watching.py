"""What a run shows while it goes on, and what it leaves in its folder when it is over."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sequencer.cli.results import result_lines

if TYPE_CHECKING:
    from sequencer.engine.journal import Record
    from sequencer.engine.request import RunResult, Watcher
    from sequencer.engine.signals import Signals
    from sequencer.monitor.live import LiveScreen
    from sequencer.monitor.plain import PlainLines


def screen() -> LiveScreen | PlainLines:
    """The live screen in a terminal, plain lines into a file or pipe."""
    if sys.stdout is not None and sys.stdout.isatty():
        from rich.console import Console

        from sequencer.monitor.live import LiveScreen

        return LiveScreen(Console())
    from sequencer.monitor.plain import PlainLines

    return PlainLines(click.echo)


def watch(execute: Callable[[Watcher, Signals], RunResult]) -> RunResult:
    """Execute something that runs on devices with the screen on; then write its log, summary and report.

    How it ended stands whatever happens to the screen, and to what is written afterwards.
    """
    from sequencer.engine.signals import Signals

    with Signals() as signals:
        shown = screen()
        with suppress(OSError):  # the terminal has gone
            shown.start()
        try:
            result = execute(shown, signals)
        finally:
            with suppress(OSError):
                shown.stop()
        _conclude(result)
        _let_go_of_output()
    return result


def _conclude(result: RunResult) -> None:
    try:
        if result.untidy:
            say(f"after the run: {result.untidy}")
        if result.hurried:
            say(
                f"\n{result.outcome}; nobody waits for the report: `sequencer reduce {result.run_dir}` makes it"
            )
        else:
            finish(result.run_dir, result.unwritten)
    except KeyboardInterrupt:
        say(f"\n{result.outcome}; the report is not finished: `sequencer reduce {result.run_dir}` makes it")
    except Exception as error:
        say(f"\n{result.outcome}; log, summary or report of {result.run_dir} are missing: {error}")


def finish(run_dir: Path, unwritten: Sequence[Record] = (), *, moved: bool = True) -> list[str]:
    """Write `run.log`, `summary.json` and `report.html`, and print where they are and what came out; returns the
    products that are missing.

    `unwritten` is what the journal on disk lacks; a reduction alone has `moved` nothing. Where the disk takes
    nothing it is printed all the same.
    """
    from sequencer.engine.journal import read_journal
    from sequencer.monitor.asked import asked
    from sequencer.monitor.leave import leave
    from sequencer.monitor.story import tell
    from sequencer.monitor.summary import summarise

    records = [*read_journal(run_dir / "journal.sqlite"), *unwritten]
    summary = summarise(records)
    for line in result_lines(summary, run_dir, str(asked(tell(records))), moved=moved):
        say(line)
    leave(run_dir, unwritten)
    return list(summary["missing"])


def _let_go_of_output() -> None:
    """What a closed pipe did not take would make the interpreter end with a code of its own."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(line: str) -> None:
    """Print a line, if there is still anybody to read it."""
    with suppress(OSError, ValueError):
        click.echo(line)
