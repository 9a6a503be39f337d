"""`sequencer darks`: an observing block for the darks that a run's flats still want."""

from __future__ import annotations

from pathlib import Path

import click

from sequencer.cli import options
from sequencer.cli.exits import EXIT_CODES, clear_messages


@click.command(epilog=EXIT_CODES, short_help="Make the block that takes a run's missing darks.")
@options.finished_run
@click.option(
    "-n",
    "--number",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Darks wanted of each read-out.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=options.new_file(),
    default=None,
    help="File of the block. Default: missing-darks-RUN.yaml here.",
)
@click.option(
    "--instrument", default="", help="Name or file of the instrument. Default: the one of the run's journal."
)
def darks(run: Path, number: int, out: Path | None, instrument: str) -> None:
    """Say which darks the good flats of RUN (its folder) still want - every camera, read-out mode, DIT and NDIT - and
    write the observing block that takes them.

    \b
    Examples:
      sequencer darks runs/20270320T091500-METIS-bce3
      sequencer run missing-darks-20270320T091500-METIS-bce3.yaml -d metis-sim
      sequencer reduce runs/20270320T091500-METIS-bce3 --darks runs/20270321T080000-METIS-41aa
    """
    from sequencer.engine.missing_darks import block_of_missing_darks
    from sequencer.observing.exchange.yaml_form import block_yaml

    with clear_messages():
        found = block_of_missing_darks(run, number, instrument)
    for text in found.missing:
        click.echo(f"missing: {text}")
    if not found.missing:
        click.echo("no dark is missing")
        return
    for text in found.windows:
        click.echo(f"note: {text}")
    path = out or Path(f"missing-darks-{run.resolve().name}.yaml")
    with clear_messages():
        path.write_text(block_yaml(found.block), encoding="utf-8")
    click.echo(f"block: {path}")
