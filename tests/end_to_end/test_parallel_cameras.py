"""Operator verbs while several detectors expose at the same time: none loses a frame, none is left behind."""

from __future__ import annotations

from pathlib import Path

from sequencer.engine.context import RunContext
from sequencer.engine.journal import Record
from tests.end_to_end import rig
from tests.end_to_end.test_operator_verbs import assert_ended_safe, tell

THREE = {
    "DET1.DIT": 3.0, "SEQ.NEXPO1": 4,
    "DET2.DIT": 0.02, "SEQ.NEXPO2": 12,
    "DET3.DIT": 5.0, "SEQ.NEXPO3": 3,
}  # fmt: skip
"""Series of about 17, 13 and 22 s: their exposures begin and end at different times."""

BOTH = {**rig.FLATS, "SEQ.CAMERA": ["LM", "N"], "SEQ.DIT.FILT.LIST": ["H2O-ice", "N1"]}
"""A frame of H2O-ice takes some 3 s, one of N1 a hundredth of that."""


def all_exposing(record: Record) -> bool:
    """The moment the third camera begins: by then all three expose."""
    return record.kind == "exposure" and record.data["camera"] == "IFU"


def darks(folder: Path, operator: rig.Operator) -> rig.Ran:
    return rig.run(folder, rig.write_ob(folder, ("METIS_all_cal_Dark", THREE)), operator=operator)


def exposures_without_a_frame(ran: rig.Ran) -> set[str]:
    begun = {data["exposure"] for data in ran.of("exposure") if data["kind"] != "probe"}
    return begun - {data["exposure"] for data in ran.of("frame")}


def test_stop_finishes_the_exposure_of_every_camera(tmp_path: Path) -> None:
    ran = darks(tmp_path, rig.when(all_exposing, lambda run: tell(run, "stop")))
    assert ran.result.outcome == "stopped"
    assert_ended_safe(ran)
    assert [frame["camera"] for frame in ran.of("frame")] == ["N", "LM", "IFU"]
    assert exposures_without_a_frame(ran) == set()


def test_a_pause_begins_when_every_camera_has_finished_its_exposure(tmp_path: Path) -> None:
    async def act(run: RunContext) -> None:
        await tell(run, "pause")
        await run.clock.sleep(120.0, "tester")
        assert run.control.state == "Paused"
        await tell(run, "resume")

    ran = darks(tmp_path, rig.when(all_exposing, act))
    assert ran.result.outcome == "completed"
    assert (ran.states.count("Paused"), ran.states.count("Running")) == (1, 2)
    paused = next(r.time_s for r in ran.records if r.kind == "ob_state" and r.data["state"] == "Paused")
    resumed = next(r.time_s for r in reversed(ran.records) if r.kind == "operator")
    assert resumed - paused > 100.0
    frames = ran.of("frame")
    assert not [frame for frame in frames if frame["start_s"] < resumed and frame["end_s"] > paused]
    assert sorted(frame["camera"] for frame in frames) == ["IFU"] * 3 + ["LM"] * 4 + ["N"] * 12
    assert exposures_without_a_frame(ran) == set()


def test_skipping_a_level_ends_it_for_every_camera(tmp_path: Path) -> None:
    parameters = {**BOTH, "SEQ.AIRMASS.LIST": [1.5, 2.0], "SEQ.NEXPO": 3, "SEQ.DARK": False}
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", parameters))
    operator = rig.when(
        lambda record: record.kind == "frame" and record.data["camera"] == "N", lambda run: tell(run, "skip")
    )
    ran = rig.run(tmp_path, ob, operator=operator)
    assert ran.result.outcome == "completed"
    assert exposures_without_a_frame(ran) == set()
    taken = [(frame["camera"], round(frame["airmass"], 1)) for frame in ran.of("frame")]
    assert taken.count(("N", 2.0)) == taken.count(("LM", 2.0)) == 3
    assert len(taken) < 6 + 6
    said = next(record for record in ran.records if record.kind == "operator")
    slew = next(r for r in ran.records if r.kind == "step" and r.data["cmd"] == "preset" and r.seq > said.seq)
    assert not [
        r for r in ran.records if r.kind == "exposure" and r.time_s > said.time_s and r.seq < slew.seq
    ]
    assert not [f for f in ran.of("frame") if f["start_s"] < slew.time_s < f["end_s"]]


def test_a_fault_of_one_camera_ends_the_others_at_once(tmp_path: Path) -> None:
    """The block fails with what went wrong first, and ends safe."""

    async def act(run: RunContext) -> None:
        await run.clock.sleep(1.0, "tester")
        await run.devices.detectors["LM"].abort()

    ran = darks(tmp_path, rig.when(all_exposing, act))
    assert ran.result.outcome == "failed"
    (alarm,) = ran.of("alarm")
    assert "detector_lm" in alarm["what"]
    assert "interrupted by abort" in alarm["what"]
    assert not {"LM", "IFU"} & {frame["camera"] for frame in ran.of("frame")}
    assert_ended_safe(ran)
