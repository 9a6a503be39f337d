"""`sequencer bad-pixels`: a map of a detector's bad pixels from a run's master darks and flats."""

from __future__ import annotations

from pathlib import Path

import click

from sequencer.cli import options
from sequencer.cli.exits import EXIT_CODES, clear_messages, refuse


@click.command("bad-pixels", epilog=EXIT_CODES, short_help="Make a map of bad pixels from a run's darks and flats.")
@options.finished_run
@click.option("--camera", default="", help="Which camera. Default: the only one.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=options.new_file(),
    default=None,
    help="File of the map. Default: bad-pixels-CAMERA.fits here.",
)
@click.option(
    "--instrument", default="", help="Name or file of the instrument. Default: the one of the run's journal."
)
def bad_pixels(run: Path, camera: str, out: Path | None, instrument: str) -> None:
    """Write a map of the pixels that the master darks and flats of RUN (its folder) mark as hot, cold, blind or too
    bright. Named as `bad_pixel_map` of its detector in the instrument file, it leaves them out of every level.

    \b
    Example:
      sequencer bad-pixels runs/20270320T230000-OPTICAM-f9cc
    """
    from sequencer.acquisition import write_bad_pixels
    from sequencer.config import load_instrument
    from sequencer.engine.journal import read_journal
    from sequencer.reduction.bad_pixels import bad_pixels as combined
    from sequencer.reduction.bad_pixels import masters

    with clear_messages():
        named = instrument or str(read_journal(run / "journal.sqlite")[0].data["instrument"]).lower()
        detectors = load_instrument(named).detectors
        name = camera or (next(iter(detectors)) if len(detectors) == 1 else "")
        if name not in detectors:
            refuse([f"--camera: one of {', '.join(detectors)}"])
        files = masters(run, name)
        try:
            bad = combined(files, detectors[name])
        except ValueError as error:
            refuse([f"{run}: {error}"])
        path = out or Path(f"bad-pixels-{name}.fits")
        write_bad_pixels(path, detectors[name], bad)
    share = sum(int(one.sum()) for one in bad) / sum(one.size for one in bad)
    click.echo(f"{path}: {100.0 * share:.2f} % of the pixels are bad, by {len(files)} products")
