"""`sequencer reduce`: the reduction of a finished run again, from its raw frames alone."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sequencer.cli import completion, options
from sequencer.cli.exits import clear_messages

MISSING = 1
"""Exit code when products are missing."""
EXIT_CODES = """\b
Exit codes:
  0  reduced; no product is missing
  1  reduced, but products are missing
  2  bad input, or a disk that fails
  3  the program itself failed: go and look"""


@click.command(epilog=EXIT_CODES, short_help="Reduce the raw frames of a finished run again.")
@options.finished_run
@click.option(
    "--instrument", default="", help="Name or file of the instrument. Default: the one of the run's journal."
)
@click.option(
    "--darks",
    "darks_of",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    multiple=True,
    shell_complete=completion.runs,
    help="Folder of another run whose darks and biases are to be used too; may be given several times.",
)
@click.option(
    "--deployment",
    default="",
    shell_complete=completion.deployments,
    help="Have the stages attached in this deployment reduce it, too.",
)
def reduce(run: Path, instrument: str, darks_of: tuple[Path, ...], deployment: str) -> None:
    """Reduce the raw frames of RUN (its folder) again.

    Products, summary and report are written anew, and the products noted in the journal. Darks of other runs
    are used only while they are given.

    \b
    Examples:
      sequencer reduce runs/20270320T091500-METIS-bce3
      sequencer reduce runs/20270320T091500-METIS-bce3 --darks runs/20270321T080000-METIS-41aa
    """
    from sequencer.cli.watching import finish
    from sequencer.engine.reduce_again import reduce_again

    with clear_messages():
        reduce_again(run, instrument, click.echo, darks_of, deployment)
        missing = finish(run, moved=False)
    if missing:
        sys.exit(MISSING)
