"""Where the telescope looks: a level without a patch of sky is left out, one that is no longer good is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from sequencer.cli.main import main
from sequencer.config import load_site
from sequencer.config.search import find_config
from sequencer.engine.context import RunContext
from sequencer.sky import Site
from sequencer.sky.angles import separation_deg
from tests.end_to_end import rig
from tests.sky.almanac import body_altaz

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


BRIGHT_MOON = "2027-03-24T09:20:00"
"""Two days after full Moon, which is up at dawn, and where one would look: opposite the Sun."""


def moon_block(folder: Path, distance_deg: float | None, *airmasses: float) -> Path:
    """A block of small flats that wants a distance from the Moon."""
    call = ("METIS_all_cal_TwilightFlat", {**PARAMETERS, "SEQ.AIRMASS.LIST": list(airmasses)})
    path = rig.write_ob(folder, call)
    constraints = {} if distance_deg is None else {"constraints": {"moon_distance_deg": distance_deg}}
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | constraints))
    return path


def apart_deg(frame: dict[str, Any], where: dict[str, Any]) -> float:
    """How far the Moon is from a direction at the start of a frame, by PyEphem."""
    place = load_site("armazones")
    site = Site(place.name, place.latitude_deg, place.longitude_deg, place.elevation_m)
    altitude_deg, azimuth_deg = body_altaz("Moon", site, frame["start_s"])
    return float(separation_deg(where["azimuth_deg"], where["altitude_deg"], azimuth_deg, altitude_deg))


@pytest.mark.parametrize(("distance_deg", "kept"), [(None, False), (45.0, True)])
def test_a_patch_nearer_to_the_moon_than_the_block_wants_is_not_taken(
    tmp_path: Path, distance_deg: float | None, kept: bool
) -> None:
    """The telescope itself is content with 30 deg from a full Moon."""
    ob = moon_block(tmp_path, distance_deg, 1.0, 2.0)
    ran = rig.run(tmp_path, ob, start_s=rig.at(BRIGHT_MOON))
    presets = [data["args"] for data in ran.of("step") if data["cmd"] == "preset"]
    frames = [next(one for one in ran.of("frame") if round(one["airmass"]) == airmass) for airmass in (1, 2)]
    assert all((apart_deg(*pair) >= 45.0) is kept for pair in zip(frames, presets[:2], strict=True))


def test_where_every_patch_is_too_near_the_moon_plan_and_run_say_so(tmp_path: Path) -> None:
    """70 deg from it are to be had at airmass 2, and nowhere near the zenith."""
    ob = moon_block(tmp_path, 70.0, 1.0, 2.0)
    told = CliRunner().invoke(
        main, ["plan", str(ob), "-d", "metis-sim", "--date", BRIGHT_MOON[:10], "--twilight", "morning"]
    )
    (line,) = (
        line for line in told.stdout.splitlines() if line.startswith("! no empty patch of sky: airmass 1:")
    )
    assert "Moon (95 % lit) is 36.9 deg away at 09:30 UTC, at least 70.0 are wanted" in line
    ran = rig.run(tmp_path, ob, start_s=rig.at(BRIGHT_MOON))
    assert [alarm["so_what"] for alarm in ran.of("alarm")] == ["no flats at airmass 1"]
    assert {round(frame["airmass"]) for frame in ran.of("frame")} == {2}
