"""Connecting to a whole deployment: all problems at once, nothing moves, leases taken and given back."""

import pytest
import zmq.asyncio
from contract.hardware import HARDWARE

from sequencer.clock import VirtualClock, WallClock
from sequencer.config.models import Deployment, DeviceConfig
from sequencer.devices.charts import IDLE, NOT_READY
from sequencer.devices.connect import ConnectErrors, connect_devices
from sequencer.wire.errors import Rejected

from .support import START_S

ROLES = {
    "tcs": "telescope",
    "cover": "cover",
    "shutter": "shutter",
    "ics": "mechanisms",
    "lamps": "sources",
    "lm": "detector",
    "weather": "site",
}


def deployment(**changes):
    devices = {
        name: DeviceConfig(kind=kind, endpoint=f"inproc://{name}", camera="LM" if kind == "detector" else "")
        for name, kind in ROLES.items()
    }
    return Deployment(name="test", instrument="TEST", devices=devices | changes)


def with_devices(scenario, clock=None, *, absent=(), **options):
    """Run `await scenario(clock, context, servers)` with one server of each kind."""
    clock = clock or VirtualClock(START_S)

    async def main():
        context = zmq.asyncio.Context()
        servers = {
            name: HARDWARE[kind](
                name, f"inproc://{name}", clock, context=context, **{"simulated": True, **options}
            )
            for name, kind in ROLES.items()
            if name not in absent
        }
        for server in servers.values():
            await server.start()
        try:
            await scenario(clock, context, servers)
        finally:
            for server in servers.values():
                await server.stop()
            context.destroy(linger=0)

    clock.run(main())


def test_every_device_is_connected_claimed_and_brought_up():
    async def scenario(clock, context, servers):
        devices = await connect_devices(deployment(), clock, "night", context)
        assert [client.name for client in devices.all] == list(ROLES)
        assert {client.state.chart for client in devices.all} == {NOT_READY}, "connecting moves nothing"
        await devices.bring_up()
        assert {client.state.chart for client in devices.all} == {IDLE}
        assert list(devices.detectors) == ["LM"]
        for name in ("telescope", "cover", "shutter", "mechanisms", "sources", "site"):
            assert getattr(devices, name).kind == name
        with pytest.raises(ConnectErrors, match="night") as refusal:
            await connect_devices(deployment(), clock, "somebody else", context)
        assert len(refusal.value.problems) == len(ROLES)
        watching = await connect_devices(deployment(), clock, "", context)
        with pytest.raises(Rejected):
            await watching.shutter.open()
        await watching.shutter.safe()
        await watching.disconnect()
        await devices.disconnect()
        again = await connect_devices(deployment(), clock, "somebody else", context)
        await again.disconnect()

    with_devices(scenario)


def test_all_that_do_not_answer_are_named_at_once():
    async def scenario(clock, context, servers):
        with pytest.raises(ConnectErrors) as failure:
            await connect_devices(deployment(), clock, "night", context, deadline_s=0.5)
        problems = failure.value.problems
        assert len(problems) == 2
        assert "tcs at inproc://tcs: " in problems[0] and "does not answer" in problems[0]
        assert "lm at inproc://lm: " in problems[1]
        assert str(failure.value) == "\n".join(problems)
        again = DeviceConfig(kind="shutter", endpoint="inproc://shutter")
        only = Deployment(name="one", instrument="TEST", devices={"shutter": again})
        devices = await connect_devices(only, clock, "somebody else", context)
        assert devices.telescope is None and devices.detectors == {}
        await devices.disconnect()

    with_devices(scenario, WallClock(), absent=("tcs", "lm"))


def test_a_device_of_another_kind_is_refused():
    async def scenario(clock, context, servers):
        swapped = deployment(shutter=DeviceConfig(kind="shutter", endpoint="inproc://cover"))
        with pytest.raises(ConnectErrors, match="is a cover, the deployment expects a shutter"):
            await connect_devices(swapped, clock, "", context)

    with_devices(scenario)


def test_real_hardware_under_virtual_time_is_refused():
    async def scenario(clock, context, servers):
        with pytest.raises(ConnectErrors, match="virtual time") as refusal:
            await connect_devices(deployment(), clock, "night", context)
        assert len(refusal.value.problems) == len(ROLES)

    with_devices(scenario, simulated=False)


def test_a_deployment_with_real_hardware_is_refused_under_virtual_time_before_any_word_is_sent():
    async def scenario(clock, context, servers):
        real = DeviceConfig(kind="shutter", endpoint="inproc://nobody", simulated=False)
        with pytest.raises(ConnectErrors, match=r"shutter at inproc://nobody: .*virtual time") as refusal:
            await connect_devices(deployment(shutter=real), clock, "night", context)
        assert len(refusal.value.problems) == 1

    with_devices(scenario)


def test_real_and_simulated_must_be_what_the_deployment_says():
    async def scenario(clock, context, servers):
        with pytest.raises(ConnectErrors, match="is real hardware, the deployment expects a simulator"):
            await connect_devices(deployment(), clock, "night", context)

    with_devices(scenario, clock=WallClock(), simulated=False)

    async def reverse(clock, context, servers):
        real = deployment(shutter=DeviceConfig(kind="shutter", endpoint="inproc://shutter", simulated=False))
        with pytest.raises(
            ConnectErrors, match=r"shutter at .*: is a simulator, the deployment expects real hardware"
        ):
            await connect_devices(real, clock, "night", context)

    with_devices(reverse, WallClock())
