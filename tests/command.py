"""The command as a user calls it: a process of its own in a folder, with its own output and exit code."""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

COPIES = multiprocessing.get_context("forkserver")
"""Processes are copies of one that has read what they all import: that saves each 2 s of processor time."""
COPIES.set_forkserver_preload(["sequencer.cli.main", "sequencer.engine.run", "sequencer.sky", "simulators.process"])


@dataclass
class Finished:
    """A command that has ended, in the folder it was called from."""

    folder: Path
    code: int | None
    out: str
    err: str

    @property
    def run_dir(self) -> Path:
        (found,) = (self.folder / "runs").iterdir()
        return found


def call(folder: Path, *words: str) -> Finished:
    """Run `sequencer` in a folder, its output into files, and wait until it has ended."""
    with tempfile.TemporaryDirectory() as apart:
        out, err = Path(apart, "out"), Path(apart, "err")
        process = COPIES.Process(target=_command, args=(folder, words, out, err))
        process.start()
        process.join()
        return Finished(folder, process.exitcode, out.read_text(), err.read_text())


def _command(folder: Path, words: tuple[str, ...], out: Path, err: Path) -> None:
    from sequencer.cli.main import main

    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), number)
    os.chdir(folder)
    sys.argv = ["sequencer", *words]
    main()
