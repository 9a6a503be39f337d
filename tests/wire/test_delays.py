"""The wire over a transport that delivers late: the same words, the same times, whatever the delays."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from sequencer.wire.messages import FrameHeader
from tests.delays import DelayedContext

from .support import EPOCH_S, Rig, Toy, every_transport, on
from .test_frames import frame, ids, open_desk


async def evening(rig: Rig) -> list[Any]:
    """Three devices at work at once, watched, with frames; returns everything that was seen, and when."""
    seen: list[Any] = []
    sender = await rig.sender()
    desk = await open_desk(rig, sender, acknowledging=True)

    def note(*what: Any) -> None:
        seen.append((rig.clock.now() - EPOCH_S, *what))

    async def night_of(number: int) -> None:
        name = f"toy{number}"
        server = await rig.serve(rig.new_server(rig.endpoint(name), Toy(rig.clock), name=name))
        client, watcher = rig.new_client("night", server), rig.new_client("", server)
        await client.connect()
        await watcher.connect()
        watcher.listeners.append(lambda state: note("state", name, state["value"]))
        for step in range(4):
            result = await client.call("work", {"seconds": 30.0 * (1 + step % 2)})
            note("worked", name, result["worked"])
            await client.call("set", {"value": 10 * number + step})
            await sender.submit(*frame(10 * number + step))

    await asyncio.gather(*(night_of(number) for number in range(3)))
    await rig.clock.sleep(1.0, "test")
    note("frames", tuple(desk.exposures), sender.waiting)
    return seen


@every_transport
def test_delays_change_nothing_in_virtual_time(transport: str) -> None:
    """Neither when and in which order the devices' callers go on, nor what each watcher sees, nor the frames."""
    prompt = on(transport, evening)
    late = [on(transport, evening, context=lambda seed=seed: DelayedContext(seed)) for seed in (1, 2)]
    assert prompt[-1] == (
        181.0,
        "frames",
        tuple(ids(*(10 * n + step for step in range(4) for n in range(3)))),
        0,
    )
    assert len([what for what in prompt if what[1] == "state"]) == 12
    for run in late:
        assert run[-1] == prompt[-1]
        assert [what for what in run if what[1] == "worked"] == [
            what for what in prompt if what[1] == "worked"
        ]
        assert sorted(run, key=str) == sorted(prompt, key=str)


def test_messages_of_one_socket_keep_their_order_and_differ_in_delay() -> None:
    async def main(rig: Rig) -> None:
        sender = await rig.sender()
        arrivals: list[tuple[int, float]] = []

        async def take(header: FrameHeader, chips: Any) -> None:
            arrivals.append((header.sequence, asyncio.get_running_loop().time()))
            await reader.acknowledge(header.exposure)

        reader = await rig.reader(sender, take)
        for number in range(30):
            await sender.submit(*frame(number))
        while sender.waiting:
            await rig.clock.sleep(1.0, "test")
        assert [number for number, _ in arrivals] == list(range(30))
        gaps = {round(after[1] - before[1], 5) for before, after in itertools.pairwise(arrivals)}
        assert len(gaps) > 5

    on("inproc", main, context=lambda: DelayedContext(7))


def test_what_was_sent_before_closing_arrives() -> None:
    async def main(rig: Rig) -> None:
        peer = rig.peer()
        commands = [peer.command("echo", {"n": number}) for number in range(5)]
        for command in commands:
            await peer.send(command)
        await peer.close()
        rig.clock.forget(commands[0].id.rpartition(".")[0])
        while len(rig.toy.begun) < 5:
            await rig.clock.sleep(1.0, "test")

    on("inproc", main, context=lambda: DelayedContext(3))


@pytest.mark.parametrize("seed", [0, 1])
def test_a_peer_that_has_gone_is_noticed_in_spite_of_the_delay(seed: int) -> None:
    """A ROUTER's sender hears of it, so that nothing is believed to be on its way."""

    async def main(rig: Rig) -> None:
        client = rig.new_client()
        await client.connect()
        call = asyncio.ensure_future(client.call("work", {"seconds": 100.0}))
        await rig.clock.sleep(10.0, "test")
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await client.close()
        await rig.clock.sleep(1000.0, "test")

    on("inproc", main, context=lambda: DelayedContext(seed))
