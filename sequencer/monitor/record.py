"""What the monitor reads: one entry of a run's journal, by shape alone."""

from __future__ import annotations

from typing import Protocol

from sequencer.durations.happened import Entry


class Record(Entry, Protocol):
    """One journal entry; what `data` holds for each `kind` is in docs/reference/run-folder.md."""

    @property
    def seq(self) -> int:
        """Position in the journal."""
