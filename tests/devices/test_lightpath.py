"""Light stops: a wheel, a shutter and a cover opened, closed and read back alike."""

import asyncio

import pytest

from sequencer.config.models import LightStopConfig
from sequencer.devices.lightpath import DeviceStop, WheelStop, light_stop
from sequencer.wire.errors import CommandAborted

from .support import run

WHEEL = LightStopConfig(mechanism="INS.OPTI10.NAME", closed="closed", open="Lp")


def test_a_wheel_is_closed_at_one_position_and_open_at_the_others():
    async def scenario(client, server):
        stop = light_stop(WHEEL, "shutter", client, None)
        assert isinstance(stop, WheelStop)
        assert (stop.name, stop.position, stop.closed) == ("shutter", "CLOSED", True)
        await stop.open()
        assert (stop.position, client.state.positions["INS.OPTI10.NAME"]) == ("OPEN", "Lp")
        await stop.open("Mp")
        assert client.state.positions["INS.OPTI10.NAME"] == "Mp"
        assert not stop.closed
        closing = asyncio.ensure_future(stop.close())
        await client.clock.sleep(1.0, "test")
        assert (stop.position, stop.closed) == ("MOVING", False)
        await closing
        assert stop.closed
        with pytest.raises(ValueError, match="closed position"):
            await stop.open("closed")
        assert stop.closed

    run("mechanisms", scenario)


def test_a_wheel_stopped_between_positions_is_not_closed():
    async def scenario(client, server):
        stop = light_stop(WHEEL, "shutter", client, None)
        opening = asyncio.ensure_future(stop.open())
        await client.clock.sleep(1.0, "test")
        await client.stop()
        with pytest.raises(CommandAborted):
            await opening
        assert (stop.position, stop.closed) == ("MOVING", False)

    run("mechanisms", scenario)


def test_a_wheel_that_is_not_there_is_unknown_not_closed():
    async def scenario(client, server):
        stop = WheelStop("cover", client, "INS.OPTI3.NAME", "ALIGN+DARK", "OPEN")
        assert (stop.position, stop.closed) == ("UNKNOWN", False)

    run("mechanisms", scenario)


def test_a_shutter_and_the_age_of_its_read_back():
    async def scenario(client, server):
        stop = light_stop(LightStopConfig(), "shutter", None, client)
        assert isinstance(stop, DeviceStop)
        assert stop.closed
        opening = asyncio.ensure_future(stop.open())
        await client.clock.sleep(1.0, "test")
        assert stop.position == "MOVING"
        assert stop.read_back_age_s() == pytest.approx(1.0)
        await opening
        assert stop.position == "OPEN"
        await client.clock.sleep(7.0, "test")
        assert stop.read_back_age_s() == pytest.approx(7.0)
        await stop.close()
        assert stop.closed and stop.read_back_age_s() == 0.0
        with pytest.raises(ValueError, match="LEFT"):
            await stop.open("LEFT")

    run("shutter", scenario)


def test_a_cover_partly_open_counts_as_open():
    async def scenario(client, server):
        stop = light_stop(LightStopConfig(), "cover", None, client)
        await stop.open("LEFT")
        assert (stop.position, client.state.position) == ("OPEN", "PARTIAL")
        await stop.open()
        assert client.state.position == "OPEN"
        await stop.close()
        assert stop.closed

    run("cover", scenario)


def test_what_the_deployment_lacks_is_named():
    with pytest.raises(ValueError, match=r"shutter needs mechanisms with INS.OPTI10.NAME"):
        light_stop(WHEEL, "shutter", None, None)
    with pytest.raises(ValueError, match="cover needs a device of kind cover"):
        light_stop(LightStopConfig(), "cover", None, None)


@pytest.mark.parametrize("simulated", [True, False])
@pytest.mark.parametrize("kind", ["mechanisms", "shutter"])
def test_a_stop_is_simulated_if_what_moves_it_is(kind, simulated):
    async def scenario(client, server):
        wheel = kind == "mechanisms"
        stop = light_stop(
            WHEEL if wheel else LightStopConfig(),
            "shutter",
            client if wheel else None,
            None if wheel else client,
        )
        assert stop.simulated == simulated

    run(kind, scenario, up=False, simulated=simulated)
