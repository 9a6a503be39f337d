"""Where the telescope looks: a level without a patch of sky is left out, one that is no longer good is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from sequencer.config.search import find_config
from sequencer.engine.context import RunContext
from tests.end_to_end import rig

PARAMETERS = {**rig.FLATS, "SEQ.DARK": False}


def deployment(folder: Path, **telescope: Any) -> str:
    """metis-sim with another telescope."""
    instrument = yaml.safe_load(find_config("instruments", "metis").read_text())
    instrument["telescope"] |= telescope
    (folder / "strict.yaml").write_text(yaml.safe_dump(instrument))
    where = yaml.safe_load(find_config("deployments", "metis-sim").read_text())
    where["instrument"] = str(folder / "strict.yaml")
    path = folder / "strict-sim.yaml"
    path.write_text(yaml.safe_dump(where))
    return str(path)


def half_an_hour_of_pause() -> rig.Operator:
    """After the first frame."""

    async def pause(run: RunContext) -> None:
        await run.control.request("pause", "tester")
        await run.clock.sleep(1900.0, "tester")
        await run.control.request("resume", "tester")

    return rig.when(lambda record: record.kind == "frame", pause)


def test_without_a_patch_of_sky_a_level_is_left_out_and_the_rest_is_taken(tmp_path: Path) -> None:
    """130 deg from the Sun are not to be had near the zenith, while the Sun is 18 deg under the horizon."""
    ob = rig.write_ob(
        tmp_path, ("METIS_all_cal_TwilightFlat", {**PARAMETERS, "SEQ.AIRMASS.LIST": [1.0, 2.0]})
    )
    ran = rig.run(tmp_path, ob, deployment(tmp_path, sun_distance_deg=130.0))
    assert ran.result.outcome == "completed"
    (alarm,) = ran.of("alarm")
    assert alarm["so_what"] == "no flats at airmass 1"
    assert {round(frame["airmass"]) for frame in ran.of("frame")} == {2}
    assert all(data["reached"] for data in ran.of("safe_state"))


def test_a_patch_that_is_no_longer_good_after_a_pause_is_changed(tmp_path: Path) -> None:
    """Venus rises: near the zenith it comes from 83 to 75.7 deg in half an hour, where 76 are wanted."""

    parameters = {**PARAMETERS, "SEQ.NEXPO": 4, "SEQ.AIRMASS.LIST": [1.0]}
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", parameters))
    where = deployment(tmp_path, planet_distance_deg=76.0)
    ran = rig.run(tmp_path, ob, where, operator=half_an_hour_of_pause())
    (told,) = (note["text"] for note in ran.of("note") if "another patch" in note["text"])
    assert "Venus is 75.7 deg away" in told
    presets = [record for record in ran.records if record.kind == "step" and record.data["cmd"] == "preset"]
    assert len(presets) == 2
    closed_s = max(
        record.time_s
        for record in ran.records
        if record.kind == "light_stop" and record.data["position"] == "CLOSED" and record.seq < presets[1].seq
    )
    opened = [
        record.time_s
        for record in ran.records
        if record.kind == "light_stop"
        and record.data["position"] == "OPEN"
        and record.data["role"] == "shutter"
    ]
    assert not [time_s for time_s in opened if closed_s < time_s < presets[1].time_s]
    assert len([frame for frame in ran.of("frame") if frame["verdict"] == "good"]) == 4


def test_where_no_other_patch_is_good_either_the_level_is_left_after_the_pause(tmp_path: Path) -> None:
    parameters = {**PARAMETERS, "SEQ.NEXPO": 4, "SEQ.AIRMASS.LIST": [1.0, 2.0]}
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", parameters))
    where = deployment(tmp_path, planet_distance_deg=79.0)
    ran = rig.run(tmp_path, ob, where, operator=half_an_hour_of_pause())
    assert ran.result.outcome == "completed"
    assert "level left out: no empty patch of sky" in [note["text"] for note in ran.of("note")]
    assert any(alarm["so_what"] == "no flats at airmass 1" for alarm in ran.of("alarm"))
    good = [round(frame["airmass"]) for frame in ran.of("frame") if frame["verdict"] == "good"]
    assert good.count(1) < 4
    assert good.count(2) == 4
