"""What a rehearsal leaves in its folder: the page, the JSON document, the text."""

from __future__ import annotations

from pathlib import Path

import msgspec

from sequencer.monitor.rehearsal.foreseen import Foreseen
from sequencer.monitor.rehearsal.page import rehearsal_html
from sequencer.monitor.rehearsal.told import told


def as_json(foreseen: Foreseen) -> bytes:
    """The document as UTF-8 text."""
    return msgspec.json.format(msgspec.json.encode(foreseen), indent=1) + b"\n"


def leave(foreseen: Foreseen, run_dir: Path) -> None:
    """Write `rehearsal.txt`, `rehearsal.json` and `report.html`."""
    (run_dir / "rehearsal.txt").write_text("\n".join(told(foreseen)) + "\n", encoding="utf-8")
    (run_dir / "rehearsal.json").write_bytes(as_json(foreseen))
    (run_dir / "report.html").write_text(rehearsal_html(foreseen, run_dir), encoding="utf-8")
