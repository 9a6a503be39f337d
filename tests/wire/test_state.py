"""The mirror of a device's state: whole at once, followed, repaired after a gap, never older than it says."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from sequencer.wire.beat import BEAT_S
from sequencer.wire.messages import Command, StateEvent

from .support import EPOCH_S, Pretender, Rig, done, every_transport, on, pretending


@every_transport
def test_who_connects_has_the_whole_state_at_once(transport: str) -> None:
    async def main(rig: Rig) -> None:
        rig.server.publish({"value": 41, "name": "toy"})
        client = await rig.client()
        assert client.state == {"value": 41, "name": "toy"}
        assert client.state_time_s == EPOCH_S

    on(transport, main)


@every_transport
def test_every_change_reaches_every_listener_of_every_client_once_and_in_order(transport: str) -> None:
    async def main(rig: Rig) -> None:
        clients = [await rig.client() for _ in range(3)]
        seen: list[list[int]] = [[] for _ in clients]
        for client, values in zip(clients, seen, strict=True):
            client.listeners.append(lambda state, values=values: values.append(state["value"]))
        for value in range(1, 6):
            rig.server.publish({"value": value})
            rig.server.publish({"value": value})  # no change
            await rig.clock.sleep(BEAT_S["virtual"], "test")  # nor is a heartbeat
        assert seen == [[1, 2, 3, 4, 5]] * 3

    on(transport, main)


@every_transport
def test_numbers_grow_by_one_and_a_snapshot_carries_the_last(transport: str) -> None:
    async def main(rig: Rig) -> None:
        client = await rig.client()
        before = client.state_seq
        numbers = [rig.server.publish({"value": value}) for value in range(5)]
        assert numbers == list(range(before + 1, before + 6))
        snapshot = msgspec.convert(await client.call("snapshot"), StateEvent)
        assert (snapshot.seq, snapshot.state, snapshot.heartbeat) == (numbers[-1], {"value": 4}, False)
        assert (snapshot.boot_id, snapshot.device) == (rig.server.boot_id, "toy")
        assert client.state_seq == numbers[-1]

    on(transport, main)


@every_transport
def test_the_age_of_the_state_is_the_time_since_the_last_heartbeat(transport: str) -> None:
    async def main(rig: Rig) -> None:
        client = await rig.client()
        assert client.state_age_s() == 0.0
        await rig.clock.sleep(45.0, "test")
        assert client.state_age_s() == 45.0
        await rig.clock.sleep(20.0, "test")  # a beat at 60 s
        assert client.state_age_s() == 5.0
        assert client.state_time_s == EPOCH_S + 60.0
        await rig.server.stop()
        await rig.clock.sleep(600.0, "test")
        assert client.state_age_s() == 605.0

    on(transport, main)


async def test_a_gap_is_mended_by_a_snapshot_before_the_call_returns() -> None:
    """The event with the command's effect was lost: the mirror holds it all the same."""

    def loses_events(device: Pretender, command: Command) -> list[bytes]:
        event = StateEvent("toy", "boot", 7, 0.0, {"value": 7})
        return done(
            command, msgspec.to_builtins(event) if command.cmd == "snapshot" else {"ok": True}, state_seq=7
        )

    async with pretending(loses_events) as (device, client):
        await client.connect()
        assert (client.state, client.state_seq) == ({"value": 1}, 1)
        told: list[dict[str, Any]] = []
        client.listeners.append(told.append)
        assert await client.call("set", deadline_s=0.2) == {"ok": True}
        assert (client.state, client.state_seq) == ({"value": 7}, 7)
        assert told == [{"value": 7}]
        assert [command.cmd for command in device.commands] == ["hello", "set", "snapshot"]


async def test_an_older_event_never_replaces_a_newer_state() -> None:
    def tells_in_disorder(device: Pretender, command: Command) -> list[bytes]:
        device.publish(5, {"value": 5})
        device.publish_bytes(b"\xff no event at all")
        device.publish(3, {"value": 3})
        device.publish(6, {"value": 6})
        return done(command, state_seq=6)

    async with pretending(tells_in_disorder) as (_, client):
        await client.connect()
        told: list[int] = []
        client.listeners.append(lambda state: told.append(state["value"]))
        await client.call("set", deadline_s=20.0)
        assert told == [5, 6]
        assert (client.state, client.state_seq) == ({"value": 6}, 6)


async def test_a_restarted_device_is_told_and_not_adopted_without_a_word() -> None:
    async with pretending(lambda device, command: done(command)) as (device, client):
        await client.connect()
        told: list[int] = []
        restarted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        client.on_restart = lambda: restarted.set_result(None)
        client.listeners.append(lambda state: told.append(state["value"]))
        device.publish(40, {"value": 40})
        device.publish(1, {"value": 0}, boot_id="next boot")
        device.publish(2, {"value": 2}, boot_id="next boot")
        await restarted
        assert (told, client.state, client.state_seq) == ([40], {"value": 40}, 40)
        assert client.restarted
        await client.call("set")
        assert device.commands[-1].boot_id == "boot"
