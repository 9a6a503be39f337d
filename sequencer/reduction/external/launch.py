"""Start a stage's program and see it end: in time, by itself, or stopped. Nothing of it stays behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sequencer.clock import LOOK_AGAIN_S, WallClock
from sequencer.life import Vigil, descendants, threads
from sequencer.reduction.external.folder_contract import OUTPUT

WORD_EVERY_S = 5.0
"""How often is said that the program is still at work."""
TAIL_BYTES = 65536
"""How much of the end of a program's output is kept in a log."""
GATED = 'read _ && exec </dev/null && ulimit -f "$0" && exec "$@"'
"""Shell line that waits for a word, then becomes the program, its files limited in units of 512 bytes (POSIX).

Without the word, because we are gone, it ends.
"""
MOURN = 'read _; kill -KILL "-$0"'
"""Shell line that ends a process group when its own standard input ends, that is, when we are gone."""


def run_program(
    command: Sequence[str],
    folder: Path,
    time_limit_s: float,
    file_limit_mb: int,
    on_word: Callable[[str], None] = lambda text: None,
) -> str:
    """Run `command FOLDER` in the folder to its end; empty, or why that was no good end, in one line.

    Its time limit is of its own time, as `Vigil` counts it: what it waits for a processor on a busy machine is free.

    What it prints goes to `output.txt` in the folder. `on_word` hears a line every few seconds. However it
    ends, and if this process is killed, all its processes that stayed in its group are ended with it.
    """
    folder = folder.resolve()  # the program is started in it, where a relative path means another place
    with (folder / OUTPUT).open("w+b") as output:
        process = _started([str(file_limit_mb * 2048), *command, str(folder)], folder, output)
        with process, _ended_with_us(process):
            if process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.write(b"go\n")
                    process.stdin.close()
            code = _wait(process, time_limit_s, on_word)
        words = end_of(output).strip().splitlines()
    if code is None:
        return f"stopped after its time limit of {time_limit_s:g} s"
    return f"{_ending(code)}: {words[-1][:300] if words else 'no word'}" if code else ""


def end_of(file: BinaryIO, limit_bytes: int = TAIL_BYTES) -> str:
    """The end of an open text file, as readable as it is."""
    file.seek(max(0, os.fstat(file.fileno()).st_size - limit_bytes))
    return file.read().decode("utf-8", "replace")


def _started(words: list[str], folder: Path, output: BinaryIO) -> subprocess.Popen[bytes]:
    """The gated program in a session of its own: `words` are its file limit, command and folder."""
    return subprocess.Popen(
        ["sh", "-c", GATED, *words],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _wait(process: subprocess.Popen[bytes], limit_s: float, on_word: Callable[[str], None]) -> int | None:
    """Exit code, or None when the limit is over."""
    clock = WallClock()
    vigil = Vigil(lambda: threads(process.pid) | descendants(process.pid))
    begun_s = said_s = clock.liveness()
    while vigil.look(clock.liveness()) <= limit_s:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(min(LOOK_AGAIN_S, limit_s))
        if (now_s := clock.liveness()) - said_s >= WORD_EVERY_S:
            said_s = now_s
            on_word(f"at work for {now_s - begun_s:.0f} s")
    return None


@contextmanager
def _ended_with_us(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Within: the program's group is ended should we be killed. Afterwards: it is ended."""
    mourner = subprocess.Popen(
        ["sh", "-c", MOURN, str(process.pid)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        mourner.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        mourner.communicate()


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    with contextlib.suppress(ValueError):
        return f"ended by {signal.Signals(-code).name}"
    return f"ended by signal {-code}"
