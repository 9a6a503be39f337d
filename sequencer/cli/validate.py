"""`sequencer validate`: everything that is wrong with an observing block, said at once."""

from __future__ import annotations

import click

from sequencer.cli import options
from sequencer.cli.exits import EXIT_CODES, clear_messages, refuse


@click.command(epilog=EXIT_CODES, short_help="Say everything that is wrong with an observing block.")
@options.ob
@options.deployment
@options.start
@options.until
def validate(ob: str, deployment: str, start: float | None, until: float | None) -> None:
    """Check an observing block (a file, or the name of a packaged one) against template signatures,
    instrument limits and the night. Says everything that is wrong, with file and line. Moves nothing.

    \b
    Example:
      sequencer validate metis-lband-flats --deployment metis-sim
    """
    from sequencer.cli.checking import check

    with clear_messages():
        validation = check(ob, deployment, start, until)
    for warning in validation.warnings:
        click.echo(f"warning: {warning}")
    if validation.problems:
        refuse(str(problem) for problem in validation.problems)
    click.echo(
        f"{ob}: valid; about {validation.frames} frames, {validation.disk_bytes / 1e6:.0f} MB, "
        f"{validation.duration_s / 60:.0f} min"
    )
