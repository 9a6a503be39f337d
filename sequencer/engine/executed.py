"""The block as it is executed, in the run's folder, with its status letter. The observer's own file is left alone."""

from __future__ import annotations

from collections.abc import Iterable

from sequencer.engine import alarms
from sequencer.engine.context import RunContext
from sequencer.engine.journal import Record, read_journal
from sequencer.engine.promised import missing_products
from sequencer.observing.exchange.formats import BLOCK_OF_A_RUN, write_whole
from sequencer.observing.exchange.particulars import in_order
from sequencer.observing.exchange.status import STATUS, status_after
from sequencer.observing.exchange.yaml_form import block_yaml

_SKY = ("flat", "ladder")


def note_started(run: RunContext) -> None:
    """The block is being executed; it stays so if the program dies."""
    _note(run, "S")


def note_ended(run: RunContext, outcome: str) -> list[str]:
    """The letter the run ended with, by its journal; of a completed one the products that are missing, which the
    operator is told."""
    records = read_journal(run.run_dir / "journal.sqlite")
    missing = missing_products(records) if outcome == "completed" else []
    if missing:
        alarms.missing_products(run, missing)
    _note(run, status_after(outcome, not missing and everything_taken(records)))
    return missing


def everything_taken(records: Iterable[Record]) -> bool:
    """Whether all templates came to their end, nothing was skipped, and every frame asked for is there and good."""
    asked = good = 0
    series: dict[tuple[object, ...], bool] = {}
    for record in records:
        data = record.data
        if (record.kind == "template_done" and data["outcome"] != "completed") or (
            record.kind == "operator" and data["verb"] == "skip"
        ):
            return False
        if record.kind == "plan":
            asked += data.get("asked", 0)
        elif record.kind == "frame" and data["kind"] in _SKY:
            good += data["verdict"] == "good"
        elif record.kind == "frame":
            one = tuple(data[key] for key in ("template", "camera", "kind", "mode", "dit_s", "ndit"))
            series[one] = data["good"] >= data["wanted"]
    return good >= asked and all(series.values())


def _note(run: RunContext, letter: str) -> None:
    """Journal and file; a script has no block, a rehearsal executes none."""
    block = run.ob.located.data
    if not block or run.rehearsal:
        return
    run.log("block_status", status=letter, means=STATUS[letter])
    try:
        write_whole(run.run_dir / BLOCK_OF_A_RUN, block_yaml(in_order({**block, "status": letter})))
    except OSError as error:
        run.alarm(
            f"{BLOCK_OF_A_RUN} with status {letter} cannot be written: {error}",
            "the run is not touched by it; the letter is in its journal",
            "make room, then give the status by hand",
        )
