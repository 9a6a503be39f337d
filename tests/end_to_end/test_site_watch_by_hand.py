"""A script opens nothing in the rain either; under a closed roof it may, and what it opened closes when rain comes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sequencer.devices.site import Weather
from sequencer.engine.context import RunContext
from sequencer.engine.journal import read_journal
from sequencer.engine.prepare import prepare_script
from sequencer.engine.request import Nobody, RunRequest
from sequencer.engine.run import run_body
from sequencer.engine.scripting.hands import Hands
from sequencer.engine.site_watch import SiteNotSafe
from simulators.start import Simulation, start_simulators
from tests.end_to_end import rig
from tests.end_to_end.test_site_watch import site

Script = Callable[[Hands], Awaitable[None]]


def by_hand(folder: Path, deployment: str, script: Script, hardware: Any) -> rig.Ran:
    """Run what a script does, on simulators in virtual time."""
    request = RunRequest(folder / "s.py", deployment, folder / "runs", clock_spec="virtual")
    prepared = prepare_script(request, "s")
    simulations: list[Simulation] = []

    async def simulate(*arguments: Any) -> Simulation:
        simulations.append(await start_simulators(*arguments, hardware=hardware))
        return simulations[0]

    async def body(run: RunContext) -> None:
        await script(Hands(run))

    result = prepared.clock.run(run_body(prepared, Nobody(), body, None, simulate))
    return rig.Ran(result, read_journal(result.run_dir / "journal.sqlite"), simulations[0].world)


def test_wheels_that_let_light_in_do_not_turn_in_the_rain_and_others_do(tmp_path: Path) -> None:
    refused: list[str] = []

    async def script(metis: Hands) -> None:
        await metis.cover.close()
        await metis.mechanisms.move({"INS.OPTI10.NAME": "Lp", "INS.OPTI1.NAME": "PPS-CFO1"})
        for opening in (metis.cover.open(), metis.mechanisms.move({"INS.OPTI3.NAME": "FIELD-11"})):
            with pytest.raises(SiteNotSafe, match="rain") as refusal:
                await opening
            refused.append(str(refusal.value))
        await metis.mechanisms.move({"INS.OPTI1.NAME": "DARK", "INS.OPTI3.NAME": "ALIGN+DARK"})
        await metis.mechanisms.move({"INS.OPTI3.NAME": "OPEN"})  # as METIS_gen_cal_insdark has it
        with pytest.raises(SiteNotSafe, match="rain"):
            await metis.shutter.open()

    ran = by_hand(tmp_path, "metis-sim", script, site(rain=True))
    assert (len(refused), ran.of("alarm")) == (2, [])
    assert (ran.result.outcome, ran.result.exit_code) == ("completed", 0)


def test_what_a_script_opened_under_a_closed_roof_closes_when_the_roof_opens_into_rain(
    tmp_path: Path,
) -> None:
    reached: list[str] = []

    async def script(camera: Hands) -> None:
        await camera.cover.open()
        await camera.shutter.open()
        reached.append("opened")
        roof["site"].roof_opens_s = camera.context.clock.now() + 60.0
        await camera.context.clock.sleep(600.0, "script")
        reached.append("not ended")

    class Roof(site()["site"]):  # type: ignore[misc]
        roof_opens_s = float("inf")

        async def read_weather(self) -> Weather:
            calm: Weather = await super().read_weather()
            return calm._replace(rain=True, roof_open=self.clock.now() >= self.roof_opens_s)

    roof = {"site": Roof}
    ran = by_hand(tmp_path, "opticam-sim", script, roof)
    assert reached == ["opened"]
    assert (ran.result.outcome, ran.result.exit_code) == ("failed", 1)
    (alarm,) = (record for record in ran.records if record.kind == "alarm")
    assert alarm.data["what"] == "the site is not safe: rain"
    beam = ran.world.beam
    assert [beam.stop_opening(role, alarm.time_s) for role in ("cover", "shutter")] == [1.0, 1.0]
    assert [beam.stop_opening(role, alarm.time_s + 6.0) for role in ("cover", "shutter")] == [0.0, 0.0]
