"""One small piece of hardware behind its server, and a typed client, in virtual time."""

import pytest
import zmq.asyncio
from contract.hardware import HARDWARE

from sequencer.clock import VirtualClock, WallClock, parse_utc
from sequencer.devices.connect import CLIENTS
from sequencer.wire.errors import DeviceError, Rejected

START_S = parse_utc("2027-03-20T09:00:00")


def run(kind, scenario, *, up=True, prepare=None, simulated=True, **options):
    """Run `await scenario(client, server)`; the device is brought up unless told otherwise. A real one lives by the
    wall clock.
    """
    clock = VirtualClock(START_S) if simulated else WallClock()

    async def main():
        context = zmq.asyncio.Context()
        server = HARDWARE[kind](
            "device", "inproc://device", clock, simulated=simulated, context=context, **options
        )
        if prepare:
            prepare(server)
        await server.start()
        client = CLIENTS[server.kind]("device", server.endpoint, clock, owner="test", context=context)
        try:
            await client.connect()
            if up:
                await client.bring_up()
            return await scenario(client, server)
        finally:
            await client.disconnect()
            await server.stop()
            context.destroy(linger=0)

    return clock.run(main())


async def refused(call, reason, *words):
    """The call is rejected for this reason, in a text with these words."""
    with pytest.raises(Rejected) as refusal:
        await call
    assert refusal.value.reason == reason
    for word in words:
        assert word in refusal.value.text


async def failed(call, code, *words):
    """The call fails with this code, in a text with these words."""
    with pytest.raises(DeviceError) as failure:
        await call
    assert failure.value.code == code
    for word in words:
        assert word in failure.value.text


def follow(client, field):
    """Every value the published field takes from now on, each once in a row."""
    seen = [getattr(client.state, field)]

    def listen(state):
        value = getattr(state, field)
        if value != seen[-1]:
            seen.append(value)

    client.on_state(listen)
    return seen
