"""A dark into which light may have come is kept as what it is, and offered to nobody as a dark."""

from __future__ import annotations

from pathlib import Path

from astropy.io import fits

from sequencer.engine.context import RunContext
from sequencer.engine.journal import Record
from sequencer.monitor.leave import leave
from tests.end_to_end import rig, truths


def third_begins(record: Record) -> bool:
    return record.kind == "exposure" and record.data["i"] == 3


async def open_the_shutter(run: RunContext) -> None:
    """Somebody opens it in the middle of an exposure of 60 s."""
    await run.clock.sleep(20.0, "tester")
    await run.devices.shutter.open()


def test_the_frame_is_marked_journalled_and_not_used(tmp_path: Path) -> None:
    ob = rig.write_ob(tmp_path, ("OPTICAM_Dark", {"DET1.DIT": 60.0, "SEQ.NEXPO1": 5}), instrument="OPTICAM")
    ran = rig.run(
        tmp_path, ob, "opticam-sim", operator=rig.when(third_begins, open_the_shutter), reduced=True
    )
    assert ran.result.outcome == "failed"
    assert any("NotDark" in alarm["what"] and "shutter" in alarm["what"] for alarm in ran.of("alarm"))
    *good, spoilt = ran.of("frame")
    assert [(frame["verdict"], frame["good"]) for frame in good] == [("good", 1), ("good", 2)]
    assert (spoilt["verdict"], spoilt["good"]) == ("unstable", 2)
    assert "shutter" in spoilt["reason"] and "OPEN" in spoilt["reason"]
    raw = ran.result.run_dir / "raw"
    assert sorted(path.name for path in raw.iterdir()) == sorted(frame["file"] for frame in ran.of("frame"))
    header = fits.getheader(raw / spoilt["file"])
    assert header["ESO SEQ VERDICT"] == "unstable"
    assert (header["ESO INS SHUT ST"], header["ESO INS SHUT END"]) == ("CLOSED", "OPEN")
    made = truths.record_of(truths.product(ran.result.run_dir, "master_dark_*.fits"))
    assert [one["file"] for one in made["inputs"]] == [frame["file"] for frame in good]
    (template,) = leave(ran.result.run_dir)["templates"]
    assert [frame["verdict"] for frame in template["frames"]] == ["good", "good", "unstable"]


def test_nothing_is_exposed_when_a_light_stop_is_open_beforehand(tmp_path: Path) -> None:
    async def act(run: RunContext) -> None:
        await run.control.request("pause", "tester")
        await run.clock.sleep(120.0, "tester")
        await run.devices.cover.open()
        await run.control.request("resume", "tester")

    ob = rig.write_ob(tmp_path, ("OPTICAM_Dark", {"DET1.DIT": 60.0, "SEQ.NEXPO1": 5}), instrument="OPTICAM")
    ran = rig.run(tmp_path, ob, "opticam-sim", operator=rig.when(third_begins, act))
    assert ran.result.outcome == "failed"
    (alarm,) = ran.of("alarm")
    assert "NotDark: the cover (cover) reads back OPEN" in alarm["what"]
    assert [frame["verdict"] for frame in ran.of("frame")] == ["good"] * 3
    assert len(ran.of("exposure")) == 3
