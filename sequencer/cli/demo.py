"""`sequencer demo`: the main job, twice, on simulated devices in virtual time."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sequencer.cli import options
from sequencer.cli.exits import EXIT_CODES, clear_messages

RUNS = (("metis-lband-flats", "metis-sim"), ("opticam-dusk", "opticam-sim"))
WINDOW_PX = (512, 512)


@click.command(epilog=EXIT_CODES, short_help="Two whole runs on simulated devices, in seconds.")
@options.out
@options.seed
@click.option(
    "--full", is_flag=True, help="Whole detectors instead of a 512 x 512 window; says the disk it needs."
)
def demo(out: Path, seed: int, full: bool) -> None:
    """Two whole runs on simulated devices, in seconds.

    First METIS at dawn: twilight flats in three L-band filters at airmass 1.0, 2.0 and 2.5, the DIT ladder,
    the matching darks, reduced to master darks, master flats and linearity. Then a small optical camera at
    dusk, its DIT rising as the sky fades.

    \b
    Examples:
      sequencer demo
      sequencer demo --out /data/demo --seed 7 --full
    """
    from sequencer.cli.executing import execute

    results = []
    with clear_messages():
        if full:
            announce_disk()
        for ob, deployment in RUNS:
            click.echo(f"== {ob} on {deployment}")
            result = execute(
                ob, deployment, out, clock="virtual", seed=seed, window_px=None if full else WINDOW_PX
            )
            results.append(result)
    click.echo("\n== in short")
    for result in results:
        click.echo(f"  {result.outcome:9}  {result.run_dir / 'report.html'}")
    sys.exit(max(result.exit_code for result in results))


def announce_disk() -> None:
    """Print how much disk the whole detectors' frames will take."""
    from sequencer.cli.checking import check

    size = sum(check(ob, deployment, None, None).disk_bytes for ob, deployment in RUNS)
    click.echo(f"whole detectors: about {size / 1e9:.1f} GB of raw frames in all")
