"""A run whose frames are all good tells of what was to be made of them and is not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sequencer.cli.main import main
from sequencer.cli.results import result_lines
from sequencer.engine.journal import Journal, Record, read_journal
from sequencer.engine.promised import missing_products
from sequencer.engine.request import Nobody
from sequencer.monitor.leave import leave
from sequencer.monitor.summary import summarise
from tests.end_to_end import rig

DARK = ("METIS_all_cal_Dark", {"DET1.DIT": 0.2, "SEQ.NEXPO1": 3, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0})
NAME = "master dark LM fast 0.2 s x1 of template 0"


class Spoiler(Nobody):
    """Somebody who spoils frames on the disk as soon as they are there, before anybody reduces them."""

    def __init__(self, runs: Path, *numbers: int) -> None:
        self.whole: dict[Path, bytes] = {}
        self._runs, self._numbers = runs, numbers

    def on_record(self, record: Record) -> None:
        """Spoil the frame if its number (from 1) is one of those."""
        if record.kind == "frame" and record.data["good"] in self._numbers:
            (path,) = self._runs.glob(f"*/raw/{record.data['file']}")
            self.whole[path] = path.read_bytes()
            data = bytearray(self.whole[path])
            data[-3000] ^= 0xFF
            path.write_bytes(data)


def told(ran: rig.Ran) -> tuple[list[str], str]:
    """What the summary says is missing, and the lines at the end of the run."""
    summary = leave(ran.result.run_dir)
    return summary["missing"], "\n".join(result_lines(summary, ran.result.run_dir))


@pytest.mark.parametrize(
    ("spoilt", "missing"), [((2,), f"{NAME}: 1 of 3 good frames are not in it"), ((1, 2, 3), f"{NAME}: not made")]
)
def test_frames_that_cannot_be_reduced_leave_the_block_executed_not_completed(
    tmp_path: Path, spoilt: tuple[int, ...], missing: str
) -> None:
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, DARK), reduced=True, watcher=Spoiler(tmp_path / "runs", *spoilt))
    assert (ran.result.outcome, ran.result.exit_code) == ("completed", 1)
    assert [data["status"] for data in ran.of("block_status")] == ["S", "X"]
    assert f"completed, but 1 product is missing: {missing}" in ran.of("alarm")[-1]["what"]
    found, lines = told(ran)
    assert found == [missing]
    assert "completed, but 1 product is missing, 3 of 3 frames good" in lines
    assert f"MISSING  {missing}" in lines


def test_what_is_made_later_is_missing_no_more(tmp_path: Path) -> None:
    spoiler = Spoiler(tmp_path / "runs", 1, 2, 3)
    run_dir = rig.run(tmp_path, rig.write_ob(tmp_path, DARK), reduced=True, watcher=spoiler).result.run_dir
    assert leave(run_dir)["missing"] == [f"{NAME}: not made"]
    journal = Journal(run_dir / "journal.sqlite")
    journal.write(0.0, "safe_state", {"device": "cover", "reached": False, "seconds": 1.0})
    journal.close()
    assert "  NOT SAFE: cover" in result_lines(summarise(read_journal(run_dir / "journal.sqlite")), run_dir)
    in_vain = CliRunner().invoke(main, ["reduce", str(run_dir)])
    assert (in_vain.exit_code, f"MISSING  {NAME}: not made" in in_vain.output) == (1, True)
    assert "NOT SAFE" not in in_vain.output, "a reduction moves nothing, and is often read years later"
    assert [in_vain.output.count(f"left out: {path.name}") for path in spoiler.whole] == [1, 1, 1]
    for path, data in spoiler.whole.items():
        path.write_bytes(data)
    assert CliRunner().invoke(main, ["reduce", str(run_dir)]).exit_code == 0
    assert json.loads((run_dir / "summary.json").read_text())["missing"] == []
    assert missing_products(read_journal(run_dir / "journal.sqlite")) == []


START = ("run_started", {"reduces": True})
GOOD = {
    "file": "a.fits",
    "template": 1,
    "kind": "flat",
    "camera": "LM",
    "filter": "Lp",
    "mode": "fast",
    "dit_s": 0.2,
    "ndit": 1,
    "verdict": "good",
}
FLAT = {"file": "f.fits", "category": "MASTER_FLAT", "recipe": "r", "inputs": ["a.fits"]}
FAILED = {**FLAT, "file": "s.json", "category": "NO_PRODUCT", "recipe": "megara", "qa": {"reasons": ["ended with 1"]}}


@pytest.mark.parametrize(
    ("records", "missing"),
    [
        ([START, ("frame", GOOD)], ["master flat LM Lp fast of template 1: not made"]),
        ([START, ("frame", {**GOOD, "kind": "ladder"})], ["linearity LM Lp fast of template 1: not made"]),
        ([START, ("frame", {**GOOD, "verdict": "cloudy"})], []),
        ([START, ("frame", {**GOOD, "kind": "script"})], []),
        ([START, ("frame", GOOD), ("product", FLAT)], []),
        ([START, ("frame", GOOD), ("product", {**FLAT, "file": "f.json"})], []),
        ([START, ("frame", GOOD), ("product", FLAT), ("product", FAILED)], ["megara: ended with 1"]),
        (
            [START, ("frame", GOOD), ("product", FLAT), ("reduction", {"removed": ["f.fits"]})],
            ["master flat LM Lp fast of template 1: not made"],
        ),
        ([("run_started", {"reduces": False}), ("frame", GOOD)], []),
        ([("run_started", {}), ("frame", GOOD)], []),
    ],
)
def test_every_good_frame_goes_into_a_product_where_products_are_promised(
    records: list[tuple[str, dict[str, Any]]], missing: list[str]
) -> None:
    journal = [Record(seq, 0.0, kind, data, "") for seq, (kind, data) in enumerate(records, 1)]
    assert missing_products(journal) == missing
