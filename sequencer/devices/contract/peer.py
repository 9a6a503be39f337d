"""A bare peer on the wire: sends exactly what it is told, and keeps every answer."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from typing import Any

import msgspec
import zmq
import zmq.asyncio

from sequencer.clock import Clock
from sequencer.wire.errors import Rejected
from sequencer.wire.messages import Ack, Answer, Command, Final, encode

PATIENCE_S = 120.0
"""Seconds of liveness time waited for an answer or a state (assumed: longer than any work a device is tried with)."""


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
        """A command with an id of its own."""
        return Command(id=f"{self._name}.{next(self._numbers)}", cmd=cmd, args=args or {}, **fields)

    async def send(self, command: Command) -> None:
        """Send a command, and wait for nothing."""
        self.clock.hold(f"command:{command.id}")
        await self.socket.send(encode(command))

    async def send_bytes(self, data: bytes) -> None:
        """Send what may be no command at all."""
        await self.socket.send(data)

    async def _read(self) -> None:
        while True:
            answer = msgspec.json.decode(await self.socket.recv(), type=Answer)
            self.answers.append(answer)
            self._arrived.put_nowait(answer)
            self.clock.release(f"answer:{answer.id}")

    async def next(self) -> Answer:
        """The next answer, whatever it answers. Raises TimeoutError."""
        getter = asyncio.get_running_loop().create_task(self._arrived.get())
        try:
            return await self.clock.wait_for(getter, PATIENCE_S, "peer")
        finally:
            getter.cancel()

    async def until(self, command: Command, kind: type) -> Any:
        """The next answer of this kind to this command. Raises Rejected for an end that will not come."""
        while True:
            answer = await self.next()
            if kind is Final and isinstance(answer, Ack) and answer.id == command.id and not answer.accepted:
                raise Rejected(answer.reason or "refused", f"{command.cmd} was refused: {answer.text}")
            if isinstance(answer, kind) and answer.id == command.id:
                return answer

    async def ask(self, cmd: str, args: dict[str, Any] | None = None, **fields: Any) -> Ack:
        """Send a command and return whether it was accepted; read on to its end, if it was."""
        command = self.command(cmd, args, **fields)
        await self.send(command)
        ack: Ack = await self.until(command, Ack)
        if ack.accepted:
            await self.until(command, Final)
        return ack

    async def result(self, cmd: str, args: dict[str, Any] | None = None, **fields: Any) -> Final:
        """Send a command and return its end."""
        command = self.command(cmd, args, **fields)
        await self.send(command)
        final: Final = await self.until(command, Final)
        return final

    def of(self, command: Command) -> list[Answer]:
        """Every answer to this command so far."""
        return [answer for answer in self.answers if answer.id == command.id]

    async def close(self) -> None:
        """Hang up."""
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        self.socket.close()
