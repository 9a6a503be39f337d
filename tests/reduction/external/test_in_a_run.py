"""Attached by the deployment alone: a run hands its frames to a stage, writes down what comes, and waits for nobody."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sequencer.cli.main import main
from sequencer.clock import ScaledClock
from sequencer.config import load_deployment
from sequencer.config.problems import ConfigErrors
from sequencer.engine.journal import read_journal
from sequencer.engine.prepare import prepare
from sequencer.engine.request import Nobody, RunRequest
from sequencer.engine.run import run_body
from sequencer.engine.runner import run_templates
from tests.end_to_end import rig
from tests.reduction.external.bench import deployment, program, shell
from tests.reduction.external.test_attached_feed import GOOD
from tests.reduction.external.test_programs import LIST

DITS_S = {"DET1.DIT": 0.2, "DET2.DIT": 0.02, "DET3.DIT": 1.3}
DARKS = ("METIS_all_cal_Dark", DITS_S | {f"SEQ.NEXPO{number}": 1 for number in (1, 2, 3)})


def test_products_of_every_template_are_in_the_journal_whatever_a_stage_does(tmp_path: Path) -> None:
    listing = str(program(tmp_path, LIST))
    ob = rig.write_ob(tmp_path, DARKS, (DARKS[0], dict(DARKS[1])))
    ran = rig.run(
        tmp_path,
        ob,
        str(
            deployment(
                tmp_path,
                "metis-sim",
                list={"command": [listing]},
                crash={"command": ["false"]},
                hang={"command": ["sleep", "600"], "time_limit_s": 0.2},
                elsewhere={"command": ["false"], "templates": ["METIS_all_cal_TwilightFlat"]},
            )
        ),
        reduced=True,
    )
    assert ran.result.outcome == "completed"
    attached = [data for data in ran.of("product") if not data["file"].startswith("master_")]
    assert [(data["file"], data["qa"]["flag"]) for data in attached] == [
        (f"{name}_{number}{end}", flag)
        for number in ("01", "02")
        for name, end, flag in (
            ("crash", ".json", "BAD"),
            ("hang", ".json", "BAD"),
            ("list", "_frame_list.txt", "GOOD"),
        )
    ]
    assert all((ran.result.run_dir / "products" / data["file"]).is_file() for data in attached)
    (alarm,) = ran.of("alarm")
    assert "4 products are missing" in alarm["what"]
    assert ran.result.exit_code == 1


def test_templates_go_on_while_a_stage_works_and_the_run_ends_when_it_is_done(tmp_path: Path) -> None:
    """The stage has the first template in hand until frames of the second are there: who waited would wait for ever.

    In time that passes, sixty times as fast as the wall.
    """
    more = 'until [ "$(ls ../../raw | wc -l)" -gt 3 ]; do sleep 0.05; done\n'
    stages = shell(tmp_path, more + GOOD, time_limit_s=60.0)
    where = str(deployment(tmp_path, "metis-sim", **stages))
    ob = rig.write_ob(tmp_path, DARKS, (DARKS[0], dict(DARKS[1])))
    request = RunRequest(ob, where, tmp_path / "runs", None, None, "virtual", 1, rig.SMALL)
    prepared = prepare(request)
    fast = replace(prepared, clock=ScaledClock(prepared.started_s, 60.0))
    result = fast.clock.run(run_body(fast, Nobody(), run_templates))
    assert result.outcome == "completed"
    records = read_journal(result.run_dir / "journal.sqlite")
    told = [record.kind for record in records if record.data.get("file", "").startswith("other_")]
    assert told == ["product", "product"]
    kinds = [record.kind for record in records]
    assert kinds.index("run_done") == len(kinds) - 1
    assert [record.data for record in records if record.kind == "alarm"] == []


def test_a_finished_run_is_reduced_again_with_the_stages_or_without_them(tmp_path: Path) -> None:
    """Without: what they made stays. With: they make it anew, and who fails harms neither report nor summary: what it
    owes is missing."""
    listing = {"command": [str(program(tmp_path, LIST))]}
    attached = str(deployment(tmp_path, "metis-sim", list=listing, crash={"command": ["false"]}))
    run_dir = rig.run(tmp_path, rig.write_ob(tmp_path, DARKS), attached, reduced=True).result.run_dir
    product, summary = run_dir / "products/list_01_frame_list.txt", run_dir / "summary.json"
    first = product.stat().st_ino
    for options, same in (([], True), (["--deployment", attached], False)):
        told = CliRunner().invoke(main, ["reduce", str(run_dir), *options])
        assert told.exit_code == 1, told.output
        assert "MISSING  crash" in told.output
        assert (product.stat().st_ino == first) is same
        assert product.name in summary.read_text()
        assert (run_dir / "products/crash_01.log").is_file()


@pytest.mark.parametrize(
    ("name", "stage", "wrong"),
    [
        ("Mine!", {"command": ["x"]}, "is named with lower-case letters"),
        ("mine", {"command": []}, "must name a program"),
        ("mine", {"command": ["bin/x"]}, "is an absolute path, a name on the PATH, or {python}"),
        ("mine", {"command": ["x"], "time_limit_s": 0}, "must be within 0 and 86400 s"),
        ("mine", {"command": ["x"], "file_limit_mb": 0}, "must be within 1 and 1000000 MB"),
        ("mine", {"command": ["x"], "calibrations": {"BIAS": ["b.fits"]}}, "must be absolute paths"),
        ("mine", {"comand": ["x"]}, "unknown key 'comand'; did you mean command?"),
    ],
)
def test_a_wrong_stage_is_told_when_the_deployment_is_loaded(
    tmp_path: Path, name: str, stage: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(ConfigErrors) as errors:
        load_deployment(deployment(tmp_path, "metis-sim", **{name: stage}))
    assert any(wrong in str(problem) for problem in errors.value.problems), errors.value.problems
