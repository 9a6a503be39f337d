"""`sequencer script`: a commissioning script under journal, operator verbs and safe ending."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sequencer.cli import options
from sequencer.cli.exits import EXIT_CODES, clear_messages


@click.command(epilog=EXIT_CODES, short_help="Run a commissioning script.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@options.deployment
@options.out
@options.start
@options.clock
@options.run_seed
def script(file: Path, deployment: str, out: Path, start: float | None, clock: str, seed: int) -> None:
    """Run a Python FILE that drives devices by hand, with `await` at its top level.

    Every step is in the journal, the operator verbs work, and the end is safe whatever the script does.

    \b
    Example, ladder.py:
      import sequencer
      async with sequencer.connect("metis-sim") as metis:
          await metis.mechanisms.move({"INS.OPTI10.NAME": "Lp"})
          frame, = await metis.detectors["LM"].expose(dit_s=0.2, ndit=5, n=1)
          print(frame.median_adu, frame.file)

    \b
      sequencer script ladder.py --deployment metis-sim
    """
    from sequencer.cli.watching import watch
    from sequencer.engine.script import run_script

    with clear_messages():
        result = watch(
            lambda shown, signals: run_script(
                file,
                deployment,
                out,
                shown,
                clock_spec=clock,
                start_s=start,
                seed=seed,
                signals=signals,
            )
        )
    sys.exit(result.exit_code)
