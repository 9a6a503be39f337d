"""No sequence overfills a detector; the world's own ledger of overfilled pixels is the witness."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
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

BRIGHT_NIGHT = 1
"""Seed of a night 1.8 times as bright as expected: N2 reaches 106 % of full well in the shortest DIT."""

UNREAD_S = 12.0
"""How long light may fall on a camera before its first or after its last read-out: wheels turn, probes settle."""


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


def unread(ran: rig.Ran, camera: str) -> float:
    """The longest time in s for which light fell on a camera that nobody read."""
    frames = [r for r in ran.records if r.kind == "exposure" and r.data["camera"] == camera]
    spans = [(r.time_s, r.time_s + r.data["dit_s"] * r.data["ndit"]) for r in frames]
    longest = lit_s = 0.0
    for time_s in np.arange(ran.of("plan")[0]["window"]["start_s"], ran.records[-1].time_s):
        lit = ran.world.beam.state(camera, time_s).opening > 0.0
        read = any(start_s - 1.0 <= time_s <= end_s + 1.0 for start_s, end_s in spans)
        lit_s = lit_s + 1.0 if lit and not read else 0.0
        longest = max(longest, lit_s)
    return longest


@pytest.mark.parametrize("filters", [["short-L", "Lp", "N1", "N2"], ["short-L", "Lp", "N2", "N1"]])
def test_a_filter_given_up_does_not_stay_in_the_light_of_the_other_camera(
    tmp_path: Path, filters: list[str]
) -> None:
    """What N1 has taught tells that N2 is too bright: it is left out before any light comes through it."""
    parameters = {**BOTH, "SEQ.DIT.FILT.LIST": filters, "SEQ.NEXPO": 4, "SEQ.DARK": False}
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", parameters))
    ran = rig.run(tmp_path, ob, seed=BRIGHT_NIGHT)
    assert ran.result.outcome == "completed"
    assert ran.world.truth.rate_e_s("N", "N2", ran.of("frame")[0]["start_s"]) * 0.011 > 2.8e6
    taken = {(frame["filter"], round(frame["airmass"], 1)) for frame in ran.of("frame")}
    assert taken == {(name, airmass) for name in ("short-L", "Lp", "N1") for airmass in (1.5, 2.0)}
    (alarm,) = ran.of("alarm")
    assert "N N2 at airmass 1.50: 0 of 4 good flats" in alarm["what"]
    assert overfilled(ran) == []
    assert unread(ran, "N") < UNREAD_S


def test_light_falls_on_no_camera_that_nobody_reads(tmp_path: Path) -> None:
    """N has one filter and is done in seconds, while LM takes another one and longer frames."""
    parameters = {
        **BOTH,
        "SEQ.DIT.FILT.LIST": ["short-L", "H2O-ice", "N1"],
        "SEQ.NEXPO": 6,
        "SEQ.DARK": False,
    }
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", parameters)))
    assert ran.result.outcome == "completed"
    assert len(ran.of("frame")) == 3 * 2 * 6
    assert overfilled(ran) == []
    assert unread(ran, "LM") < UNREAD_S
    assert unread(ran, "N") < UNREAD_S


def test_a_sky_too_bright_is_waited_for_in_the_dark(tmp_path: Path) -> None:
    """With the Sun 2 deg below the horizon the V band overfills the camera sixteen times in its shortest DIT."""
    parameters = {
        "SEQ.MODE": "LEVEL",
        "SEQ.DIT.FILT.LIST": ["V"],
        "SEQ.NEXPO": 4,
        "SEQ.DARK": False,
        "SEQ.TWILIGHT": "EVENING",
        "SEQ.SUNALT.MAX": -2.0,
    }
    ran = rig.run(
        tmp_path,
        rig.write_ob(tmp_path, ("OPTICAM_TwilightFlat", parameters), instrument="OPTICAM"),
        "opticam-sim",
        seed=3,
    )
    assert [frame["verdict"] for frame in ran.of("frame")] == ["good"] * 4
    assert overfilled(ran) == []
