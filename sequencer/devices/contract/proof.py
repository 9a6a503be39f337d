"""Tries promises on a running device server, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import zmq.asyncio

from sequencer.clock import Clock, ScaledClock, WallClock
from sequencer.devices.contract.bench import Bench, Broken, Sample, TooShort
from sequencer.wire.client import Client
from sequencer.wire.errors import Incompatible
from sequencer.wire.messages import Hello, Lease

HELD_BY = "contract"
"""Who holds the device while it is seen whether anybody else does."""


class Promise(Protocol):
    """Tries one promise on a bench. Raises Broken, or whatever a device that breaks it causes."""

    __name__: str

    async def __call__(self, bench: Bench) -> None:
        """Try it."""


class Tried(NamedTuple):
    """A promise by its name, and how it was broken or why it could not be tried; both empty: it was kept."""

    name: str
    promise: Promise
    broken: str = ""
    untried: str = ""


def introduced(endpoint: str) -> Hello:
    """What the device at an endpoint says of itself. Raises NoAnswer and Incompatible."""

    async def ask() -> Hello:
        client = Client(endpoint, endpoint, WallClock())
        try:
            return await client.ask_hello()
        finally:
            await client.close()

    return WallClock().run(ask())


def prove(
    endpoint: str,
    kind: str,
    hello: Hello,
    promises: Mapping[str, Promise],
    sample: Sample | None,
    tell: Callable[[Tried], object],
) -> list[Tried]:
    """Try promises on the device at an endpoint, which moves; `tell` hears each result. It is left safe.

    `sample` are the commands tried; a kind that takes no orders has none. Raises Rejected when somebody else holds the
    device, or it does not take the work it is tried with, and Incompatible for one that lives by virtual time.
    """
    clock = _clock_of(hello)
    return clock.run(_prove(Bench(kind, endpoint, clock, zmq.asyncio.Context(), sample), promises, tell))


async def _prove(
    bench: Bench, promises: Mapping[str, Promise], tell: Callable[[Tried], object]
) -> list[Tried]:
    try:
        await _see_free(bench)
        try:
            return await _tried(bench, promises, tell)
        finally:  # whatever ends it, Ctrl-C too: the light is shut out
            await bench.peer().result("safe")
    finally:
        await bench.close()
        bench.context.destroy(linger=0)


async def _tried(
    bench: Bench, promises: Mapping[str, Promise], tell: Callable[[Tried], object]
) -> list[Tried]:
    await bench.suit()
    await bench.close()
    tried = []
    for name, promise in promises.items():
        tried.append(await _try(bench, name, promise))
        tell(tried[-1])
        await bench.close()
        if tried[-1].broken:
            await _set_free(bench)
    return tried


async def _see_free(bench: Bench) -> None:
    """Raise Rejected when somebody holds the device: the proof would take it out of his hands."""
    client = Client(bench.endpoint, bench.endpoint, bench.clock, owner=HELD_BY, context=bench.context)
    try:
        await client.connect()
    finally:
        await client.close()


async def _set_free(bench: Bench) -> None:
    """Take away the lease that a promise broken half-way may have left behind: the next one would be refused."""
    peer = bench.peer()
    claimed = await peer.result("claim", {"owner": HELD_BY, "force": True})
    if claimed.result:
        await peer.ask("release", lease=Lease(HELD_BY, claimed.result["epoch"]))


async def _try(bench: Bench, name: str, promise: Promise) -> Tried:
    try:
        await promise(bench)
    except TooShort as short:
        return Tried(name, promise, untried=str(short))
    except Broken as broken:
        return Tried(name, promise, str(broken))
    except TimeoutError:
        return Tried(name, promise, "no answer, or not the state promised, in time")
    except Exception as error:  # whatever a device does to a client: it is no promise kept
        return Tried(name, promise, f"{type(error).__name__}: {error}")
    return Tried(name, promise)


def _clock_of(hello: Hello) -> Clock:
    """The clock a device lives by. Raises Incompatible for virtual time, which is not shared."""
    clock = hello.clock
    if clock["kind"] == "virtual":
        raise Incompatible(f"{hello.device} lives by virtual time: nobody outside its process can")
    if clock["kind"] == "scaled":
        return ScaledClock(clock["epoch_s"], clock["rate"], clock["origin_s"])
    return WallClock()
