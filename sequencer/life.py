"""Signs of life: whoever is waited for is given up for what it does, not for how busy the machine is.

A thread or process that runs, or would run if it got a processor or its disk answered, is at work; one that sleeps
gives no sign of life. Only Linux tells (`/proc`); elsewhere nobody is seen at work, and patience is wall time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

PROC = Path("/proc")
WANTS_TO_RUN = {"R", "D"}
"""States of a thread at work: runnable (it runs or waits for a processor) and waiting for a disk (proc(5))."""
TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")

LONGEST_LOOK_S = 2.0
"""Who looks more rarely was kept from looking itself, and so may the party have been: the rest counts for nothing."""

Task = tuple[str, int, float]
"""State of a thread or process, its parent process, and the processor time it has used in seconds."""


class Vigil:
    """How long a party has been waited for in the only time that counts: its own.

    That is the processor time it uses while it is at work, and wall time while it gives no sign of life. Time it
    spends waiting for a processor is not its own, and never is more counted than the wall's.
    """

    def __init__(self, party: Callable[[], dict[str, Task]]) -> None:
        self._party = party
        self.restart()

    def restart(self) -> None:
        """It has spoken: count anew."""
        self.waited_s = 0.0
        self._looked_s: float | None = None
        self._spent_s: dict[str, float] = {}

    def look(self, now_s: float) -> float:
        """Look at the party, `now_s` in monotonic seconds; seconds waited so far. To be called about every second."""
        tasks = self._party()
        spent_s = {task: used_s for task, (_, _, used_s) in tasks.items()}
        if self._looked_s is not None:
            used_s = sum(max(0.0, now - self._spent_s.get(task, 0.0)) for task, now in spent_s.items())
            at_work = used_s > 0.0 or any(state in WANTS_TO_RUN for state, _, _ in tasks.values())
            passed_s = min(now_s - self._looked_s, LONGEST_LOOK_S)
            self.waited_s += min(used_s, passed_s) if at_work else passed_s
        self._looked_s, self._spent_s = now_s, spent_s
        return self.waited_s


def descendants(process_id: int) -> dict[str, Task]:
    """Every thread of all processes below a process, itself left out."""
    parents = {entry.name: task[1] for entry in _numbered(PROC) if (task := _task(entry)) is not None}
    below, found = {process_id}, dict[str, Task]()
    while more := {int(name) for name, parent in parents.items() if parent in below} - below:
        below |= more
    for process in below - {process_id}:
        found |= threads(process)
    return found


def threads(process_id: int) -> dict[str, Task]:
    """Every thread of one process."""
    entries = _numbered(PROC / str(process_id) / "task")
    return {f"{process_id}/{entry.name}": task for entry in entries if (task := _task(entry)) is not None}


def _numbered(folder: Path) -> Iterator[Path]:
    try:
        yield from (entry for entry in folder.iterdir() if entry.name.isdecimal())
    except OSError:
        return


def _task(folder: Path) -> Task | None:
    """What `stat` of proc(5) says; None for who has just ended."""
    try:
        words = _text(folder / "stat").rpartition(")")[2].split()  # the name before it may hold anything
        return words[0], int(words[1]), _used_s(folder, (int(words[11]) + int(words[12])) * TICK_S)
    except (OSError, ValueError, IndexError):
        return None


def _used_s(folder: Path, ticked_s: float) -> float:
    """Processor time to the nanosecond where the kernel tells, or what the ticks of its clock say."""
    try:
        return int(_text(folder / "schedstat").split()[0]) * 1e-9
    except (OSError, ValueError, IndexError):
        return ticked_s


def _text(file: Path) -> str:
    return file.read_text(encoding="ascii", errors="replace")
