"""`sequencer run`: executes an observing block."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sequencer.cli import options
from sequencer.cli.exits import EXIT_CODES, clear_messages


@click.command(epilog=EXIT_CODES, short_help="Execute an observing block.")
@options.ob
@options.deployment
@options.out
@options.start
@options.until
@options.clock
@options.run_seed
@click.option(
    "--learned",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of what earlier nights taught of filters and durations: read before, kept up to date. Default: "
    "learned-D.yaml in --out with --clock wall, otherwise none.",
)
def run(
    ob: str,
    deployment: str,
    out: Path,
    start: float | None,
    until: float | None,
    clock: str,
    seed: int,
    learned: Path | None,
) -> None:
    """Execute an observing block (a file, or the name of a packaged one) with live progress.

    A simulated deployment runs in virtual time: a whole twilight in seconds, the same for the same seed. With
    --clock scaled:RATE or wall its device servers must be there (`sequencer simulate`), as real ones must.

    \b
    Examples:
      sequencer run metis-lband-flats --deployment metis-sim
      sequencer run night.yaml -d metis-sim --start 2027-03-20T09:15:00 --until 2027-03-20T10:00:00
    """
    from sequencer.cli.executing import execute

    with clear_messages():
        result = execute(
            ob, deployment, out, start=start, until=until, clock=clock, seed=seed, learned=learned
        )
    sys.exit(result.exit_code)
