"""The forecasts of a run, judged: what was said, when, and how long it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sequencer.monitor.lines import Data, clock_time
from sequencer.monitor.page import table, text
from sequencer.monitor.record import Record
from sequencer.monitor.status_text import forecast, unit_of


@dataclass(frozen=True)
class Judged:
    """One forecast, said at `time_s`; `took_s` is how long the block then took, pauses apart (None: it broke off)."""

    time_s: float
    said: Data
    took_s: float | None

    @property
    def right(self) -> bool | None:
        """Whether its interval holds what came; None where none was promised, as no earlier run taught it."""
        if self.took_s is None or self.said["runs"] == 0:
            return None
        return bool(self.said["low_s"] <= self.took_s <= self.said["high_s"])


def judged(records: Iterable[Record]) -> list[Judged]:
    """The forecasts of a run, in order; the block is over when its last template is."""
    said: list[Record] = []
    pauses: list[tuple[float, float]] = []
    paused_s: float | None = None
    end_s, whole = 0.0, False
    for record in records:
        if record.kind == "forecast":
            said.append(record)
        elif record.kind == "ob_state":
            if paused_s is not None:
                pauses.append((paused_s, record.time_s))
            paused_s = record.time_s if record.data["state"] == "Paused" else None
        elif record.kind == "template_done":
            end_s, whole = record.time_s, record.data["outcome"] == "completed"
        elif record.kind == "run_done":
            whole = whole and record.data["outcome"] == "completed"
    return [
        Judged(one.time_s, one.data, end_s - one.time_s - _paused(pauses, one.time_s) if whole else None)
        for one in said
    ]


def _paused(pauses: Iterable[tuple[float, float]], since_s: float) -> float:
    return sum(max(end - max(start, since_s), 0.0) for start, end in pauses)


def forecast_table(records: Iterable[Record]) -> str:
    """Said when, what, how long it was, hit or not; nothing where there was no forecast."""
    rows = [
        [
            clock_time(one.time_s),
            text(one.said["when"]),
            text(forecast(one.said["left_s"], one.said["low_s"], one.said["high_s"], one.said["runs"])),
            "-" if one.said["runs"] is None else str(one.said["runs"]),
            "-" if one.took_s is None else _took(one.took_s, one.said["left_s"]),
            {True: "yes", False: "no", None: "-"}[one.right],
        ]
        for one in judged(records)
    ]
    head = ["UTC", "said when", "left", "learned from runs", "it took", "inside"]
    return table(head, rows) if rows else ""


def _took(seconds: float, said_s: float) -> str:
    """In the unit of the forecast."""
    scale, unit = unit_of(said_s)
    return f"{seconds / scale:.1f} {unit}"
