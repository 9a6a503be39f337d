"""What the shell offers for a word begun: names of deployments, observing blocks, templates and runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click
from click.shell_completion import CompletionItem

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

FILES, FOLDERS = "file", "dir"
RUNS = Path("runs")


def config(kind: str) -> Complete:
    """Packaged names of a kind (deployments, obs) and such files of the current folder; else any file."""

    def names() -> list[str]:
        from sequencer.config.search import known_names, local_files

        return [*known_names(kind), *local_files(kind)]

    return _of(names, FILES)


def _templates() -> list[str]:
    from sequencer.observing import load_signatures

    return sorted(load_signatures())


def _run_folders(mark: str) -> Callable[[], list[str]]:
    """Names of the folders of ./runs that have a file of this name, the newest run first."""
    return lambda: [str(path.parent) for path in sorted(RUNS.glob(f"*/{mark}"), reverse=True)]


def _of(names: Callable[[], Sequence[str]], otherwise: str = "") -> Complete:
    """Completes to names; where none fits, the shell's own completion of files or folders."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        found = _fitting(names(), incomplete)
        return found or ([CompletionItem(incomplete, type=otherwise)] if otherwise else [])

    return complete


def _fitting(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


deployments = config("deployments")
blocks = config("obs")
templates = _of(_templates)
runs = _of(_run_folders("journal.sqlite"), FOLDERS)
running = _of(_run_folders("operator.json"), FOLDERS)
