"""Command server of one device: ROUTER for commands, XPUB for state; every command runs at most once."""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Callable, Set
from typing import Any, Protocol

import msgspec
import zmq
import zmq.asyncio

from sequencer.clock import Clock
from sequencer.wire import sockets
from sequencer.wire.beat import PATIENCE, beats_s, rest
from sequencer.wire.errors import CommandAborted, DeviceError, Rejected
from sequencer.wire.lease import LeaseBook
from sequencer.wire.messages import (
    UNREADABLE,
    WIRE_VERSION,
    Ack,
    Answer,
    Command,
    Final,
    Hello,
    Progress,
    StateEvent,
    encode,
    session_of,
)

ProgressCall = Callable[[float, float, str, str], None]
"""(current, target, unit, text): how far a running command has come."""

NEVER_REFUSED = frozenset({"safe", "stop", "abort"})
"""Commands that are obeyed whoever sends them, however late, and whichever incarnation they were meant for."""

KEPT_FINALS = 1000
"""Ends of commands a server remembers, to answer a command that is sent again (assumed ample for a night's tail)."""


class Handler(Protocol):
    """The device behind a server."""

    @property
    def safe_commands(self) -> Set[str]:
        """Commands that anyone may send, lease or not."""

    def check(self, command: Command) -> None:
        """Raise `Rejected` if the command is unknown, wrong or illegal now."""

    async def run(self, command: Command, progress: ProgressCall) -> dict[str, Any]:
        """Do it. Raises `DeviceError` or `CommandAborted`."""


class Server:
    """Answers the commands of one device and publishes its state.

    `endpoint` is where commands arrive; `events_endpoint` (and `frames_endpoint`, set by a detector) are told
    in the answer to `hello`. Built-in commands: hello, snapshot, claim, renew, release.
    """

    def __init__(
        self,
        device: str,
        kind: str,
        endpoint: str,
        clock: Clock,
        handler: Handler,
        *,
        simulated: bool,
        context: zmq.asyncio.Context | None = None,
    ) -> None:
        self.device = device
        self.kind = kind
        self.endpoint = endpoint
        self.events_endpoint = sockets.sibling(endpoint, "events")
        self.frames_endpoint = ""
        self.boot_id = uuid.uuid4().hex
        self._clock = clock
        self._handler = handler
        self._simulated = simulated
        self._context = context
        self._leases = LeaseBook(clock)
        self._seq = 0
        self._state: dict[str, Any] = {}
        self._finals: OrderedDict[str, Final] = OrderedDict()
        self._running: dict[str, bytes] = {}
        self._local: set[bytes] = set()
        self._words: dict[str, tuple[float, float, str, str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._builtin: dict[str, Callable[[Command], dict[str, Any]]] = {
            "hello": self._hello,
            "snapshot": lambda _: dict(msgspec.to_builtins(self._event(heartbeat=False))),
            "claim": self._claim,
            "renew": lambda c: self._leases.renew(c.lease),
            "release": lambda c: self._leases.release(c.lease),
        }

    async def start(self) -> None:
        """Bind the sockets and begin to answer. Raises ValueError for an address that is not this machine's own, and
        zmq.ZMQError if it is taken; nothing is left open then."""
        self._commands = sockets.new_socket(self._context, zmq.ROUTER, hwm=sockets.COMMAND_HWM)
        self._commands.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self._commands.setsockopt(zmq.MAXMSGSIZE, sockets.MAX_COMMAND_BYTES)
        self._events = sockets.new_socket(self._context, zmq.XPUB, hwm=sockets.EVENT_HWM)
        self._events.setsockopt(zmq.XPUB_VERBOSE, 1)
        asked_for = self.endpoint
        try:
            self.endpoint = sockets.bind(self._commands, self.endpoint)
            self.events_endpoint = sockets.bind(self._events, self.events_endpoint)
        except (ValueError, zmq.ZMQError):
            self._commands.close()
            self._events.close()
            raise
        for address in (asked_for, self.endpoint):
            self._clock.serve(address, self.boot_id)
        for loop in (self._read_commands, self._read_subscriptions, self._beat):
            self._spawn(loop())

    async def stop(self) -> None:
        """End running commands, close the sockets."""
        await self._clock.turn(f"{self.device}.stop")  # what is on its way is still answered
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._commands.close()
        self._events.close()
        self._clock.forget(self.boot_id)

    def publish(self, state: dict[str, Any]) -> int:
        """Publish a new whole state; returns its sequence number."""
        self._state = state
        self._send_event(heartbeat=False)
        return self._seq

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read_commands(self) -> None:
        while True:
            parts = await self._commands.recv_multipart()
            if len(parts) == 2:
                await self._receive(parts[0], parts[1])

    async def _read_subscriptions(self) -> None:
        while True:
            message = await self._events.recv()
            if message[:1] == b"\x01":
                self._send_event(heartbeat=True)

    async def _beat(self) -> None:
        while True:
            await rest(self._clock, 1.0, f"{self.device}.beat")
            self._send_event(heartbeat=True)
            if self._leases.has_just_lapsed():
                self._spawn(self._make_safe())

    async def _receive(self, peer: bytes, data: bytes) -> None:
        if len(data) > sockets.MAX_COMMAND_BYTES:  # libzmq refuses it on ipc and tcp, not on inproc
            return
        try:
            command = msgspec.json.decode(data, type=Command)
        except UNREADABLE as error:
            await self._refuse_unreadable(peer, data, str(error))
            return
        self._note_local(peer, command.id)
        if command.id in self._finals:
            await self._answer(peer, Ack(command.id, True))
            await self._answer(peer, self._finals[command.id])
        elif command.id in self._running:
            self._running[command.id] = peer  # a client that had to connect again is another peer
            await self._answer(peer, Ack(command.id, True, deadline_s=self._patience_s))
        else:
            await self._admit(peer, command)

    async def _admit(self, peer: bytes, command: Command) -> None:
        try:
            self._check(command)
            builtin = self._builtin.get(command.cmd)
            result = builtin(command) if builtin else None
        except Rejected as refusal:
            await self._answer(peer, Ack(command.id, False, refusal.reason, refusal.text))
            return
        except Exception as error:  # a fault of the device's own check must not silence the server
            await self._answer(peer, Ack(command.id, False, "refused", f"cannot be checked: {_told(error)}"))
            return
        if result is not None:
            await self._answer(peer, Ack(command.id, True))
            await self._answer(peer, Final(command.id, "completed", result, state_seq=self._seq))
            return
        self._running[command.id] = peer
        await self._answer(peer, Ack(command.id, True, deadline_s=self._patience_s))
        self._spawn(self._execute(command))

    def _check(self, command: Command) -> None:
        if command.v != WIRE_VERSION:
            raise Rejected("bad_version", f"speaks wire version {WIRE_VERSION}, not {command.v}")
        if command.cmd in NEVER_REFUSED:
            self._handler.check(command)
            return
        if command.boot_id and command.boot_id != self.boot_id:
            raise Rejected("wrong_boot", "was restarted since the command was meant for it")
        if command.expires_s and self._clock.now() > command.expires_s:
            raise Rejected("expired", f"the deadline of {command.cmd!r} had passed when it arrived")
        if command.cmd in self._builtin:
            return
        if command.cmd not in self._handler.safe_commands:
            self._leases.check(command.lease)
        self._handler.check(command)

    async def _execute(self, command: Command) -> None:
        beats = asyncio.get_running_loop().create_task(self._signs_of_life(command.id))
        self._tasks.add(beats)
        try:
            final = await self._outcome(command)
        finally:
            beats.cancel()
            self._tasks.discard(beats)
        final.state_seq = self._seq
        peer = self._running.pop(command.id)
        self._words.pop(command.id, None)
        self._finals[command.id] = final
        while len(self._finals) > KEPT_FINALS:
            self._finals.popitem(last=False)
        await self._answer(peer, final)

    async def _outcome(self, command: Command) -> Final:
        def progress(current: float, target: float, unit: str, text: str = "") -> None:
            self._words[command.id] = (current, target, unit, text)

        try:
            await self._clock.turn(f"{self.device}.{command.cmd}")
            final = Final(command.id, "completed", await self._handler.run(command, progress))
            encode(final)  # a result that is no JSON is the device's fault, and told as such
            return final
        except CommandAborted as abort:
            return Final(command.id, "aborted", text=abort.text)
        except DeviceError as error:
            return Final(command.id, "failed", code=error.code, text=error.text)
        except Exception as error:  # the client must hear of every failure
            return Final(command.id, "failed", code="internal", text=_told(error))

    async def _make_safe(self) -> None:
        """Nobody commands the device any more: its own safe command. How it ends shows in the state."""
        command = Command(f"{self.boot_id}.lapse", "safe")
        try:
            self._handler.check(command)
        except Exception:  # there is no safe command, or it cannot even be checked
            return
        await self._outcome(command)
        self._words.pop(command.id, None)

    async def _signs_of_life(self, command_id: str) -> None:
        number = 0
        while True:
            await rest(self._clock, 1.0, f"{self.device}.progress")
            number += 1
            current, target, unit, text = self._words.get(command_id, (0.0, 0.0, "", ""))
            message = Progress(command_id, number, current, target, unit, text, self._patience_s)
            await self._answer(self._running[command_id], message)

    @property
    def _patience_s(self) -> float:
        return beats_s(self._clock, PATIENCE)

    async def _answer(self, peer: bytes, message: Answer) -> None:
        token = f"answer:{message.id}"
        if peer in self._local:  # virtual time waits only for clients that live by it
            self._clock.hold(token, to=session_of(message.id))
        try:
            await self._commands.send_multipart([peer, encode(message)], flags=zmq.NOBLOCK)
        except zmq.ZMQError:  # the client has gone, or reads nothing any more: it will ask again
            self._clock.release(token)

    async def _refuse_unreadable(self, peer: bytes, data: bytes, text: str) -> None:
        try:
            message_id = msgspec.json.decode(data)["id"]
        except (*UNREADABLE, KeyError, TypeError):
            return
        if isinstance(message_id, str):
            self._note_local(peer, message_id)
            refusal = Ack(message_id, False, "bad_arguments", f"unreadable command: {text}")
            await self._answer(peer, refusal)

    def _note_local(self, peer: bytes, message_id: str) -> None:
        if self._clock.release(f"command:{message_id}"):
            self._local.add(peer)

    def _hello(self, command: Command) -> dict[str, Any]:
        hello = Hello(
            self.device,
            self.kind,
            self.boot_id,
            self._simulated,
            self.events_endpoint,
            self.frames_endpoint,
            self._clock.identity(),
        )
        return dict(msgspec.to_builtins(hello))

    def _claim(self, command: Command) -> dict[str, Any]:
        owner, force = command.args.get("owner", ""), command.args.get("force", False)
        if not isinstance(owner, str) or not isinstance(force, bool):
            raise Rejected("bad_arguments", "claim takes an owner (text) and force (true or false)")
        return {"epoch": self._leases.claim(owner, force)}

    def _event(self, *, heartbeat: bool) -> StateEvent:
        return StateEvent(self.device, self.boot_id, self._seq, self._clock.now(), self._state, heartbeat)

    def _send_event(self, *, heartbeat: bool) -> None:
        self._seq += 1
        self._clock.post(self.boot_id, self._seq)
        self._events.send(encode(self._event(heartbeat=heartbeat)), flags=zmq.NOBLOCK)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
