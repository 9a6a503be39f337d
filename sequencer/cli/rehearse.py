"""`sequencer rehearse`: the whole block in virtual time, before the night."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sequencer.cli import options
from sequencer.cli.exits import EXIT_CODES, clear_messages

if TYPE_CHECKING:
    from sequencer.durations import Durations
    from sequencer.engine.journal import Record
    from sequencer.engine.status import Status


@click.command(
    epilog=EXIT_CODES,
    short_help="Rehearse a whole block in virtual time: timeline, headers, disk, conflicts.",
)
@options.ob
@options.deployment
@options.start
@options.until
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    callback=options.folder,
    default=Path("rehearsals"),
    show_default=True,
    help="Folder that gets a folder for the rehearsal.",
)
@options.seed
@click.option(
    "--learned",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File of what earlier nights taught of filters and durations; it is read only.",
)
@click.option("--json", "as_json", is_flag=True, help="For machines: one JSON document.")
def rehearse(
    ob: str,
    deployment: str,
    start: float | None,
    until: float | None,
    out: Path,
    seed: int,
    learned: Path | None,
    as_json: bool,
) -> None:
    """Rehearse an observing block: all of it, on simulators over the wire, in virtual time.

    Nothing real moves, whatever the deployment says, and no pixels are kept. What comes of it: what every device does
    when, the header each frame will have, which recipe takes it, the disk it needs, how long all takes, and what does
    not fit. A text, a JSON document, a page and the headers lie in the rehearsal's folder.

    \b
    Examples:
      sequencer rehearse metis-lband-flats --deployment metis-sim
      sequencer rehearse night.yaml -d metis --start 2027-03-20T09:15:00 --learned runs/learned-metis.yaml
      sequencer rehearse megara-dark -d megara-sim --json > rehearsal.json
    """
    from sequencer.config.search import find_config
    from sequencer.engine.request import RunRequest
    from sequencer.engine.run import run_ob
    from sequencer.monitor.rehearsal.foresee import foresee
    from sequencer.monitor.rehearsal.leave import as_json as document
    from sequencer.monitor.rehearsal.leave import leave
    from sequencer.monitor.rehearsal.told import told

    with clear_messages():
        request = RunRequest(
            find_config("obs", ob), deployment, out, start, until, seed=seed, learned=learned, rehearsal=True
        )
        result = run_ob(request, Counting())
        foreseen = foresee(result.run_dir, known_durations(deployment, learned))
        leave(foreseen, result.run_dir)
    if as_json:
        click.echo(document(foreseen), nl=False)
    else:
        click.echo("\n".join([*told(foreseen), "", f"  report   {result.run_dir / 'report.html'}"]))
    sys.exit(result.exit_code)


def known_durations(deployment: str, learned: Path | None) -> Durations | None:
    """What earlier runs taught of how long things take. Raises ConfigErrors."""
    from sequencer.config import load_deployment
    from sequencer.durations import Durations
    from sequencer.observing.planning import read_taught

    return (
        None if learned is None else Durations(read_taught(learned, load_deployment(deployment).name).durations, {})
    )


class Counting:
    """Shows on a terminal how far a rehearsal has come."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._frames = 0

    def on_record(self, record: Record) -> None:
        """Count the frames."""
        self._frames += record.kind == "frame"
        if self._shown and record.kind == "run_done":
            click.echo("\r" + " " * 60 + "\r", nl=False, err=True)

    def on_status(self, status: Status) -> None:
        """Write the count over the last one."""
        if self._shown:
            text = f"rehearsing: {status.template or 'beginning'}, {self._frames} frames"
            click.echo(f"\r{text[:59]:59}", nl=False, err=True)
