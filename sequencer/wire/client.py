"""Client of one device: sends commands, follows the state.

One reader task a socket, cancelled only when the socket closes: a cancelled receive may lose a message.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import Callable, Coroutine
from typing import Any, TypedDict, TypeVar

import msgspec
import zmq
import zmq.asyncio

from sequencer.clock import Clock, ScaledClock, WallClock
from sequencer.wire import sockets
from sequencer.wire.beat import RENEW, rest
from sequencer.wire.errors import CommandAborted, DeviceError, Incompatible, NoAnswer, Rejected
from sequencer.wire.messages import (
    UNREADABLE,
    WIRE_VERSION,
    Ack,
    Answer,
    Command,
    Final,
    Hello,
    Lease,
    Progress,
    StateEvent,
    encode,
)

T = TypeVar("T")

OPERATOR_KIND = "sequencer"
"""Kind of the sequencer's own server; an operator's client lives by any clock it likes."""


class ClientOptions(TypedDict, total=False):
    """What a client may be told besides whom to talk to: who claims the lease, whose sockets."""

    owner: str
    context: zmq.asyncio.Context | None


class Client:
    """Commands one device and mirrors its state.

    `owner` names who claims the lease (empty: watch only, or command a device nobody holds). `state` is the
    last published state, `state_time_s` its device's time; `listeners` are called with each new one. Once the device
    is found to be another incarnation it is `restarted`, `on_restart` is told, and the mirror stays as it was until
    `rejoin`.
    """

    def __init__(
        self,
        name: str,
        endpoint: str,
        clock: Clock,
        *,
        owner: str = "",
        context: zmq.asyncio.Context | None = None,
    ) -> None:
        self.name = name
        self.endpoint = endpoint
        self.state: dict[str, Any] = {}
        self.state_seq = 0
        self.state_time_s = 0.0
        self.listeners: list[Callable[[dict[str, Any]], None]] = []
        self.hello: Hello | None = None
        self._clock = clock
        self._owner = owner
        self._context = context
        self._lease: Lease | None = None
        self._session = uuid.uuid4().hex[:12]
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Queue[Answer]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._following: list[asyncio.Task[None]] = []
        self._sockets: list[zmq.asyncio.Socket] = []
        self._heard_s = 0.0
        self._news = asyncio.Event()
        self.restarted = False
        self.on_restart: Callable[[], None] = lambda: None
        self._boot_id = ""

    async def connect(self, deadline_s: float = 5.0) -> Hello:
        """Shake hands, follow the state, claim the lease. Raises NoAnswer, Incompatible or Rejected."""
        hello = await self.ask_hello(deadline_s)
        self._check_clock(hello)
        self.hello = hello
        self._boot_id = hello.boot_id
        await self._follow(hello.events_endpoint, deadline_s)
        await self._claim(deadline_s)
        if self._owner:
            self._start(self._renew())
        return hello

    async def rejoin(self, deadline_s: float = 5.0) -> None:
        """Know a device anew that was restarted: shake hands, follow its state, claim it. Raises as `connect`."""
        self._boot_id, self._lease, self.hello, self.state_seq = "", None, None, 0
        told = await self.call("hello", deadline_s=deadline_s)
        self.hello = _convert(told, Hello, self.name)
        self._boot_id, self.restarted = self.hello.boot_id, False
        await self._follow(self.hello.events_endpoint, deadline_s)
        await self._claim(deadline_s)

    async def ask_hello(self, deadline_s: float = 5.0) -> Hello:
        """Ask the device who it is, whatever clock it lives by. Raises NoAnswer, Incompatible."""
        self._commands = self._connect(zmq.DEALER, self.endpoint, sockets.COMMAND_HWM)
        self._start(self._read_answers())
        told = await self.call("hello", deadline_s=deadline_s)
        if told.get("wire_version") != WIRE_VERSION:
            theirs = told.get("wire_version")
            raise Incompatible(f"{self.name} speaks wire version {theirs}, we {WIRE_VERSION}")
        return _convert(told, Hello, self.name)

    async def call(
        self,
        cmd: str,
        args: dict[str, Any] | None = None,
        *,
        deadline_s: float = 10.0,
        exposure: str = "",
        on_progress: Callable[[Progress], None] | None = None,
    ) -> dict[str, Any]:
        """Have one command done and return its result; the state mirror then already holds its effect.

        `deadline_s` (liveness seconds) is how long to wait for the first word; each word says how soon the next
        will come. When half of a wait has passed in silence the command is sent again, under the same id.
        `on_progress` gets every progress message. Raises Rejected (nothing was begun; also when the command is
        larger than the wire takes), DeviceError, CommandAborted, NoAnswer, Incompatible.
        """
        message = self._command(cmd, args or {}, deadline_s, exposure)
        final = await self._converse(message, deadline_s, on_progress)
        await self._catch_up(final.state_seq, deadline_s)
        await self._clock.turn(f"{self.name}.{cmd}")
        return self._result(final)

    def state_age_s(self) -> float:
        """Liveness seconds since the device last told its state."""
        return self._clock.liveness() - self._heard_s

    async def release(self) -> None:
        """Give the lease back; the device keeps its state."""
        if self._lease is not None:
            await self.call("release")
            self._lease = None

    async def close(self, *, release: bool = True) -> None:
        """Stop following and close the sockets; the lease, if still held, is released, or left to lapse."""
        try:
            if release and self._lease is not None:
                await self.release()
        except (NoAnswer, Rejected):
            pass
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for socket in self._sockets:
                socket.close()
            self._clock.forget(self._session)

    async def _claim(self, deadline_s: float) -> None:
        if self._owner:
            answer = await self.call("claim", {"owner": self._owner}, deadline_s=deadline_s)
            self._lease = Lease(self._owner, int(answer["epoch"]))

    def _command(self, cmd: str, args: dict[str, Any], deadline_s: float, exposure: str = "") -> Command:
        return Command(
            id=f"{self._session}.{next(self._numbers)}",
            cmd=cmd,
            args=args,
            boot_id=self._boot_id,
            lease=self._lease,
            exposure=exposure,
            expires_s=self._expires_s(deadline_s) if self._boot_id else 0.0,
        )

    def _expires_s(self, deadline_s: float) -> float:
        """When a command is too old to begin, by the clock of who receives it; 0 (never) where that is not known."""
        theirs = self._clock if self.hello is None else _alike(self._clock, self.hello.clock)
        return 0.0 if theirs is None else theirs.now() + deadline_s * theirs.rate

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.append(task)
        return task

    def _connect(self, kind: int, endpoint: str, hwm: int) -> zmq.asyncio.Socket:
        socket = sockets.new_socket(self._context, kind, hwm=hwm)
        self._sockets.append(socket)
        socket.connect(endpoint)
        return socket

    async def _converse(
        self, message: Command, deadline_s: float, on_progress: Callable[[Progress], None] | None
    ) -> Final:
        answers: asyncio.Queue[Answer] = asyncio.Queue()
        self._waiting[message.id] = answers
        try:
            return await self._listen(message, answers, deadline_s, on_progress)
        finally:
            del self._waiting[message.id]
            if not message.boot_id:  # should somebody ever serve the address, time need not wait for this
                while self._clock.release(f"command:{message.id}"):
                    pass

    async def _listen(
        self,
        message: Command,
        answers: asyncio.Queue[Answer],
        deadline_s: float,
        on_progress: Callable[[Progress], None] | None,
    ) -> Final:
        last = ""
        await self._send(message)
        while True:
            answer = await self._next(message, answers, deadline_s, last)
            if isinstance(answer, Final):
                return answer
            if isinstance(answer, Ack) and not answer.accepted:
                if answer.reason == "wrong_boot":
                    self._note_restart()
                raise Rejected(answer.reason or "refused", answer.text, self.name)
            if isinstance(answer, Progress):
                last = f"progress {answer.n}: {answer.current:g} of {answer.target:g} {answer.unit} {answer.text}"
                if on_progress is not None:
                    on_progress(answer)
            else:
                last = last or "accepted"
            deadline_s = answer.deadline_s

    async def _next(
        self, message: Command, answers: asyncio.Queue[Answer], deadline_s: float, last: str
    ) -> Answer:
        """The next word on a command; asks again half-way through the wait. Raises NoAnswer."""
        for again in (True, False):
            getter = asyncio.get_running_loop().create_task(answers.get())
            try:
                return await self._clock.wait_for(getter, deadline_s / 2, self.name)
            except TimeoutError:
                if again:
                    await self._send(message)
            finally:
                getter.cancel()
        raise NoAnswer(self.name, message.cmd, last.strip())

    async def _send(self, message: Command) -> None:
        data = encode(message)
        if len(data) > sockets.MAX_COMMAND_BYTES:
            text = f"{message.cmd} of {len(data)} bytes is larger than the wire takes ({sockets.MAX_COMMAND_BYTES})"
            raise Rejected("bad_arguments", text, self.name)
        token = f"command:{message.id}"
        self._clock.hold(token, to=message.boot_id, at="" if message.boot_id else self.endpoint)
        try:
            await self._commands.send(data, flags=zmq.NOBLOCK)
        except zmq.Again:  # no peer and the queue is full: the wait for an answer will tell
            self._clock.release(token)

    async def _read_answers(self) -> None:
        decoder = msgspec.json.Decoder(Answer)
        while True:
            data = await self._commands.recv()
            try:
                answer = decoder.decode(data)
            except UNREADABLE:  # no answer of ours: whoever waits will be told that there was none
                continue
            waiting = self._waiting.get(answer.id)
            if waiting is not None:
                waiting.put_nowait(answer)
            self._clock.release(f"answer:{answer.id}")

    def _note_restart(self) -> None:
        if not self.restarted:
            self.restarted = True
            self.on_restart()

    async def _follow(self, endpoint: str, deadline_s: float) -> None:
        for one in self._following:
            one.cancel()
        events = self._connect(zmq.SUB, endpoint, sockets.EVENT_HWM)
        token = f"subscription:{self.name}:{self._session}"
        self._clock.hold(token, to=self._boot_id)
        events.subscribe(b"")
        self._following = [self._start(self._read_events(events))]
        try:
            await self._wait_news(deadline_s)
        finally:
            self._clock.release(token)

    async def _read_events(self, events: zmq.asyncio.Socket) -> None:
        decoder = msgspec.json.Decoder(StateEvent)
        while True:
            data = await events.recv()
            try:
                event = decoder.decode(data)
            except UNREADABLE:  # the next event carries the whole state again
                continue
            self._apply(event)

    def _apply(self, event: StateEvent) -> None:
        if event.boot_id != self._boot_id:
            self._note_restart()
            return
        self._heard_s = self._clock.liveness()
        if event.seq > self.state_seq:
            changed = self.state != event.state
            self.state, self.state_seq = event.state, event.seq
            self.state_time_s = event.time_s
            self._news.set()
            self._news = asyncio.Event()
            if changed:
                self._tell(event.state)
        self._clock.read(event.boot_id, self._session, event.seq)

    def _tell(self, state: dict[str, Any]) -> None:
        """Tell every listener; the fault of one is told to the event loop and keeps nobody from hearing."""
        for listener in list(self.listeners):
            try:
                listener(state)
            except Exception as error:
                context = {"message": f"a listener of {self.name} failed", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)

    async def _wait_news(self, seconds: float) -> None:
        waiter = asyncio.get_running_loop().create_task(self._news.wait())
        try:
            await self._clock.wait_for(waiter, seconds, self.name)
        except TimeoutError:
            raise NoAnswer(self.name, "subscribe") from None
        finally:
            waiter.cancel()

    async def _catch_up(self, state_seq: int, deadline_s: float) -> None:
        """Wait until the mirror holds the effect of the command; ask for a snapshot if events were lost."""
        if self.hello is None or self.state_seq >= state_seq:
            return
        try:
            await self._wait_news(deadline_s / 2)
        except NoAnswer:
            pass
        if self.state_seq < state_seq:
            try:
                final = await self._converse(self._command("snapshot", {}, deadline_s), deadline_s, None)
            except Rejected:  # another incarnation obeyed, as it must a `safe`: the restart has been told
                return
            self._apply(_convert(self._result(final), StateEvent, self.name))

    async def _renew(self) -> None:
        while True:
            await rest(self._clock, RENEW, f"{self.name}.lease")
            try:
                await self.call("renew")
            except (NoAnswer, Rejected):
                continue

    def _check_clock(self, hello: Hello) -> None:
        if hello.kind == OPERATOR_KIND:
            return
        if self._clock.kind == "virtual" and not hello.simulated:
            raise Incompatible(f"{self.name} is real hardware: it cannot live by virtual time")
        ours = self._clock.identity()
        if hello.simulated and hello.clock != ours:
            raise Incompatible(f"{self.name} lives by another clock: {hello.clock}, ours is {ours}")

    def _result(self, final: Final) -> dict[str, Any]:
        if final.outcome == "failed":
            raise DeviceError(final.code, final.text, self.name)
        if final.outcome == "aborted":
            raise CommandAborted(final.text, self.name)
        return final.result


def _convert(told: dict[str, Any], kind: type[T], device: str) -> T:
    try:
        return msgspec.convert(told, kind)
    except msgspec.ValidationError as error:
        raise Incompatible(f"{device} does not speak our wire: {error}") from None


def _alike(ours: Clock, identity: dict[str, Any]) -> Clock | None:
    """A clock that shows what the one of this `identity` does: `ours` if that is it; None for another virtual time."""
    if ours.identity() == identity:
        return ours
    kind = identity.get("kind")
    if kind == "scaled":
        return ScaledClock(identity["epoch_s"], identity["rate"], identity["origin_s"])
    return WallClock() if kind == "wall" else None
