"""Whoever looks on at a run may fail: the run goes on, and its end is the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from sequencer.engine.journal import Record
from sequencer.engine.status import Status
from tests.end_to_end import rig

DARKS = {"DET1.DIT": 0.2, "SEQ.NEXPO1": 3, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0}


class Failing:
    """A display that fails at the first frame, or at the first status."""

    def __init__(self, at: str) -> None:
        self.at = at
        self.asked = 0

    def on_record(self, record: Record) -> None:
        if self.at == "record" and record.kind == "frame":
            self.asked += 1
            raise BrokenPipeError("the terminal has gone")

    def on_status(self, status: Status) -> None:
        if self.at == "status":
            self.asked += 1
            raise ValueError("no such colour")


@pytest.mark.parametrize("at", ["record", "status"])
def test_a_failing_display_is_an_alarm_and_the_run_completes(tmp_path: Path, at: str) -> None:
    watcher = Failing(at)
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, ("METIS_all_cal_Dark", DARKS)), watcher=watcher)
    assert (ran.result.outcome, ran.result.exit_code) == ("completed", 0)
    assert len(ran.of("frame")) == 3
    assert ["display" in data["what"] for data in ran.of("alarm")] == [True]
    assert watcher.asked == 1
    assert all(data["reached"] for data in ran.of("safe_state"))
