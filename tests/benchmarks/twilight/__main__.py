"""`python -m benchmarks.twilight`: the benchmark; exit code 1 if a target is missed."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import sys
import warnings

from . import ours
from .nights import kinds, scenes
from .run import Observer, run
from .table import details, misses, summary
from .targets import ANSWER_US, outcomes

PEERS = ("pyobs", "astra")
QUICK_SEEDS = 2


def installed_peers() -> dict[str, Observer]:
    """The other programs that are installed, by name and version."""
    found: dict[str, Observer] = {}
    for module in PEERS:
        try:
            peer = importlib.import_module(f".peers.{module}", __package__)
        except ModuleNotFoundError as error:
            print(f"without {module}: {error}", file=sys.stderr)
            continue
        found[f"{peer.NAME} {importlib.metadata.version(peer.NAME)}"] = peer.observe
    return found


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(prog="benchmarks.twilight", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="nights of each scene (default 20)")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_SEEDS} nights of each scene, no others")
    parser.add_argument("--only", default="", help="scenes whose name contains this")
    given = parser.parse_args()
    # The others' libraries warn of their own affairs while they are imported.
    with warnings.catch_warnings(action="ignore"):
        peers = {} if given.quick else installed_peers()
    chosen = [scene for scene in [*scenes(), *kinds()] if given.only in scene.name]
    results = run(chosen, range(QUICK_SEEDS if given.quick else given.seeds), peers, ours.Watch())
    found = outcomes(results)
    print(summary(results, found), details(results), sep="\n\n")
    if missed := misses(results, found):
        print("\n## Missed", missed, sep="\n\n")
    return int(bool(missed) or results.answer_us > ANSWER_US)


if __name__ == "__main__":
    sys.exit(main())
