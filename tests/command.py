"""The command as a user calls it: a process of its own in a folder, with its own output and exit code."""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

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
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = started(folder, words, out.fileno(), err.fileno())
        process.join()
        out.seek(0)
        err.seek(0)
        return Finished(folder, process.exitcode, out.read(), err.read())


def started(folder: Path, words: tuple[str, ...], out: int, err: int) -> BaseProcess:
    """`sequencer` in a folder, writing to open files."""
    process = COPIES.Process(target=_command, args=(folder, words, _Files(out, err)))
    process.start()
    return process


class _Files:
    """Open files that are handed to a process while it is being started."""

    def __init__(self, *numbers: int) -> None:
        self._numbers = numbers

    def __getstate__(self) -> list[Any]:
        return [DupFd(number) for number in self._numbers]

    def __setstate__(self, handed: list[Any]) -> None:
        self._numbers = tuple(each.detach() for each in handed)

    def become(self, *standard: int) -> None:
        """Take the place of standard ones."""
        for mine, its in zip(self._numbers, standard, strict=True):
            os.dup2(mine, its)
            os.close(mine)


def _command(folder: Path, words: tuple[str, ...], files: _Files) -> None:
    from sequencer.cli.main import main

    files.become(1, 2)
    os.chdir(folder)
    sys.argv = ["sequencer", *words]
    main()
