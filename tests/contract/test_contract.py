"""The device contract: every promise, over every transport, for every kind of device; hardware in memory."""

import pytest
import zmq.asyncio

from sequencer.clock import ScaledClock, VirtualClock, parse_utc
from sequencer.devices.contract import ending, exposing, promises_for, proof
from sequencer.devices.contract.bench import SAMPLES, Bench, Broken, TooShort
from tests.served import served

from .hardware import HARDWARE, QuickShutter

TRANSPORTS = ("inproc", "ipc", "tcp")
INTERRUPTED = (ending.stop_interrupts, ending.safe_interrupts, ending.silent_owner_makes_safe)
"""Promises that hardware has to keep which clings to its work when it is cancelled once."""


def promised(hardware):
    kind = hardware.split()[-1]
    if hardware.startswith("clinging"):
        return (*INTERRUPTED, *([exposing.abort_ends_exposure] if kind == "detector" else []))
    return tuple(promises_for(kind).values())


CASES = [
    pytest.param(name, where, promise, id=f"{name}-{where}-{promise.__name__}")
    for name in HARDWARE
    for where in TRANSPORTS
    for promise in promised(name)
]


@pytest.mark.parametrize(("name", "where", "promise"), CASES)
def test_promise(name, where, promise, tmp_path_factory):
    prove(promise, HARDWARE[name], where, tmp_path_factory)


def prove(promise, hardware, where, tmp_path_factory):
    """Try a promise on hardware in virtual time."""
    address = {
        "inproc": "inproc://device",
        "ipc": f"ipc://{tmp_path_factory.mktemp('c')}/d",
        "tcp": "tcp://127.0.0.1:*",
    }[where]
    clock = VirtualClock(parse_utc("2027-03-20T09:00:00"))

    async def main():
        context = zmq.asyncio.Context()
        server = hardware("device", address, clock, simulated=True, context=context)
        await server.start()
        bench = Bench(server.kind, server.endpoint, clock, context, SAMPLES.get(server.kind))
        try:
            await promise(bench)
        finally:
            await bench.close()
            await server.stop()
            context.destroy(linger=0)

    clock.run(main())


class DeafShutter(QuickShutter):
    """Opens, whatever it is told."""

    async def move_to(self, position):
        self.at = "OPEN"


class SnappyShutter(QuickShutter):
    """Has arrived before anybody can interrupt it."""

    async def move_to(self, position):
        self.at = position


def test_work_too_short_to_be_interrupted_is_no_promise_broken(tmp_path_factory):
    with pytest.raises(TooShort, match="open was over before"):
        prove(ending.stop_interrupts, SnappyShutter, "inproc", tmp_path_factory)


def test_a_device_that_breaks_a_promise_is_found_out(tmp_path_factory):
    with pytest.raises(Broken, match=r"ends of both: \['failed', 'failed'\], promised \['completed', 'completed'\]"):
        prove(ending.safe_is_shared, DeafShutter, "inproc", tmp_path_factory)


def test_a_proof_that_is_interrupted_leaves_the_light_shut_out(tmp_path):
    """As by Ctrl-C while a shutter is open: read back from the device itself."""
    clock = ScaledClock(parse_utc("2027-03-20T09:00:00"), 60.0)
    shutter = QuickShutter("dome", f"ipc://{tmp_path}/dome", clock, simulated=True)

    async def opened_and_interrupted(bench):
        client = await bench.operational()
        await client.open()
        assert shutter.at == "OPEN"
        raise KeyboardInterrupt

    with served(shutter) as endpoint, pytest.raises(KeyboardInterrupt):
        proof.prove(endpoint, "shutter", proof.introduced(endpoint), {"opens": opened_and_interrupted},
                    SAMPLES["shutter"], print)  # fmt: skip
    assert shutter.at == "CLOSED"
