"""The only source of time: wall, scaled and virtual clocks.

UTC is a float of Unix seconds. `liveness` is for deadlines and heartbeats: the wall's monotonic clock, except
under virtual time. Virtual time stands still while anything is at work and jumps to the next deadline when
all is quiet; it needs its own event loop, which `Clock.run` provides.
"""

from __future__ import annotations

import asyncio
import heapq
import os
import selectors
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from sequencer.life import Task, Vigil, descendants, threads

T = TypeVar("T")

STALL_S = 30.0
"""Seconds without any progress after which virtual time gives up and names who holds it, counted as `Vigil` does: a
busy machine does not matter."""

LOOK_AGAIN_S = 1.0
"""Wall seconds after which who waits looks for signs of life."""


def iso(time_s: float, digits: int = 3) -> str:
    """ISO 8601 text of a UTC time, without zone: `2027-03-20T09:31:12.345`. Rounds to `digits` decimals."""
    ticks = round(time_s * 10**digits)
    whole, fraction = divmod(ticks, 10**digits)
    text = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{fraction:0{digits}d}" if digits else text


def parse_utc(text: str) -> float:
    """Unix seconds of an ISO 8601 text; without a zone it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


class StalledError(RuntimeError):
    """Virtual time stood still too long; the message names the holders."""


class Clock:
    """Wall clock; base of the others."""

    kind = "wall"
    rate = 1.0

    def now(self) -> float:
        """UTC in Unix seconds."""
        return time.time()

    def liveness(self) -> float:
        """Monotonic seconds for deadlines and heartbeats."""
        return time.monotonic()

    def identity(self) -> dict[str, Any]:
        """What two processes compare to be sure that they live by the same clock."""
        return {"kind": self.kind}

    async def sleep(self, seconds: float, key: str) -> None:
        """Let `seconds` pass (negative: none). `key` says who sleeps and orders sleepers at one instant."""
        await asyncio.sleep(max(0.0, seconds) / self.rate)

    async def turn(self, key: str) -> None:
        """Resume in the order of the keys once this instant is quiet; only virtual time needs it."""

    async def wait_for(self, future: asyncio.Future[T], seconds: float, key: str) -> T:
        """Result of `future` within `seconds` of liveness time, else TimeoutError; it is never cancelled.

        Time in which a busy machine, or work in this loop, kept us from listening is no silence of the other.
        """
        left_s = max(0.0, seconds)
        listen_s = min(LOOK_AGAIN_S, left_s / 8.0)
        while True:
            begun_s = time.monotonic()
            done, _ = await asyncio.wait({future}, timeout=listen_s)
            if done:
                return future.result()
            left_s -= min(time.monotonic() - begun_s, 2.0 * listen_s)
            if left_s <= 0.0:
                raise TimeoutError(f"{key}: nothing within {seconds:.3g} s")

    async def word(self, future: asyncio.Future[T], process_id: int, seconds: float, key: str) -> T:
        """Result of `future`, which another process owes; it is never cancelled.

        Raises TimeoutError once the process has had `seconds` of its own time, as `Vigil` counts it, under any clock.
        """
        vigil = Vigil(lambda: threads(process_id) | descendants(process_id))
        while vigil.look(time.monotonic()) <= seconds:
            done, _ = await asyncio.wait({future}, timeout=min(LOOK_AGAIN_S, seconds))
            if done:
                return future.result()
        raise TimeoutError(f"{key}: no word in {seconds:.3g} s")

    async def thread(self, name: str, function: Callable[..., T], *args: Any) -> T:
        """Run a blocking computation in a thread; virtual time stands still meanwhile."""
        token = f"thread:{name}"
        self.hold(token)
        try:
            return await asyncio.get_running_loop().run_in_executor(None, function, *args)
        finally:
            self.release(token)

    def hold(self, token: str, to: str = "", at: str = "") -> None:
        """Something is under way that virtual time must wait for: a computation, or a message `to` a party.

        A message to a party not known yet goes to whoever serves the address `at`.
        """

    def release(self, token: str) -> bool:
        """The something named `token` has arrived or ended; whether it had been held."""
        return False

    def post(self, channel: str, number: int) -> None:
        """Event `number` was published on `channel`; virtual time waits until every reader has read it."""

    def read(self, channel: str, reader: str, number: int) -> None:
        """`reader` has dealt with the events of `channel` up to `number`."""

    def serve(self, address: str, party: str) -> None:
        """`party` listens at `address` from now on; what is on its way to where nobody listens holds nothing."""

    def forget(self, party: str) -> None:
        """`party` (a client's session, a device's boot id) is gone: nothing on its way there will arrive."""

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a main coroutine to its end on an event loop that suits this clock."""
        return asyncio.run(coroutine)


class WallClock(Clock):
    """The machine's own time."""


class ScaledClock(Clock):
    """UTC that starts at `epoch_s` and runs `rate` times as fast as the wall.

    Processes of one machine share it by sharing epoch, rate and `origin_s`, a reading of the system-wide
    monotonic clock; a jump of the machine's UTC does not disturb it.
    """

    kind = "scaled"

    def __init__(self, epoch_s: float, rate: float, origin_s: float | None = None) -> None:
        if not rate > 0.0:
            raise ValueError(f"the rate of a scaled clock must be positive, not {rate}")
        self.epoch_s = epoch_s
        self.rate = rate
        self.origin_s = time.monotonic() if origin_s is None else origin_s

    def now(self) -> float:
        """UTC in Unix seconds of the scaled time."""
        return self.epoch_s + (time.monotonic() - self.origin_s) * self.rate

    def identity(self) -> dict[str, Any]:
        """Kind, epoch, rate and origin."""
        return {"kind": self.kind, "epoch_s": self.epoch_s, "rate": self.rate, "origin_s": self.origin_s}


class VirtualClock(Clock):
    """Time of a rehearsal: stands still while anything is at work, then jumps to the next deadline.

    Sleepers wake one at a time, in the order (time, key, sequence), each only when everything the one before
    set off has come to rest. Thus the order in which messages happen to arrive decides nothing.
    """

    kind = "virtual"

    def __init__(self, epoch_s: float, stall_s: float = STALL_S) -> None:
        self.stall_s = stall_s
        self._now_s = epoch_s
        self._sleepers: list[tuple[float, str, int, asyncio.Future[None]]] = []
        self._sequence = 0
        self._holds: Counter[str] = Counter()
        self._bound_for: dict[str, str] = {}
        self._sent_to: dict[str, str] = {}
        self._served: dict[str, str] = {}
        self._gone: set[str] = set()
        self._posted: dict[str, int] = {}
        self._readers: dict[str, dict[str, int]] = {}
        self._given_up = False
        self._computing: set[int] = set()

    def now(self) -> float:
        """UTC in Unix seconds of the virtual time."""
        return self._now_s

    def liveness(self) -> float:
        """The same as `now`: under virtual time deadlines are virtual too."""
        return self._now_s

    async def sleep(self, seconds: float, key: str) -> None:
        """Let `seconds` of virtual time pass."""
        future = self._sleeper(seconds, key)
        try:
            await future
        finally:
            future.cancel()

    async def turn(self, key: str) -> None:
        """Wait until this instant is quiet, then resume in the order of the keys."""
        await self.sleep(0.0, key)

    async def wait_for(self, future: asyncio.Future[T], seconds: float, key: str) -> T:
        """Result of `future` within `seconds` of virtual time, else TimeoutError."""
        deadline = self._sleeper(seconds, key)
        either: set[asyncio.Future[Any]] = {future, deadline}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            deadline.cancel()
        if not future.done():
            raise TimeoutError(f"{key}: nothing within {seconds:.3g} s")
        return future.result()

    async def thread(self, name: str, function: Callable[..., T], *args: Any) -> T:
        """Stand still while a blocking computation runs in a thread."""

        def compute() -> T:
            me = threading.get_native_id()
            self._computing.add(me)
            try:
                return function(*args)
            finally:
                self._computing.discard(me)

        return await super().thread(name, compute)

    def hold(self, token: str, to: str = "", at: str = "") -> None:
        """Stand still until `token` is released, or `to` is gone; not while nobody serves the address `at`."""
        if to in self._gone:
            return
        self._holds[token] += 1
        if to:
            self._bound_for[token] = to
        if at:
            self._sent_to[token] = at

    def release(self, token: str) -> bool:
        """End one hold of `token` and say whether there was one (none: a message from another process)."""
        held = self._holds[token]
        if held <= 1:
            self._drop(token)
        else:
            self._holds[token] = held - 1
        return held > 0

    def post(self, channel: str, number: int) -> None:
        """Stand still until every reader of `channel` has read event `number`."""
        self._posted[channel] = number

    def read(self, channel: str, reader: str, number: int) -> None:
        """Note how far `reader` has come; the first call registers it."""
        if not self._gone & {channel, reader}:
            self._readers.setdefault(channel, {})[reader] = number

    def serve(self, address: str, party: str) -> None:
        """From now on stand still for what is on its way to `address`, that sent before included."""
        self._served[address] = party

    def forget(self, party: str) -> None:
        """Hold nothing any more for `party`, as reader, as channel or as who serves an address."""
        self._gone.add(party)
        self._served = {address: by for address, by in self._served.items() if by != party}
        for token in [token for token, to in self._bound_for.items() if to == party]:
            self._drop(token)
        self._readers.pop(party, None)
        for readers in self._readers.values():
            readers.pop(party, None)

    def holders(self) -> list[str]:
        """Names of all that keeps time from advancing."""
        if self._given_up:
            return []
        held = [token for token in self._holds if self._sent_to.get(token) in (None, *self._served)]
        late = [
            f"event {self._posted[channel]} of {channel} for {reader}"
            for channel, readers in self._readers.items()
            for reader, number in readers.items()
            if number < self._posted.get(channel, 0)
        ]
        return sorted(held) + late

    def give_up(self) -> list[str]:
        """Stand still for nothing any more, so that everything can be put in order; says who had held time."""
        holders, self._given_up = self.holders(), True
        return holders

    def party(self) -> dict[str, Task]:
        """Who may be waited for: what was begun with `thread`, what carries messages, and every process below ours.

        Other threads of this process, as one that draws a screen, are no sign of life.
        """
        process_id = os.getpid()
        others = {thread.native_id for thread in threading.enumerate()} - self._computing
        aside = {f"{process_id}/{number}" for number in others}
        ours = {name: task for name, task in threads(process_id).items() if name not in aside}
        return ours | descendants(process_id)

    def advance(self) -> bool:
        """Wake the next sleeper if nothing holds time. Called by the event loop when it is idle."""
        if self.holders():
            return False
        while self._sleepers:
            time_s, _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                self._now_s = max(self._now_s, time_s)
                future.set_result(None)
                return True
        return False

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a main coroutine on an event loop that advances this clock whenever it is idle."""
        with asyncio.Runner(loop_factory=self._new_loop) as runner:
            return runner.run(coroutine)

    def _new_loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.SelectorEventLoop(_IdleSelector(self))

    def _drop(self, token: str) -> None:
        self._holds.pop(token, None)
        self._bound_for.pop(token, None)
        self._sent_to.pop(token, None)

    def _sleeper(self, seconds: float, key: str) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sequence += 1
        heapq.heappush(self._sleepers, (self._now_s + max(0.0, seconds), key, self._sequence, future))
        return future


class _IdleSelector(selectors.BaseSelector):
    """Selector that lets virtual time advance where the event loop would otherwise block."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._real = selectors.DefaultSelector()
        self._vigil = Vigil(clock.party)
        self._look_s: float | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Ready files; when the loop is idle, advance the clock, or wait for whatever holds it."""
        events = self._real.select(0)
        if events or (timeout is not None and timeout <= 0) or self._clock.advance():
            self._look_s = None
            return events
        patience_s = min(LOOK_AGAIN_S, self._clock.stall_s)
        self._give_up_after(self._clock.stall_s, patience_s)
        events = self._real.select(patience_s if timeout is None else min(patience_s, timeout))
        if events:
            self._look_s = None
        return events

    def _give_up_after(self, stall_s: float, patience_s: float) -> None:
        now_s = time.monotonic()
        if self._look_s is None:
            self._vigil.restart()
        elif now_s < self._look_s:
            return
        elif self._vigil.look(now_s) > stall_s:
            holders = self._clock.give_up() or ["nothing: every task waits for a word that nobody will say"]
            raise StalledError(f"virtual time stood still for {stall_s:.3g} s, held by: {'; '.join(holders)}")
        self._look_s = now_s + patience_s

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """As the real selector."""
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """As the real selector."""
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """As the real selector."""
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """As the real selector."""
        return self._real.get_map()

    def close(self) -> None:
        """As the real selector."""
        self._real.close()
