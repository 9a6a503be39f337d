"""A small device of no particular kind, the transports it can be reached by, and a device that only pretends."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zmq
import zmq.asyncio

from sequencer.clock import Clock, VirtualClock, WallClock
from sequencer.devices.contract.peer import Peer
from sequencer.wire.client import Client
from sequencer.wire.errors import CommandAborted, DeviceError, Rejected
from sequencer.wire.frames import FrameReader, FrameSender
from sequencer.wire.messages import WIRE_VERSION, Ack, Command, Final, Hello, StateEvent, encode
from sequencer.wire.server import ProgressCall, Server

EPOCH_S = 1_805_533_200.0
TRANSPORTS = ("inproc", "ipc", "tcp")

every_transport = pytest.mark.parametrize("transport", TRANSPORTS)


class Toy:
    """The device behind the server: counts, fails, works as long as it is told. `begun` are the commands run."""

    safe_commands = frozenset({"stop"})

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.begun: list[str] = []
        self.server: Server | None = None

    def check(self, command: Command) -> None:
        reasons = {
            "tired": "illegal_state",
            "occupied": "busy",
            "unwilling": "refused",
            "odd": "bad_arguments",
        }
        if command.cmd in reasons:
            raise Rejected(reasons[command.cmd], f"{command.cmd} says the device")
        if command.cmd == "broken_check":
            raise KeyError("table")
        if not hasattr(self, f"do_{command.cmd}"):
            raise Rejected("unknown_command", f"no command {command.cmd}")

    async def run(self, command: Command, progress: ProgressCall) -> dict[str, Any]:
        self.begun.append(command.cmd)
        return await getattr(self, f"do_{command.cmd}")(command.args, progress)

    async def do_echo(self, args: dict[str, Any], progress: ProgressCall) -> dict[str, Any]:
        return args

    async def do_stop(self, args: dict[str, Any], progress: ProgressCall) -> dict[str, Any]:
        return {}

    async def do_work(self, args: dict[str, Any], progress: ProgressCall) -> dict[str, Any]:
        """Work `seconds`, telling after the first half that half is done."""
        half_s = args["seconds"] / 2
        await self.clock.sleep(half_s, "toy")
        progress(half_s, 2 * half_s, "s", "half-way")
        await self.clock.sleep(half_s, "toy")
        return {"worked": 2 * half_s}

    async def do_set(self, args: dict[str, Any], progress: ProgressCall) -> dict[str, Any]:
        """Publish `args` as the state, `times` times over."""
        for number in range(args.get("times", 1)):
            self.server.publish({**args, "number": number})
        return {}

    async def do_fail(self, args: dict[str, Any], progress: ProgressCall) -> dict[str, Any]:
        raise DeviceError("jammed", "wheel 3 does not move")

    async def do_give_up(self, args: dict[str, Any], progress: ProgressCall) -> dict[str, Any]:
        raise CommandAborted("stopped by hand")

    async def do_crash(self, args: dict[str, Any], progress: ProgressCall) -> dict[str, Any]:
        return {"share": 1 / 0}

    async def do_nonsense(self, args: dict[str, Any], progress: ProgressCall) -> dict[str, Any]:
        return {"what": object()}


class Rig:
    """A served toy and everything that talks to it, over one transport; `close` hangs up what was opened."""

    def __init__(self, transport: str, clock: Clock, context: zmq.asyncio.Context, folder: Path) -> None:
        self.transport, self.clock, self.context, self.folder = transport, clock, context, folder
        self.toy = Toy(clock)
        self.server = self.new_server(self.endpoint("toy"), self.toy)
        self._hang_up: list[Callable[[], Awaitable[None]]] = []
        self._numbers = itertools.count()

    def endpoint(self, name: str) -> str:
        places = {
            "inproc": f"inproc://{name}",
            "ipc": f"ipc://{self.folder}/{name}",
            "tcp": "tcp://127.0.0.1:*",
        }
        return places[self.transport]

    def new_server(
        self, endpoint: str, toy: Toy, *, name: str = "toy", kind: str = "toy", simulated: bool = True
    ) -> Server:
        toy.server = Server(name, kind, endpoint, self.clock, toy, simulated=simulated, context=self.context)
        return toy.server

    async def serve(self, server: Server | None = None) -> Server:
        server = server or self.server
        await server.start()
        server.publish({"value": 0})
        self._hang_up.append(server.stop)
        return server

    def new_client(self, owner: str = "", server: Server | None = None) -> Client:
        server = server or self.server
        client = Client(server.device, server.endpoint, self.clock, owner=owner, context=self.context)
        self._hang_up.append(client.close)
        return client

    async def client(self, owner: str = "") -> Client:
        client = self.new_client(owner)
        await client.connect()
        return client

    def peer(self, server: Server | None = None) -> Peer:
        peer = Peer((server or self.server).endpoint, self.clock, self.context)
        self._hang_up.append(peer.close)
        return peer

    async def sender(self) -> FrameSender:
        sender = FrameSender(self.endpoint(f"frames{next(self._numbers)}"), self.clock, context=self.context)
        await sender.start()
        self._hang_up.append(sender.stop)
        return sender

    async def reader(self, sender: FrameSender, on_frame: Any) -> FrameReader:
        reader = FrameReader("acquisition", sender.endpoint, self.clock, on_frame, context=self.context)
        await reader.start()
        self._hang_up.append(reader.stop)
        return reader

    def keep(self, close: Callable[[], Awaitable[None]]) -> None:
        self._hang_up.append(close)

    async def close(self) -> None:
        for hang_up in reversed(self._hang_up):
            await hang_up()


def on(
    transport: str,
    main: Callable[[Rig], Awaitable[Any]],
    *,
    clock: Clock | None = None,
    context: Callable[[], zmq.asyncio.Context] = zmq.asyncio.Context,
) -> Any:
    """Run `main(rig)` in virtual time (or by `clock`), the toy being served."""
    clock = clock or VirtualClock(EPOCH_S, stall_s=20.0)
    folder = Path(tempfile.mkdtemp(prefix="w", dir="/tmp"))  # an ipc path must be short

    async def whole() -> Any:
        links = context()
        rig = Rig(transport, clock, links, folder)
        try:
            await rig.serve()
            return await main(rig)
        finally:
            await rig.close()
            links.destroy(linger=0)

    try:
        return clock.run(whole())
    finally:
        shutil.rmtree(folder)


Script = Callable[["Pretender", Command], list[bytes]]


class Pretender:
    """A device's sockets without a device: `script` decides what bytes answer each command.

    `commands` are the commands that came. Lives by the wall clock.
    """

    hello: dict[str, Any]

    def __init__(self, context: zmq.asyncio.Context, script: Script) -> None:
        self.commands: list[Command] = []
        self._script = script
        self._router = context.socket(zmq.ROUTER)
        self._events = context.socket(zmq.XPUB)
        name = f"inproc://pretender{id(self)}"
        self._router.bind(name)
        self._events.bind(f"{name}.events")
        self.endpoint = name
        told = Hello("toy", "toy", "boot", False, f"{name}.events", "", {})
        self.hello = msgspec.to_builtins(told)
        self._tasks = [asyncio.ensure_future(self._serve()), asyncio.ensure_future(self._welcome())]

    def publish(self, seq: int, state: dict[str, Any], boot_id: str = "boot") -> None:
        self._events.send(encode(StateEvent("toy", boot_id, seq, 0.0, state)))

    def publish_bytes(self, data: bytes) -> None:
        self._events.send(data)

    async def _serve(self) -> None:
        while True:
            peer, data = await self._router.recv_multipart()
            command = msgspec.json.decode(data, type=Command)
            self.commands.append(command)
            answers = done(command, self.hello) if command.cmd == "hello" else self._script(self, command)
            for answer in answers:
                await self._router.send_multipart([peer, answer])

    async def _welcome(self) -> None:
        while True:
            if (await self._events.recv())[:1] == b"\x01":
                self.publish(1, {"value": 1})

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._router.close(linger=0)
        self._events.close(linger=0)


def done(command: Command, result: dict[str, Any] | None = None, state_seq: int = 0) -> list[bytes]:
    """The answers of a command that is completed at once."""
    return [
        encode(Ack(command.id, True)),
        encode(Final(command.id, "completed", result or {}, state_seq=state_seq)),
    ]


@contextlib.asynccontextmanager
async def pretending(script: Script) -> AsyncIterator[tuple[Pretender, Client]]:
    """A pretender and a client of it, by the wall clock."""
    context = zmq.asyncio.Context()
    pretender = Pretender(context, script)
    client = Client("toy", pretender.endpoint, WallClock(), context=context)
    try:
        yield pretender, client
    finally:
        await client.close()
        await pretender.close()
        context.destroy(linger=0)


__all__ = ["WIRE_VERSION", "Pretender", "Rig", "Toy", "done", "every_transport", "on", "pretending"]
