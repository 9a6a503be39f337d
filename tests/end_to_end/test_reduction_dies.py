"""The reduction stage dies in mid-run: the operator is told, and nothing is lost."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from sequencer.engine.context import RunContext
from sequencer.reduction.feed import ReductionFeed
from tests.end_to_end import rig


def stage_of(run: RunContext) -> int:
    """Process id of the reduction stage of a run."""
    assert isinstance(run.feed, ReductionFeed) and run.feed._process is not None
    return run.feed._process.pid


def test_an_alarm_says_so_and_the_products_are_made_all_the_same(tmp_path: Path) -> None:
    async def act(run: RunContext) -> None:
        os.kill(stage_of(run), signal.SIGKILL)

    darks = {"DET1.DIT": 0.2, "SEQ.NEXPO1": 3, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0}
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_Dark", darks))
    ran = rig.run(tmp_path, ob, operator=rig.when(lambda record: record.kind == "frame", act), reduced=True)
    assert ran.result.outcome == "completed"
    (alarm,) = ran.of("alarm")
    assert "the reduction stage ended with code -9" in alarm["what"]
    assert "it is started again" in alarm["what"]
    assert "exposing goes on" in alarm["so_what"]
    assert "sequencer reduce" in alarm["what_to_do"]
    (product,) = ran.of("product")
    record = json.loads((ran.result.run_dir / "products" / product["record"]).read_text())
    assert [one["file"] for one in record["inputs"]] == [frame["file"] for frame in ran.of("frame")]
