"""The same run as plain lines, for pipes, logs and terminals that cannot redraw."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sequencer.monitor.record import Record
from sequencer.monitor.run_log import screen_lines
from sequencer.monitor.status_text import progress_line

if TYPE_CHECKING:
    from sequencer.engine.status import Status

PROGRESS_EVERY_S = 300.0
QUIET_KINDS = frozenset({"step", "step_done", "exposure", "light_stop", "template_state", "forecast"})


class PlainLines:
    """Writes a line a frame, every event an operator cares for, and a progress line every five minutes."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._progress_s: float | None = None

    def start(self) -> None:
        """Nothing is to be made ready."""

    def stop(self) -> None:
        """Nothing is to be put back."""

    def on_record(self, record: Record) -> None:
        """Write the lines of a journal record; single device steps are left to `run.log`."""
        if record.kind not in QUIET_KINDS:
            for line in screen_lines(record):
                self._write(line)

    def on_status(self, status: Status) -> None:
        """Write a progress line when the last one is five minutes old."""
        if self._progress_s is None or status.utc_s - self._progress_s >= PROGRESS_EVERY_S:
            self._progress_s = status.utc_s
            self._write(progress_line(status))
