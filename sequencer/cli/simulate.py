"""`sequencer simulate`: the simulated device servers of a deployment, as separate processes."""

from __future__ import annotations

import sys

import click

from sequencer.cli import completion, options
from sequencer.cli.exits import EXIT_CODES, clear_messages


@click.command(epilog=EXIT_CODES, short_help="Start the simulated devices of a deployment.")
@click.argument("deployment", envvar="SEQUENCER_DEPLOYMENT", shell_complete=completion.deployments)
@click.option(
    "--clock", metavar="CLOCK",
    callback=options.clock_spec("scaled", "wall"), default="scaled:60", show_default=True,
    help="scaled:RATE or wall; `sequencer run` must be given the same.",
)  # fmt: skip
@options.start
@options.seed
def simulate(deployment: str, clock: str, start: float | None, seed: int) -> None:
    """Start the simulated device servers of DEPLOYMENT on their endpoints, until interrupted (Ctrl-C).

    Devices that the deployment calls real are left alone, so that real and simulated ones can be mixed.

    \b
    Example, in two terminals:
      sequencer simulate metis-sim --clock scaled:60
      sequencer run metis-lband-flats --deployment metis-sim --clock scaled:60
    """
    from sequencer.engine.simulate import simulate as run_simulators

    if clock == "wall" and start is not None:
        raise click.UsageError("--start: the wall clock cannot be set; drop one of --start and --clock wall")
    with clear_messages():
        code = run_simulators(deployment, clock_spec=clock, start_s=start, seed=seed, tell=click.echo)
    sys.exit(code)
