"""The file of what nights teach cannot be written: the next night is the poorer for it, this one is not touched."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end import rig

DARK = ("METIS_all_cal_Dark", {"DET1.DIT": 0.2, "SEQ.NEXPO1": 1, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0})


def test_a_run_whose_learned_file_cannot_be_written_says_so_and_completes(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, DARK), learned=tmp_path / "file" / "learned.yaml")
    assert (ran.result.outcome, ran.result.exit_code) == ("completed", 0)
    assert ran.of("run_done")[0]["outcome"] == "completed"
    assert ran.of("block_status")[-1]["status"] == "C"
    (alarm,) = ran.of("alarm")
    assert "learned.yaml" in alarm["what"] and "cannot be written" in alarm["what"]
