"""What a run leaves beside its frames: log, summary, report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sequencer.engine.journal import read_journal
from sequencer.monitor.record import Record
from sequencer.monitor.report import write_report
from sequencer.monitor.run_log import write_run_log
from sequencer.monitor.summary import summarise, write_summary


def leave(run_dir: Path, unwritten: Sequence[Record] = ()) -> dict[str, Any]:
    """Write `run.log`, `summary.json` and `report.html` from the journal and what it lacks; the summary."""
    records = [*read_journal(run_dir / "journal.sqlite"), *unwritten]
    write_run_log(run_dir, records)
    summary = summarise(records)
    write_summary(run_dir, summary)
    write_report(run_dir, records)
    return summary
