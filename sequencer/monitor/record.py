"""What the monitor reads: one entry of a run's journal, by shape alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Record(Protocol):
    """One journal entry; what `data` holds for each `kind` is in docs/reference/run-folder.md."""

    @property
    def seq(self) -> int:
        """Position in the journal."""

    @property
    def time_s(self) -> float:
        """When it happened, Unix seconds UTC."""

    @property
    def kind(self) -> str:
        """What happened: `frame`, `step`, `alarm`, ..."""

    @property
    def data(self) -> Mapping[str, Any]:
        """The particulars of this kind."""
