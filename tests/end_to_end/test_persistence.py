"""No sequence overfills a detector; the world's own ledger of overfilled pixels is the witness."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end import rig

PAST_THE_OPEN_SLOT = {**rig.FLATS, "SEQ.DIT.FILT.LIST": ["short-L", "Lp"], "SEQ.DARK": False}
"""From short-L to Lp the filter wheel of IMG-LM passes its open slot: 160 % of full well in the shortest DIT."""

BOTH = {
    **PAST_THE_OPEN_SLOT,
    "SEQ.CAMERA": ["LM", "N"],
    "SEQ.DIT.FILT.LIST": ["short-L", "Lp", "N1", "N3"],
    "SEQ.AIRMASS.LIST": [1.5, 2.0],
    "SEQ.DARK": True,
}
"""N1 to N3 passes the open slot of IMG-N: 230 % of full well in the shortest DIT."""


def overfilled(ran: rig.Ran) -> list[str]:
    return [
        f"{camera}: {event.cause}"
        for camera in ran.world.instrument.detectors
        for event in ran.world.truth.persistence(camera)
    ]


@pytest.mark.parametrize(
    ("mode", "levels"),
    [("FIXED", [0.3, 0.6, 0.85]), ("AIRMASS", [0.3, 0.6, 0.85]), ("LADDER", [0.4, 0.6, 0.85])],
)
def test_no_mode_overfills_a_detector(tmp_path: Path, mode: str, levels: list[float]) -> None:
    parameters = {**BOTH, "SEQ.MODE": mode, "SEQ.LEVEL.LIST": levels}
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", parameters)))
    assert ran.result.outcome == "completed"
    assert {(frame["camera"], frame["filter"]) for frame in ran.of("frame") if frame["kind"] != "dark"} >= {
        ("LM", "short-L"),
        ("N", "N1"),
    }
    assert overfilled(ran) == []


@pytest.mark.parametrize("twilight", [{"SEQ.TWILIGHT": "EVENING"}, {"SEQ.TWILIGHT": "MORNING"}])
def test_level_mode_overfills_nothing_in_a_sky_that_changes_fast(
    tmp_path: Path, twilight: dict[str, Any]
) -> None:
    parameters = {
        "SEQ.MODE": "LEVEL",
        "SEQ.DIT.FILT.LIST": ["B", "V", "R"],
        "SEQ.NEXPO": 4,
        "SEQ.DARK.NEXPO": 1,
    }
    ob = rig.write_ob(tmp_path, ("OPTICAM_TwilightFlat", {**parameters, **twilight}), instrument="OPTICAM")
    start_s = None if twilight["SEQ.TWILIGHT"] == "EVENING" else rig.at("2027-03-20T10:20:00")
    ran = rig.run(tmp_path, ob, "opticam-sim", start_s=start_s)
    assert ran.result.outcome == "completed"
    flats = [frame for frame in ran.of("frame") if frame["kind"] == "flat" and frame["verdict"] == "good"]
    assert len(flats) >= 8
    assert overfilled(ran) == []


def test_darks_overfill_nothing(tmp_path: Path) -> None:
    parameters = {"DET1.DIT": 100.0, "DET2.DIT": 20.0, "DET3.DIT": 100.0}
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, ("METIS_all_cal_Dark", parameters)))
    assert ran.result.outcome == "completed"
    assert overfilled(ran) == []


@pytest.mark.parametrize("protect", [True, False])
def test_it_is_the_protection_that_keeps_the_open_slot_dark(tmp_path: Path, protect: bool) -> None:
    parameters = {**PAST_THE_OPEN_SLOT, "SEQ.PROTECT": protect}
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", parameters)))
    assert ran.result.outcome == "completed"
    events = overfilled(ran)
    assert (not events) is protect
    if not protect:
        assert events[0].startswith("LM: idle")
        assert "open" in events[0]
