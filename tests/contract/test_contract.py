"""The device contract suite: every promise, over every transport, for every kind of device.

pytest tests/contract                                                  # the server bases, hardware in memory
pytest tests/contract --endpoint tcp://127.0.0.1:5601 --kind shutter   # the server you are writing
"""

import json

import zmq.asyncio

from sequencer.clock import VirtualClock, WallClock, parse_utc

from .bench import SAMPLES, Bench
from .hardware import HARDWARE
from .promises import promises_for

TRANSPORTS = ("inproc", "ipc", "tcp")


def pytest_generate_tests(metafunc):
    endpoint, kind = metafunc.config.getoption("--endpoint"), metafunc.config.getoption("--kind")
    if endpoint:
        cases = [(kind, endpoint, promise) for promise in promises_for(kind)]
    else:
        cases = [
            (hardware, transport, promise)
            for hardware in HARDWARE
            for transport in TRANSPORTS
            for promise in promises_for(hardware)
        ]
    ids = ["-".join((kind, where, promise.__name__)) for kind, where, promise in cases]
    metafunc.parametrize(("kind", "where", "promise"), cases, ids=ids)


def test_promise(kind, where, promise, request, tmp_path_factory):
    if where in TRANSPORTS:
        address = {
            "inproc": "inproc://device",
            "ipc": f"ipc://{tmp_path_factory.mktemp('c')}/d",
            "tcp": "tcp://127.0.0.1:*",
        }[where]
        clock = VirtualClock(parse_utc("2027-03-20T09:00:00"))
        clock.run(_prove_on_own_hardware(promise, kind, address, clock))
    else:
        clock = WallClock()
        clock.run(_prove_on_running_server(promise, kind, where, clock, request.config))


async def _prove_on_own_hardware(promise, name, address, clock):
    context = zmq.asyncio.Context()
    server = HARDWARE[name](name, address, clock, simulated=True, context=context)
    await server.start()
    bench = Bench(server.kind, server.endpoint, clock, context, SAMPLES.get(server.kind))
    try:
        await promise(bench)
    finally:
        await bench.close()
        await server.stop()
        context.destroy(linger=0)


async def _prove_on_running_server(promise, kind, endpoint, clock, config):
    context = zmq.asyncio.Context()
    sample = SAMPLES.get(kind)
    for step in ("work", "rest"):
        if sample is not None and config.getoption(f"--{step}"):
            args = json.loads(config.getoption(f"--{step}-args"))
            sample = sample._replace(**{step: config.getoption(f"--{step}"), f"{step}_args": args})
    bench = Bench(kind, endpoint, clock, context, sample)
    try:
        await promise(bench)
    finally:
        await bench.close()
        context.destroy(linger=0)
