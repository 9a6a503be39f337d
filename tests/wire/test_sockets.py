"""Where a server may bind, and where its second socket goes."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest
import zmq
import zmq.asyncio

from sequencer.clock import WallClock
from sequencer.wire import sockets
from sequencer.wire.frames import FrameSender
from sequencer.wire.server import Server

from .support import Rig, Toy, every_transport, on


@pytest.mark.parametrize(
    "endpoint",
    ["tcp://0.0.0.0:5601", "tcp://*:5601", "tcp://192.168.1.7:5601", "tcp://[::]:5601", "tcp://eth0:5601",
     "tcp://127.example.org:5601", "tcp://5601"],
)  # fmt: skip
def test_nothing_binds_beyond_this_machine(endpoint: str) -> None:
    async def main(rig: Rig) -> None:
        with pytest.raises(ValueError, match="binds to loopback only"):
            await rig.new_server(endpoint, Toy(rig.clock)).start()

    on("inproc", main)


@pytest.mark.parametrize("endpoint", ["tcp://0.0.0.0:5601", "tcp://127.0.0.1:{taken}"])
@pytest.mark.parametrize("what", ["server", "frames"])
def test_what_cannot_bind_leaves_nothing_open(endpoint: str, what: str) -> None:
    """A context ends only when all its sockets are closed; it would wait for ever."""

    async def start(context: zmq.asyncio.Context, address: str) -> None:
        clock = WallClock()
        server = Server("toy", "toy", address, clock, Toy(clock), simulated=True, context=context)
        await (server if what == "server" else FrameSender(address, clock, context=context)).start()

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        context = zmq.asyncio.Context()
        with pytest.raises((ValueError, zmq.ZMQError)):
            asyncio.run(start(context, endpoint.format(taken=taken.getsockname()[1])))
    ending = threading.Thread(target=context.term, daemon=True)
    ending.start()
    ending.join(10.0)
    assert not ending.is_alive()


@pytest.mark.parametrize(
    "endpoint", ["", "127.0.0.1:5601", "udp://127.0.0.1:5601", "pgm://127.0.0.1:1", "tcp:127.0.0.1:1"]
)
def test_an_endpoint_is_inproc_ipc_or_tcp(endpoint: str) -> None:
    context = zmq.asyncio.Context()
    socket = context.socket(zmq.ROUTER)
    with pytest.raises(ValueError, match="not an address of the form inproc://, ipc:// or tcp://"):
        sockets.bind(socket, endpoint)
    context.destroy(linger=0)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.8.9.10", "[::1]"])
def test_any_name_of_this_machine_is_fine(host: str) -> None:
    context = zmq.asyncio.Context()
    socket = context.socket(zmq.ROUTER)
    try:
        socket.setsockopt(zmq.IPV6, 1)
        bound = sockets.bind(socket, f"tcp://{host}:*")
    except zmq.ZMQError as error:
        assert host == "[::1]", error  # a machine without IPv6
    else:
        assert int(bound.rpartition(":")[2]) > 0
    finally:
        context.destroy(linger=0)


@every_transport
def test_a_server_tells_the_addresses_it_has_bound(transport: str) -> None:
    async def main(rig: Rig) -> None:
        commands, events = rig.server.endpoint, rig.server.events_endpoint
        assert "*" not in commands + events
        assert commands != events
        assert commands.startswith(f"{transport}://") and events.startswith(f"{transport}://")

    on(transport, main)


@pytest.mark.parametrize(
    ("endpoint", "beside"),
    [
        ("inproc://lm", "inproc://lm.events"),
        ("ipc:///run/lm", "ipc:///run/lm.events"),
        ("tcp://127.0.0.1:5601", "tcp://127.0.0.1:*"),
        ("tcp://[::1]:5601", "tcp://[::1]:*"),
    ],
)
def test_the_second_socket_is_beside_the_first(endpoint: str, beside: str) -> None:
    assert sockets.sibling(endpoint, "events") == beside


@pytest.mark.parametrize("owner", ["dead", "living"])
def test_an_ipc_path_is_taken_over(owner: str) -> None:
    """From a server that died and left its file, and from one that lives on unheard."""

    async def main(rig: Rig) -> None:
        endpoint = rig.server.endpoint if owner == "living" else rig.endpoint("dead")
        if owner == "dead":
            left_behind = socket.socket(socket.AF_UNIX)
            left_behind.bind(endpoint.removeprefix("ipc://"))
            left_behind.close()
        old = await rig.client()
        new = await rig.serve(rig.new_server(endpoint, Toy(rig.clock), name="new"))
        client = rig.new_client(server=new)
        assert (await client.connect()).device == "new"
        assert await old.call("echo", {"n": 1}) == {"n": 1}, "who was connected before stays so"

    on("ipc", main)


def test_a_taken_address_is_said_at_once() -> None:
    async def main(rig: Rig) -> None:
        second = rig.new_server(rig.server.endpoint, Toy(rig.clock))
        with pytest.raises(zmq.ZMQError, match="Address already in use"):
            await second.start()

    on("tcp", main)
