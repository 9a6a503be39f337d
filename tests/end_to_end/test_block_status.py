"""What the Phase-2 tools are told of a block after its run: its letter, in a file of the run, not in the observer's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from sequencer.cli.main import main
from sequencer.engine.context import RunContext
from sequencer.engine.executed import everything_taken
from sequencer.engine.journal import Record
from sequencer.monitor.leave import leave
from tests.end_to_end import rig

DARK = ("METIS_all_cal_Dark", {"DET1.DIT": 0.2, "SEQ.NEXPO1": 3, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0})


def write(folder: Path, *calls: tuple[str, dict[str, Any]], **more: Any) -> Path:
    ob = rig.write_ob(folder, *calls)
    ob.write_text(yaml.safe_dump(yaml.safe_load(ob.read_text()) | more))
    return ob


def asking(verb: str) -> rig.Operator:
    """An operator who gives an order after the first frame."""

    async def ask(run: RunContext) -> None:
        await run.control.request(verb, "tester", what="template")

    return rig.when(lambda record: record.kind == "frame", ask)


def letters(ran: rig.Ran) -> list[str]:
    return [data["status"] for data in ran.of("block_status")]


def block(ran: rig.Ran) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ran.result.run_dir / "block.yaml").read_text())
    return found


def export(path: Path, form: str) -> str:
    told = CliRunner().invoke(main, ["export", str(path), "--form", form])
    assert told.exit_code == 0, told.output
    return told.stdout


def test_a_block_that_got_everything_is_completed_in_file_journal_summary_and_export(tmp_path: Path) -> None:
    ob = write(tmp_path, DARK, id=1234567, status="+")
    before = ob.read_text()
    ran = rig.run(tmp_path, ob)
    assert letters(ran) == ["S", "C"]
    assert block(ran) == yaml.safe_load(before) | {"status": "C"}
    assert leave(ran.result.run_dir)["block_status"] == "C"
    assert "block status C: completed" in (ran.result.run_dir / "run.log").read_text()
    outside = json.loads(export(ran.result.run_dir, "p2json"))
    assert (outside["obId"], outside["obStatus"]) == (1234567, "C")
    assert 'OBS.STATUS "C"' in " ".join(export(ran.result.run_dir / "block.yaml", "obd").split())
    assert ob.read_text() == before


@pytest.mark.parametrize(("verb", "letter"), [("stop", "M"), ("abort", "A"), ("halt", "A"), ("skip", "X")])
def test_what_the_operator_ended_is_not_completed(tmp_path: Path, verb: str, letter: str) -> None:
    ran = rig.run(tmp_path, write(tmp_path, DARK), operator=asking(verb))
    assert letters(ran) == ["S", letter]
    assert block(ran)["status"] == letter


def test_a_person_says_of_an_executed_block_whether_it_is_to_be_repeated(tmp_path: Path) -> None:
    run_dir = rig.run(tmp_path, write(tmp_path, DARK), operator=asking("skip")).result.run_dir
    for letter, code in (("M", 0), ("C", 0), ("S", 2)):
        told = CliRunner().invoke(main, ["export", str(run_dir), "--form", "p2json", "--status", letter])
        assert told.exit_code == code, told.output
    assert "after X (executed) comes only C, M, not S (started)" in told.output


def test_while_it_runs_the_block_is_started(tmp_path: Path) -> None:
    seen: list[str] = []

    async def look(run: RunContext) -> None:
        seen.append(yaml.safe_load((run.run_dir / "block.yaml").read_text())["status"])

    rig.run(tmp_path, write(tmp_path, DARK), operator=rig.when(lambda record: record.kind == "frame", look))
    assert seen == ["S"]


def test_a_block_that_is_over_does_not_run_again_but_one_to_be_repeated_does(tmp_path: Path) -> None:
    ran = rig.run(tmp_path, write(tmp_path, DARK), operator=asking("stop"))
    path = ran.result.run_dir / "block.yaml"
    assert CliRunner().invoke(main, ["validate", str(path), "-d", "metis-sim"]).exit_code == 0
    path.write_text(path.read_text().replace("status: M", "status: C"))
    told = CliRunner().invoke(main, ["validate", str(path), "-d", "metis-sim"])
    assert told.exit_code == 2
    assert "has status C (completed)" in told.output


def test_what_no_device_measures_is_told_to_whoever_executes_the_block(tmp_path: Path) -> None:
    constraints = {"sky_transparency": "Clear", "other": {"waterVapour": 5.0}}
    ran = rig.run(tmp_path, write(tmp_path, DARK, constraints=constraints))
    told = [note["text"] for note in ran.of("note") if note["text"].startswith("constraints: ")]
    assert [text.split(" is not measured here")[0] for text in told] == [
        "constraints: sky_transparency Clear",
        "constraints: waterVapour 5.0",
    ]


def test_a_folder_that_is_no_run_of_a_block_is_not_exported(tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["export", str(tmp_path), "--form", "obd"])
    assert told.exit_code == 2
    assert f"{tmp_path}: is a folder without block.yaml" in told.output


FLAT = {"kind": "flat", "verdict": "good"}
SERIES = {"template": 0, "camera": "LM", "kind": "dark", "mode": "fast", "dit_s": 0.2, "ndit": 1, "wanted": 2}
DONE = ("template_done", {"outcome": "completed"})


@pytest.mark.parametrize(
    ("records", "whole"),
    [
        ([("plan", {"asked": 2}), ("frame", FLAT), ("frame", FLAT), DONE], True),
        ([("plan", {"asked": 2}), ("frame", FLAT), ("frame", {**FLAT, "verdict": "cloudy"}), DONE], False),
        (
            [
                ("plan", {"rows": []}),
                ("frame", {**SERIES, "good": 1}),
                ("frame", {**SERIES, "good": 2}),
                DONE,
            ],
            True,
        ),
        ([("frame", {**SERIES, "good": 1}), ("frame", {**SERIES, "good": 1}), DONE], False),
        ([DONE, ("template_done", {"outcome": "skipped"})], False),
        ([("operator", {"verb": "skip"}), DONE], False),
        ([("operator", {"verb": "note"}), DONE], True),
    ],
)
def test_everything_is_taken_when_nothing_asked_for_is_missing(
    records: list[tuple[str, dict[str, Any]]], whole: bool
) -> None:
    journal = [Record(seq, 0.0, kind, data, "") for seq, (kind, data) in enumerate(records, 1)]
    assert everything_taken(journal) is whole
