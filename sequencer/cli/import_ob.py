"""`sequencer import`: an observing block made elsewhere becomes one of ours."""

from __future__ import annotations

from pathlib import Path

import click

from sequencer.cli import options
from sequencer.cli.exits import EXIT_CODES, clear_messages


@click.command("import", epilog=EXIT_CODES, short_help="Take over an observing block made elsewhere.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=options.new_file(),
    help="File of the block, such as night.yaml. Default: print it.",
)
def import_ob(file: Path, out: Path | None) -> None:
    """Read an observing block in ESO's Phase-2 JSON form or in the .obd form (told by its content) and write it as
    one of ours, in YAML.

    Everything wrong with FILE is said at once, with its line: unknown templates and parameters, values out of range,
    wrong coordinates, text that fits no header card, a file that is cut off. Then nothing is written. A note says what
    the file holds that has no place in ours.

    \b
    Examples:
      sequencer export metis-lband-flats --form p2json --out night.json      for a file to try it with
      sequencer import night.json
      sequencer import night.json --out night.yaml
      sequencer validate night.yaml -d metis-sim
    """
    from sequencer.observing.exchange.formats import import_file, write_whole
    from sequencer.observing.exchange.yaml_form import block_yaml

    with clear_messages():
        found = import_file(file)
        for note in found.notes:
            click.echo(f"note: {note}", err=True)
        text = block_yaml(found.block)
        if out is None:
            click.echo(text, nl=False)
            return
        write_whole(out, text)
    click.echo(f"block: {out}")
