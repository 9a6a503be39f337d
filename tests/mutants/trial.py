"""Trying a mutant: it is written into a private copy of the program, and the tests of its room run
there.

The checkout is never touched. One process runs at a time; the tests most likely to see the change run first and
the first failure ends the trial. Hypothesis repeats itself, so that a verdict does not depend on luck.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sequencer.life import Vigil, descendants, threads

from .population import Mutant

PYTEST = (
    *("-m", "pytest", "-q", "-x", "--no-header", "-p", "no:cacheprovider", "-p", "no:randomly"),
    *("-m", "not nightly", "--hypothesis-profile=ci"),
)
SPARE_S = 30.0
"""Time a mutant gets beyond twice that of the unchanged program; after it the mutant hangs, which is noticed too.

All times here are the tests' own (`sequencer.life.Vigil`): a busy machine kills no mutant.
"""

LOOK_S = 0.25
"""How often is looked what time the tests have had."""

MOST_BYTES = 8 << 30
"""Address space a mutant gets: a loop that never ends and collects must not take the machine's memory."""

LONGEST_ROOM_S = 600.0
"""Time the tests of a room get on the unchanged program."""


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: `killed`, `timeout` (killed as well) or `survived`; and the time it took."""

    mutant: Mutant
    verdict: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.verdict:8} {self.seconds:6.1f} s  {self.mutant}"


class TestsFail(Exception):
    """The tests of a room fail on the unchanged program: nothing can be said about a mutant."""

    __test__ = False


class Workshop:
    """A copy of `names` (folders and files of `root`) in an empty `folder`, in which mutants are tried.

    A mutant gets twice the time of the unchanged program and `spare_s` more.
    """

    def __init__(self, root: Path, names: Sequence[str], folder: Path, spare_s: float = SPARE_S) -> None:
        self._folder = folder
        self._spare_s = spare_s
        self._unchanged_s: dict[str, float] = {}
        for name in names:
            if (root / name).is_dir():
                shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(root / name, folder / name)

    def outcome(self, mutant: Mutant) -> Outcome:
        """Try a mutant. Raises TestsFail when its room's tests do not even pass without it."""
        limit_s = self._spare_s + 2.0 * sum(self._unchanged(room) for room in mutant.tests)
        path = self._folder / mutant.module
        source, taken = path.read_text(encoding="utf-8"), path.stat().st_mtime
        path.write_text(mutant.mutation.apply(source), encoding="utf-8")
        # another second of modification, else Python runs the bytecode of an unchanged module of the same length
        os.utime(path, (taken + 10.0, taken + 10.0))
        try:
            verdict, seconds = self._run(self._tests(mutant), limit_s, bytecode=False)
        finally:
            path.write_text(source, encoding="utf-8")
            os.utime(path, (taken, taken))
        return Outcome(mutant, verdict, seconds)

    def _unchanged(self, room: str) -> float:
        """Time the tests of a room take on the unchanged program, in s."""
        if room not in self._unchanged_s:
            verdict, seconds = self._run([f"tests/{room}"], LONGEST_ROOM_S, bytecode=True)
            if verdict != "survived":
                raise TestsFail(f"tests/{room} fail on the unchanged program")
            self._unchanged_s[room] = seconds
        return self._unchanged_s[room]

    def _tests(self, mutant: Mutant) -> list[str]:
        """Test files: those named after the module first, then those that import it, then the others."""
        module = mutant.module.removesuffix(".py")
        dotted, stem = module.replace("/", "."), Path(module).name

        def distance(path: Path) -> int:
            imports = f"{dotted} import" in path.read_text(encoding="utf-8")
            return 0 if stem in path.stem else 1 if imports else 2

        folders = [self._folder / "tests" / room for room in mutant.tests]
        found = [path for folder in folders for path in sorted(folder.rglob("test_*.py"))]
        return [str(path.relative_to(self._folder)) for path in sorted(found, key=distance)]

    def _run(self, tests: Sequence[str], limit_s: float, *, bytecode: bool) -> tuple[str, float]:
        environment = {**os.environ, "PYTHONPATH": str(self._folder), "PYTHONDONTWRITEBYTECODE": ""}
        if not bytecode:
            environment["PYTHONDONTWRITEBYTECODE"] = "1"
        process = subprocess.Popen(
            [sys.executable, *PYTEST, *tests],
            cwd=self._folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            resource.prlimit(process.pid, resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
            return _watched(process, limit_s)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _watched(process: subprocess.Popen[bytes], limit_s: float) -> tuple[str, float]:
    """What became of the tests of a mutant within `limit_s` of their own time, and that time."""
    vigil = Vigil(lambda: threads(process.pid) | descendants(process.pid))
    while vigil.look(time.monotonic()) <= limit_s:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return "killed" if process.wait(LOOK_S) else "survived", vigil.waited_s
    return "timeout", vigil.waited_s
