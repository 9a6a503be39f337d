"""The bench a device is put on: clients and a bare wire peer, in virtual time or against a running server."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from typing import Any, NamedTuple

import msgspec
import zmq
import zmq.asyncio

from sequencer.clock import Clock
from sequencer.devices.charts import BUSY
from sequencer.devices.connect import CLIENTS
from sequencer.wire.frames import FrameReader
from sequencer.wire.messages import Ack, Answer, Command, Final, encode

PATIENCE_S = 120.0


class Sample(NamedTuple):
    """Commands to try on a device: one that takes a while, one that is wrong, one to start from (beside safe)."""

    work: str
    work_args: dict[str, Any]
    bad: str
    bad_args: dict[str, Any]
    rest: str = "stop"
    rest_args: dict[str, Any] = {}  # noqa: RUF012 - a tuple's default, never changed


SAMPLES = {
    "telescope": Sample(
        work="preset",
        work_args={"altitude_deg": 60.0, "azimuth_deg": 90.0},
        bad="preset",
        bad_args={"altitude_deg": 60.0},
        rest="park",
    ),
    "cover": Sample("open", {}, "open", {"halves": ["NO SUCH HALF"]}),
    "shutter": Sample("open", {}, "open", {"speed": 1}),
    "mechanisms": Sample(
        work="move",
        work_args={"positions": {"INS.OPTI10.NAME": "Lp"}},
        bad="move",
        bad_args={"positions": {"NO.SUCH": "X"}},
        rest="move",
        rest_args={"positions": {"INS.OPTI10.NAME": "closed"}},
    ),
    "sources": Sample(
        "switch", {"name": "HeNe", "on": True}, "switch", {"name": "NO SUCH SOURCE", "on": True}
    ),
    "detector": Sample(
        "expose", {"dit_s": 2.0, "ndit": 1, "settle": 1}, "expose", {"dit_s": -1.0, "ndit": 1}
    ),
}
"""By kind; a site takes no orders."""


class Peer:
    """A bare DEALER that sends exactly what it is told and keeps every answer in the order of arrival."""

    def __init__(self, endpoint: str, clock: Clock, context: zmq.asyncio.Context) -> None:
        self.clock = clock
        self.socket = context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(endpoint)
        self.answers: list[Answer] = []
        self._arrived: asyncio.Queue[Answer] = asyncio.Queue()
        self._reader = asyncio.get_running_loop().create_task(self._read())
        self._numbers = itertools.count(1)
        self._name = uuid.uuid4().hex[:8]

    def command(self, cmd: str, args: dict[str, Any] | None = None, **fields: Any) -> Command:
        return Command(id=f"{self._name}.{next(self._numbers)}", cmd=cmd, args=args or {}, **fields)

    async def send(self, command: Command) -> None:
        self.clock.hold(f"command:{command.id}")
        await self.socket.send(encode(command))

    async def send_bytes(self, data: bytes) -> None:
        await self.socket.send(data)

    async def _read(self) -> None:
        while True:
            answer = msgspec.json.decode(await self.socket.recv(), type=Answer)
            self.answers.append(answer)
            self._arrived.put_nowait(answer)
            self.clock.release(f"answer:{answer.id}")

    async def next(self) -> Answer:
        getter = asyncio.get_running_loop().create_task(self._arrived.get())
        try:
            return await self.clock.wait_for(getter, PATIENCE_S, "peer")
        finally:
            getter.cancel()

    async def until(self, command: Command, kind: type) -> Any:
        """The next answer of this kind to this command."""
        while True:
            answer = await self.next()
            if isinstance(answer, kind) and answer.id == command.id:
                return answer

    async def ask(self, cmd: str, args: dict[str, Any] | None = None, **fields: Any) -> Ack:
        """Send a command and return whether it was accepted; read on to its end, if it was."""
        command = self.command(cmd, args, **fields)
        await self.send(command)
        ack = await self.until(command, Ack)
        if ack.accepted:
            await self.until(command, Final)
        return ack

    async def result(self, cmd: str, args: dict[str, Any] | None = None, **fields: Any) -> Final:
        """Send a command and return its end."""
        command = self.command(cmd, args, **fields)
        await self.send(command)
        return await self.until(command, Final)

    def of(self, command: Command) -> list[Answer]:
        return [answer for answer in self.answers if answer.id == command.id]

    async def close(self) -> None:
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        self.socket.close()


class Bench:
    """One device and everything that talks to it; `close` hangs up whatever was connected."""

    def __init__(
        self, kind: str, endpoint: str, clock: Clock, context: zmq.asyncio.Context, sample: Sample | None
    ):
        self.kind, self.endpoint, self.clock, self.context, self.sample = (
            kind,
            endpoint,
            clock,
            context,
            sample,
        )
        self._open: list[Any] = []
        self.frame_came: asyncio.Future[None] | None = None

    def peer(self) -> Peer:
        peer = Peer(self.endpoint, self.clock, self.context)
        self._open.append(peer)
        return peer

    async def client(self, owner: str = "") -> Any:
        """A typed client, connected."""
        client = CLIENTS[self.kind]("device", self.endpoint, self.clock, owner=owner, context=self.context)
        self._open.append(client)
        await client.connect()
        return client

    async def operational(self, owner: str = "") -> Any:
        """A typed client of the device brought to Operational, where its work begins, and made safe."""
        client = await self.client(owner)
        await client.bring_up()
        if self.sample is not None:
            await client.link.call(self.sample.rest, self.sample.rest_args)
        await client.safe()
        if self.kind == "detector":
            await self._take_away_frames(client)
        return client

    def work(self, exposure: str = "") -> tuple[str, dict[str, Any]]:
        """The command that takes a while; every exposure has an id of its own."""
        assert self.sample is not None
        args = dict(self.sample.work_args)
        if self.sample.work == "expose":
            args["exposure"] = exposure or f"contract/{uuid.uuid4().hex}"
        return self.sample.work, args

    async def at_work(self, client: Any) -> tuple[Peer, Command]:
        """A peer and the command it sent, once the device says that it is at work."""
        peer = self.peer()
        command = peer.command(*self.work())
        await peer.send(command)
        await self.until(client, lambda state: state.chart == BUSY)
        return peer, command

    async def until(self, client: Any, wanted: Any, patience_s: float = PATIENCE_S) -> None:
        """Wait until the published state fulfils `wanted`."""
        if wanted(client.state):
            return
        reached = asyncio.get_running_loop().create_future()
        client.on_state(lambda state: wanted(state) and not reached.done() and reached.set_result(None))
        await self.clock.wait_for(reached, patience_s, "bench")

    async def _take_away_frames(self, client: Any) -> None:
        async def acknowledge(header: Any, chips: Any) -> None:
            await reader.acknowledge(header.exposure)

        reader = await self.reader(client, acknowledge)
        await self.until(client, lambda state: state.unsent == 0)
        await reader.stop()

    async def reader(self, client: Any, on_frame: Any) -> FrameReader:
        reader = FrameReader("contract", client.frames_endpoint, self.clock, on_frame, context=self.context)
        await reader.start()
        return reader

    def expect_frame(self) -> None:
        """From now on `frame_came` waits for the next frame."""
        self.frame_came = asyncio.get_running_loop().create_future()

    async def close(self) -> None:
        for item in reversed(self._open):
            await (item.close() if isinstance(item, Peer) else item.disconnect())
