"""`summary.json`: what a run did, for programs. Fields as in `summary.schema.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sequencer.clock import iso
from sequencer.engine.promised import missing_products
from sequencer.monitor.record import Record
from sequencer.monitor.story import Data, Story, tell

SCHEMA = Path(__file__).with_name("summary.schema.json")
FRAME_FIELDS = (
    "file",
    "exposure",
    "detector",
    "filter",
    "airmass",
    "dit_s",
    "ndit",
    "level_e",
    "level_fraction",
    "verdict",
    "sha256",
)
PRODUCT_FIELDS = ("file", "category", "recipe", "inputs", "qa")
REDUCED = ("completed", "stopped", "failed")
"""Outcomes after which the frames are reduced."""
SAFE_FIELDS = ("device", "reached", "seconds")


def summarise(records: Iterable[Record]) -> dict[str, Any]:
    """The summary of a run from its journal. One that broke off is `unfinished` and has `ended` None."""
    records = list(records)
    story = tell(records)
    start = story.start
    return {
        **{name: str(start[name]) for name in ("run", "ob", "instrument", "deployment", "clock")},
        "started": iso(story.started_s),
        "ended": None if story.ended_s is None else iso(story.ended_s),
        "outcome": outcome(story),
        "block_status": story.block_status,
        "templates": [
            {
                "name": template.name,
                "outcome": template.outcome,
                "frames": [_pick(frame.data, FRAME_FIELDS) for frame in template.frames],
            }
            for template in story.templates
        ],
        "products": [
            {**_pick(product, PRODUCT_FIELDS), "qa": _pick(product["qa"], ("flag", "reasons"))}
            for product in story.products
        ],
        "missing": missing_products(records) if _reduced(story, records) else [],
        "safe_state": [_pick(entry, SAFE_FIELDS) for entry in story.safe_state],
    }


def outcome(story: Story) -> str:
    """How the run ended: completed, stopped, aborted, failed, halted, or unfinished."""
    return str(story.done["outcome"]) if story.done else "unfinished"


def _reduced(story: Story, records: Sequence[Record]) -> bool:
    """Whether the frames were reduced, in the end or afterwards."""
    return outcome(story) in REDUCED or any(record.kind == "reduction" for record in records)


def build_summary(run_dir: Path) -> dict[str, Any]:
    """The summary of a run folder, from its `journal.sqlite`."""
    from sequencer.engine.journal import read_journal

    return summarise(read_journal(run_dir / "journal.sqlite"))


def write_summary(run_dir: Path, summary: dict[str, Any]) -> Path:
    """Write `summary.json` into a run's folder."""
    path = run_dir / "summary.json"
    path.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def _pick(data: Data, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: data.get(name) for name in names}
