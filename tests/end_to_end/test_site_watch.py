"""Weather and roof while the light is open: everything closes, the run says why and ends safe."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from sequencer.clock import VirtualClock, parse_utc
from sequencer.devices.server import READ_S
from sequencer.devices.site import Weather
from sequencer.engine.context import RunContext
from sequencer.wire.beat import PATIENCE, beats_s
from simulators.devices.shutter import SimulatedCover
from simulators.devices.site import SimulatedSite
from tests.end_to_end import rig

OPTICAM = {"SEQ.DIT.FILT.LIST": ["V"], "SEQ.MODE": "LEVEL", "SEQ.NEXPO": 4, "SEQ.TWILIGHT": "EVENING"}
IN_MID_FLATS_S = parse_utc("2027-03-20T23:11:20")
POLL_S = 5.0
SHUTTER_S, COVER_S = 0.1, 5.0
"""Travel of the light stops of OPTICAM."""

Hardware = dict[str, type[SimulatedSite]]


def site(after_s: float = 0.0, **weather: Any) -> Hardware:
    """A site that reads like this after a moment, and like a calm night before."""

    class Changing(SimulatedSite):
        poll_s = POLL_S

        async def read_weather(self) -> Weather:
            calm = await super().read_weather()
            return calm._replace(**weather) if self.clock.now() >= after_s else calm

    return {"site": Changing}


def flats(
    folder: Path, hardware: Hardware, operator: rig.Operator | None = None, **parameters: Any
) -> rig.Ran:
    ob = rig.write_ob(folder, ("OPTICAM_TwilightFlat", {**OPTICAM, **parameters}), instrument="OPTICAM")
    return rig.run(folder, ob, "opticam-sim", hardware=hardware, operator=operator)


def darks(folder: Path, hardware: Hardware, operator: rig.Operator | None = None) -> rig.Ran:
    ob = rig.write_ob(folder, ("OPTICAM_Dark", {"DET1.DIT": 10.0, "SEQ.NEXPO1": 2}), instrument="OPTICAM")
    return rig.run(folder, ob, "opticam-sim", hardware=hardware, operator=operator)


def alarmed_s(ran: rig.Ran) -> float:
    """When the site's alarm was raised."""
    (time_s,) = (
        r.time_s for r in ran.records if r.kind == "alarm" and "the site is not safe" in r.data["what"]
    )
    return time_s


def opened(ran: rig.Ran) -> list[str]:
    return [data["role"] for data in ran.of("light_stop") if data["position"] == "OPEN"]


def warnings(ran: rig.Ran) -> list[str]:
    return [note["text"] for note in ran.of("note") if note.get("warning")]


def ended_safe(ran: rig.Ran, reason: str) -> bool:
    states = [(data["state"], data["reason"]) for data in ran.of("ob_state")]
    return (
        (ran.result.outcome, ran.result.exit_code) == ("failed", 1)
        and states[-1][0] == "Failed"
        and reason in states[-1][1]
        and all(data["reached"] for data in ran.of("safe_state"))
    )


@pytest.fixture(scope="module")
def rained_on(tmp_path_factory: pytest.TempPathFactory) -> rig.Ran:
    return flats(tmp_path_factory.mktemp("rain"), site(IN_MID_FLATS_S, rain=True))


def test_rain_in_mid_flats_ends_the_run_safe_with_an_alarm(rained_on: rig.Ran) -> None:
    assert ended_safe(rained_on, "the site is not safe: rain")
    assert alarmed_s(rained_on) <= IN_MID_FLATS_S + POLL_S
    assert [alarm["what"] for alarm in rained_on.of("alarm")] == ["the site is not safe: rain"]


def test_rain_closes_shutter_and_cover_at_once(rained_on: rig.Ran) -> None:
    begin_s = alarmed_s(rained_on)
    beam = rained_on.world.beam
    assert beam.stop_opening("cover", begin_s) == 1.0, "it was open when the rain came"
    assert beam.stop_opening("shutter", begin_s + SHUTTER_S + 0.01) == 0.0
    assert beam.stop_opening("cover", begin_s + SHUTTER_S + COVER_S + 0.01) == 0.0


def test_what_was_taken_before_the_rain_is_kept_and_nothing_after_it(rained_on: rig.Ran) -> None:
    frames = rained_on.of("frame")
    assert 0 < len(frames) < OPTICAM["SEQ.NEXPO"]
    assert {frame["verdict"] for frame in frames} == {"good"}
    assert all(frame["end_s"] <= alarmed_s(rained_on) for frame in frames)
    assert not [r for r in rained_on.records if r.kind == "exposure" and r.time_s > alarmed_s(rained_on)]
    raw = rained_on.result.run_dir / "raw"
    assert sorted(path.name for path in raw.iterdir()) == sorted(frame["file"] for frame in frames)
    assert ("template_state", "Reducing") in [(r.kind, r.data.get("state")) for r in rained_on.records]


def test_under_a_closed_roof_nothing_opens_and_it_is_said_at_the_beginning(tmp_path: Path) -> None:
    ran = flats(tmp_path, site(roof_open=False))
    assert opened(ran) == []
    assert ran.of("exposure") == []
    assert ended_safe(ran, "the site is not safe: the roof is closed")
    (told,) = (r for r in ran.records if r.kind == "note" and "the roof is closed" in r.data["text"])
    assert told.time_s == ran.records[0].time_s


@pytest.mark.parametrize("preset", [True, False])
def test_rain_that_is_not_measured_lets_nothing_open(tmp_path: Path, preset: bool) -> None:
    ran = flats(tmp_path, site(rain=None), **{"SEQ.PRESET": preset})
    assert opened(ran) == []
    assert ended_safe(ran, "rain is not measured")


def test_darks_go_on_in_the_rain(tmp_path: Path) -> None:
    ran = darks(tmp_path, site(rain=True))
    assert (ran.result.outcome, ran.result.exit_code) == ("completed", 0)
    assert [frame["verdict"] for frame in ran.of("frame")] == ["good", "good"]
    assert warnings(ran) == ["the site is not safe, nothing will be opened to the sky: rain"]


def test_a_shower_while_nothing_is_open_ends_nothing(tmp_path: Path) -> None:
    class Shower(SimulatedSite):
        poll_s = POLL_S

        async def read_weather(self) -> Weather:
            calm = await super().read_weather()
            return calm._replace(rain=300.0 < self.clock.now() - self._began_s < 400.0)

    Shower._began_s = parse_utc("2027-03-20T23:00:00")  # type: ignore[attr-defined]
    ran = flats(tmp_path, {"site": Shower}, **{"SEQ.NEXPO": 1, "SEQ.DARK": False})
    assert ran.result.outcome == "completed"
    assert warnings(ran) == [
        "the site is not safe, nothing will be opened to the sky: rain",
        "the site is safe again",
    ]


def test_rain_in_a_pause_closes_the_cover_that_stands_open(tmp_path: Path) -> None:
    async def pause(run: RunContext) -> None:
        await run.control.request("pause", "tester")

    ran = flats(
        tmp_path, site(IN_MID_FLATS_S + 600.0, rain=True), rig.when(lambda r: r.kind == "frame", pause)
    )
    assert "Paused" in ran.states
    assert ended_safe(ran, "the site is not safe: rain")
    assert ran.world.beam.stop_opening("cover", alarmed_s(ran)) == 1.0
    assert ran.world.beam.stop_opening("cover", alarmed_s(ran) + COVER_S + 0.01) == 0.0


def test_a_station_that_hangs_is_no_safe_site(tmp_path: Path) -> None:
    class Hanging(SimulatedSite):
        poll_s = POLL_S

        async def read_weather(self) -> Weather:
            if self.clock.now() >= IN_MID_FLATS_S - READ_S:
                await asyncio.get_running_loop().create_future()
            return await super().read_weather()

    ran = flats(tmp_path, {"site": Hanging})
    assert ran.result.outcome == "failed"
    assert "the weather station does not answer" in ran.of("ob_state")[-1]["reason"]
    assert alarmed_s(ran) <= IN_MID_FLATS_S + POLL_S
    assert ran.world.beam.stop_opening("cover", alarmed_s(ran) + COVER_S + SHUTTER_S + 0.01) == 0.0


def test_a_site_whose_server_died_is_no_safe_site(tmp_path: Path) -> None:
    """It is silent, so that nobody is told of it: its heartbeats are missed, and it is asked in vain."""
    silence_s = beats_s(VirtualClock(0.0), PATIENCE)

    class Dying(SimulatedSite):
        poll_s = POLL_S

        async def read_weather(self) -> Weather:
            if self.clock.now() >= IN_MID_FLATS_S - 50.0 - silence_s:
                self._dies = asyncio.ensure_future(self.stop())
            return await super().read_weather()

    ran = flats(tmp_path, {"site": Dying})
    assert ran.result.outcome == "failed"
    assert "site has told nothing for" in ran.of("ob_state")[-1]["reason"]
    assert ran.world.beam.stop_opening("cover", alarmed_s(ran) - 1.0) == 1.0
    assert ran.world.beam.stop_opening("cover", alarmed_s(ran) + COVER_S + SHUTTER_S + 0.01) == 0.0


def test_metis_closes_its_own_light_stops_in_the_rain(tmp_path: Path) -> None:
    """It stands under a dome that is not its own: positions of two wheels inside are all it has to close."""
    parameters = {**rig.FLATS, "SEQ.NEXPO": 10, "SEQ.DARK": False}
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", parameters))
    ran = rig.run(tmp_path, ob, hardware=site(parse_utc("2027-03-20T09:28:50"), rain=True))
    assert ended_safe(ran, "the site is not safe: rain")
    assert 0 < len(ran.of("frame")) < 10
    closed = [
        r.time_s for r in ran.records if r.kind == "safe_state" and r.data["device"] in ("shutter", "cover")
    ]
    assert len(closed) == 2
    assert max(closed) < alarmed_s(ran) + 20.0


def test_a_cover_that_stood_open_under_a_closed_roof_is_no_danger(tmp_path: Path) -> None:
    """So a telescope stands in the afternoon."""

    class LeftOpen(SimulatedCover):
        async def start(self) -> None:
            self.leaf.world.swing("cover", "", self.clock.now(), 1.0, 0.0)
            await super().start()

    ran = darks(tmp_path, {**site(roof_open=False), "cover": LeftOpen})  # type: ignore[dict-item]
    assert (ran.result.outcome, ran.of("alarm")) == ("completed", [])
    assert ran.of("light_stop")[0]["position"] == "CLOSED"
