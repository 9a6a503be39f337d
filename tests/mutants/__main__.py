"""`python -m tests.mutants`: change sampled lines of the pure rooms, one at a time; some test must fail each time."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from .accepted import ACCEPTED
from .population import ROOMS, population, sample
from .trial import TestsFail, Workshop

ROOT = Path(__file__).parents[2]
COPIED = ("sequencer", "templates", "simulators", "configs", "tests", "docs", "pyproject.toml")


def main() -> int:
    """Print one line a mutant and the sum; 0: all killed, 1: some survived, 2: nothing could be said."""
    options = _options()
    mutants = population(ROOT, ROOMS, ACCEPTED, options.where)
    if not mutants:
        print(f"nothing to change in {' '.join(options.where)}", file=sys.stderr)
        return 2
    drawn = sample(mutants, options.n, options.seed)
    survivors = []
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        workshop = Workshop(ROOT, COPIED, Path(folder))
        for mutant in drawn:
            try:
                outcome = workshop.outcome(mutant)
            except TestsFail as error:
                print(error, file=sys.stderr)
                return 2
            print(outcome, flush=True)
            survivors += [mutant] if outcome.verdict == "survived" else []
    lines = len({(mutant.module, mutant.mutation.line) for mutant in mutants})
    print(
        f"{len(drawn) - len(survivors)} of {len(drawn)} mutants killed (seed {options.seed}; {lines} lines,"
    )
    print(f"{len(mutants)} mutants in all, {len(ACCEPTED)} more accepted as equivalent)")
    for mutant in survivors:
        print(f"survived: {mutant}")
    return 1 if survivors else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("-n", type=int, default=40, help="lines to change, one mutant each; 0: every mutant")
    parser.add_argument("--seed", type=int, default=1, help="which lines")
    parser.add_argument("where", nargs="*", help="rooms, modules or lines: sequencer/sky/sun.py:17")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
