"""The plan during the run: the run keeps to it, and after a pause or a delay it is made anew, or says what is lost."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from sequencer.config.search import find_config
from sequencer.engine.context import RunContext
from sequencer.engine.journal import Record
from sequencer.engine.request import Nobody
from sequencer.engine.status import Status
from sequencer.monitor.asked import asked
from sequencer.monitor.story import tell
from tests.end_to_end import rig

LEVELS = {
    **rig.FLATS,
    "SEQ.DIT.FILT.LIST": ["Lp", "short-L", "Br_alpha"],
    "SEQ.AIRMASS.LIST": [1.5, 2.0],
    "SEQ.NEXPO": 3,
    "SEQ.LEVEL.LIST": [0.3, 0.6],
    "SEQ.DARK": False,
}


def paused_for(seconds: float, at_frame: int) -> rig.Operator:
    """An operator who pauses when so many frames are there, and resumes after a while."""

    def moment(record: Record) -> bool:
        return record.kind == "frame" and record.data["exposure"].split("/")[2].endswith(f"{at_frame:02d}")

    async def act(run: RunContext) -> None:
        await run.control.request("pause", "tester")
        await run.clock.sleep(seconds, "tester")
        await run.control.request("resume", "tester")

    return rig.when(moment, act)


def good(ran: rig.Ran) -> int:
    return sum(frame["verdict"] == "good" for frame in ran.of("frame"))


def planned(ran: rig.Ran) -> int:
    return sum(row["n"] for row in ran.of("plan")[0]["rows"])


def test_a_run_keeps_to_its_plan(tmp_path: Path) -> None:
    """Two levels, three filters, a ladder: what was planned is taken, at its time, and nothing is planned again."""
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", LEVELS)))
    (plan,) = ran.of("plan")
    assert good(ran) == planned(ran) == 2 * 3 * 3 + 2 * 4
    assert ran.of("replan") == []
    first = {(row["filter"], row["requested_airmass"]): row["start_s"] for row in reversed(plan["rows"])}
    for (name, airmass), start_s in first.items():
        taken = [
            frame["start_s"]
            for frame in ran.of("frame")
            if frame["filter"] == name and abs(frame["airmass"] - airmass) < 0.05
        ]
        assert -300.0 < min(taken) - start_s < 30.0, (
            name,
            airmass,
        )  # the plan's preset of 180 s takes 34 to 102
    assert min(frame["start_s"] for frame in ran.of("frame")) > plan["window"]["start_s"]
    presets = [r for r in ran.records if r.kind == "step" and r.data["cmd"] == "preset"]
    assert presets[0].time_s < plan["window"]["start_s"]


def test_after_a_pause_only_what_is_left_is_planned(tmp_path: Path) -> None:
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", LEVELS))
    ran = rig.run(tmp_path, ob, operator=paused_for(300.0, 3))
    replan = ran.of("replan")[0]
    assert replan["why"] == "resumed after a pause"
    resumed = next(r.time_s for r in ran.records if r.kind == "replan")
    before = [frame for frame in ran.of("frame") if frame["end_s"] < resumed]
    assert sum(row["n"] for row in replan["rows"]) == planned(ran) - len(before)
    assert all(row["start_s"] > resumed for row in replan["rows"])
    assert good(ran) == planned(ran)
    assert ran.of("alarm") == []


def test_a_pause_in_the_first_cycle_leaves_the_second_in_the_plan(tmp_path: Path) -> None:
    """Two filters in turn, twice over: after the first turn of the first one 3 of 12 are taken, 9 are left."""
    parameters = {**rig.FLATS, "SEQ.DIT.FILT.LIST": ["Lp", "short-L"], "SEQ.NEXPO": 3, "SEQ.NCYCLES": 2}
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", {**parameters, "SEQ.DARK": False}))
    ran = rig.run(tmp_path, ob, operator=paused_for(60.0, 4))
    replan = ran.of("replan")[0]
    resumed = next(record.time_s for record in ran.records if record.kind == "replan")
    before = [frame for frame in ran.of("frame") if frame["end_s"] < resumed]
    assert 3 <= len(before) < 6
    assert sum(row["n"] for row in replan["rows"]) == 12 - len(before)
    assert {row["filter"] for row in replan["rows"]} == {"Lp", "short-L"}
    assert good(ran) == 12


class LastStatus(Nobody):
    """Remembers what the plan's part of the status said last."""

    def on_status(self, status: Status) -> None:
        self.seen = (status.planned, status.achieved, list(status.left))


def test_the_second_twilight_of_a_block_has_a_plan_of_its_own(tmp_path: Path) -> None:
    flats = {**rig.FLATS, "SEQ.DARK": False}
    calls = [("METIS_all_cal_TwilightFlat", deepcopy({**flats, "SEQ.NEXPO": n})) for n in (4, 2)]
    watcher = LastStatus()
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, *calls), watcher=watcher)
    assert good(ran) == 4 + 2
    assert watcher.seen == (2, 2, [])


def test_after_a_skipped_level_nothing_is_left_to_do(tmp_path: Path) -> None:
    async def skip(run: RunContext) -> None:
        await run.control.request("skip", "tester")

    watcher = LastStatus()
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", {**rig.FLATS, "SEQ.DARK": False}))
    ran = rig.run(tmp_path, ob, operator=rig.when(rig.entered("Exposing"), skip), watcher=watcher)
    assert ran.result.outcome == "completed"
    assert watcher.seen[1] < watcher.seen[0] == 2
    assert watcher.seen[2] == []


def test_the_latest_end_is_an_end_of_the_plan_too(tmp_path: Path) -> None:
    """Until 09:31 the second level does not fit: the plan says so, and nothing is planned or promised beyond."""
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", LEVELS))
    ran = rig.run(tmp_path, ob, until_s=rig.at("2027-03-20T09:31:00"))
    (plan,) = ran.of("plan")
    assert any(
        "at airmass 2: 0 of 3 fit: the time allowed (--until) ends at 09:31" in text
        for text in plan["warnings"]
    )
    assert all(
        row["start_s"] is None or row["start_s"] < rig.at("2027-03-20T09:31:00") for row in plan["rows"]
    )
    assert good(ran) > 0
    assert plan["asked"] == 2 * 3 * 3 + 2 * 4
    missed = plan["asked"] - good(ran)
    assert str(asked(tell(ran.records))) == f"{missed} of {plan['asked']} flats asked for are missing"


def test_a_pause_before_the_twilight_loses_nothing_and_says_nothing(tmp_path: Path) -> None:
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", LEVELS))

    async def pause(run: RunContext) -> None:
        await run.control.request("pause", "tester")
        await run.clock.sleep(30.0, "tester")
        await run.control.request("resume", "tester")

    ran = rig.run(tmp_path, ob, operator=rig.when(rig.entered("Presetting"), pause))
    assert ran.of("alarm") == []
    assert good(ran) == planned(ran)


def test_a_pause_too_long_for_the_rest_says_what_is_lost(tmp_path: Path) -> None:
    """The twilight of 20 March 2027 ends at 10:08 UTC; the pause ends a few minutes before."""
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", LEVELS))
    ran = rig.run(tmp_path, ob, operator=paused_for(38.0 * 60.0, 3))
    assert ran.result.outcome == "completed"
    alarms = [alarm["what"] for alarm in ran.of("alarm")]
    assert any("airmass 2" in what and "fit: the twilight ends at 10:08" in what for what in alarms)
    assert good(ran) < planned(ran)
    missed = planned(ran) - good(ran)
    assert str(asked(tell(ran.records))) == f"{missed} of {planned(ran)} flats asked for are missing"


def test_a_pause_beyond_the_twilight_says_that_the_window_has_gone(tmp_path: Path) -> None:
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", LEVELS))
    ran = rig.run(tmp_path, ob, operator=paused_for(3600.0, 3))
    assert ran.result.outcome == "completed"
    assert any("the Sun has left its limits" in alarm["what"] for alarm in ran.of("alarm"))
    end_s = ran.of("plan")[0]["window"]["end_s"]
    assert all(frame["end_s"] <= end_s for frame in ran.of("frame"))


def test_what_one_night_taught_is_where_the_next_begins(tmp_path: Path) -> None:
    """The first frame of a night that is 1.3 times as bright as the table says, with and without the night before."""
    parameters = {**rig.FLATS, "SEQ.DARK": False}
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", parameters))
    learned = tmp_path / "learned.yaml"
    first = rig.run(tmp_path, ob, learned=learned)
    known = first.of("learned")[-1]["rates"]["LM"]["Lp"]
    assert "Lp" in learned.read_text()
    second = rig.run(tmp_path, ob, learned=learned)
    off = [
        abs(one.of("plan")[0]["rows"][0]["dit_s"] / one.of("frame")[0]["dit_s"] - 1.0)
        for one in (first, second)
    ]
    assert abs(known["throughput"] - 1.0) > 0.1
    assert off[0] > 0.1
    assert off[1] < 0.03


def test_a_tracking_telescope_moves_between_frames_and_no_star_falls_twice_on_a_pixel(tmp_path: Path) -> None:
    parameters = {"SEQ.DIT.FILT.LIST": ["V"], "SEQ.NEXPO": 6, "SEQ.DARK": False}
    ran = rig.run(
        tmp_path,
        rig.write_ob(tmp_path, ("OPTICAM_TwilightFlat", parameters), instrument="OPTICAM"),
        "opticam-sim",
    )
    presets = [data["args"] for data in ran.of("step") if data["cmd"] == "preset"]
    assert len(presets) == 1 + 6
    places = {(args["ra_deg"], args["dec_deg"]) for args in presets[1:]}
    assert len(places) == 5
    apart = [
        abs(one[1] - other[1]) + abs(one[0] - other[0]) for one in places for other in places if one != other
    ]
    assert min(apart) * 3600.0 >= 30.0
    for frame in ran.of("frame"):
        assert ran.world.pointing.drifting(frame["start_s"] + 0.1) is False


def at_the_issued_pace(folder: Path) -> str:
    """metis-sim with presets of 180 s, filter changes of about 20 s and 2 s between two exposures."""
    instrument = yaml.safe_load(find_config("instruments", "metis").read_text())
    instrument["telescope"] |= {"slew_deg_s": [50.0, 50.0], "settle_s": 177.0}
    instrument["detectors"]["LM"]["modes"]["fast"]["overhead_s"] = 2.0
    instrument["mechanisms"]["INS.OPTI10.NAME"]["seconds_per_step"] = 4.0
    (folder / "pace.yaml").write_text(yaml.safe_dump(instrument))
    where = yaml.safe_load(find_config("deployments", "metis-sim").read_text())
    (folder / "pace-sim.yaml").write_text(yaml.safe_dump(where | {"instrument": str(folder / "pace.yaml")}))
    return str(folder / "pace-sim.yaml")


@pytest.mark.nightly
def test_ten_filters_at_three_airmasses_in_one_twilight_and_their_darks_after_it(tmp_path: Path) -> None:
    """A night 7 % fainter than the table: all 300 flats in the window, one probe a filter, darks for all of them."""
    ob = find_config("obs", "metis-all-lm-flats")
    ran = rig.run(tmp_path, ob, at_the_issued_pace(tmp_path), seed=2, reduced=True)
    presets = [data["seconds"] for data in ran.of("step_done") if data["cmd"] == "preset"]
    assert presets == pytest.approx([180.0] * 3, abs=3.0)
    assert ran.result.outcome == "completed"
    window = ran.of("plan")[0]["window"]
    flats = [frame for frame in ran.of("frame") if frame["kind"] == "flat"]
    taken = Counter(
        (frame["filter"], round(frame["airmass"], 1)) for frame in flats if frame["verdict"] == "good"
    )
    assert len(taken) == 10 * 3
    assert set(taken.values()) == {10}
    assert all(window["start_s"] <= frame["start_s"] and frame["end_s"] <= window["end_s"] for frame in flats)
    assert len(ran.of("probe")) == 10
    assert ran.of("alarm") == []
    darks = Counter((frame["dit_s"], frame["ndit"]) for frame in ran.of("frame") if frame["kind"] == "dark")
    assert darks == dict.fromkeys({(frame["dit_s"], frame["ndit"]) for frame in flats}, 10)
    handed_over = next(
        r.time_s for r in ran.records if r.kind == "template_state" and r.data["state"] == "HandingOver"
    )
    assert all(frame["start_s"] > handed_over for frame in ran.of("frame") if frame["kind"] == "dark")
    assert {one["qa"]["flag"] for one in ran.of("product") if one["category"] == "MASTER_FLAT"} == {"GOOD"}
