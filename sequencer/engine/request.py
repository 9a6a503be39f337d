"""What is asked of a run, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sequencer.config.problems import Problem
from sequencer.engine.journal import Record
from sequencer.engine.status import Status

EXIT_COMPLETED = 0
EXIT_ENDED_SAFE = 1
EXIT_NOT_SAFE = 3


@dataclass(frozen=True)
class RunRequest:
    """One run: which block on which deployment, when, by which clock, into which folder.

    `start_s` and `until_s` are Unix seconds UTC; without them the deployment's start (else now) and no end.
    `clock_spec` is virtual, scaled:RATE or wall; empty: virtual on simulators, wall on hardware. `window_px`
    cuts every detector to (nx, ny) about its centre. `ob_path` is empty for a script. `learned` is the file of what
    nights teach; by the wall clock it is by default `out`/learned-`deployment`.yaml, else there is none. A `rehearsal`
    runs on simulators in virtual time whatever the deployment says, keeps of each frame only the headers, reduces
    nothing and reads `learned` without writing it.
    """

    ob_path: Path
    deployment: str
    out: Path = Path("runs")
    start_s: float | None = None
    until_s: float | None = None
    clock_spec: str = ""
    seed: int = 1
    window_px: tuple[int, int] | None = None
    learned: Path | None = None
    rehearsal: bool = False


@dataclass(frozen=True)
class RunResult:
    """Where the run is, how it ended (completed, stopped, aborted, failed, halted) and the exit code.

    `hurried`: nobody wants to wait for its report. `unwritten` is what its journal could not take, `untidy` what could
    not be closed after it.
    """

    run_dir: Path
    outcome: str
    exit_code: int
    hurried: bool = False
    unwritten: tuple[Record, ...] = ()
    untidy: str = ""


class Crashed(Exception):
    """The program failed while it held devices: whether they are safe is not known. The cause is its own."""

    def __init__(self, run_dir: Path) -> None:
        super().__init__(f"the run in {run_dir} broke off")
        self.run_dir = run_dir


class Watcher(Protocol):
    """Who looks on at a run."""

    def on_record(self, record: Record) -> None:
        """Gets each journal record once it is on disk."""

    def on_status(self, status: Status) -> None:
        """Gets the status after each record, and every second."""


class Nobody:
    """A watcher that does not look."""

    def on_record(self, record: Record) -> None:
        """Ignore it."""

    def on_status(self, status: Status) -> None:
        """Ignore it."""


class BadInput(Exception):
    """Nothing was moved, because of these problems."""

    def __init__(self, problems: Sequence[Problem | str]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = [str(problem) for problem in problems]
