"""A command and its answers, over every transport: acknowledged, followed, ended once, run once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import zmq.asyncio

from sequencer.clock import VirtualClock, WallClock
from sequencer.wire.beat import BEAT_S, PATIENCE
from sequencer.wire.client import Client
from sequencer.wire.errors import CommandAborted, DeviceError, Incompatible, NoAnswer, Rejected
from sequencer.wire.messages import WIRE_VERSION, Ack, Command, Final, Progress, encode
from sequencer.wire.server import KEPT_FINALS, ProgressCall

from .support import EPOCH_S, Pretender, Rig, Toy, done, every_transport, on, pretending


@every_transport
def test_hello_says_who_the_device_is(transport: str) -> None:
    async def main(rig: Rig) -> None:
        hello = await (await rig.client()).ask_hello()
        assert (hello.device, hello.kind, hello.simulated) == ("toy", "toy", True)
        assert (hello.boot_id, hello.clock) == (rig.server.boot_id, {"kind": "virtual"})
        assert (hello.events_endpoint, hello.frames_endpoint) == (rig.server.events_endpoint, "")
        assert hello.wire_version == WIRE_VERSION

    on(transport, main)


@every_transport
def test_a_call_returns_the_result_and_the_mirror_holds_its_effect(transport: str) -> None:
    async def main(rig: Rig) -> None:
        client = await rig.client()
        assert await client.call("echo", {"text": "Ångström ✓", "list": [1, 2.5, None]}) == {
            "text": "Ångström ✓",
            "list": [1, 2.5, None],
        }
        for value in range(20):
            await client.call("set", {"value": value, "times": 3})
            assert client.state == {"value": value, "times": 3, "number": 2}
        assert rig.clock.now() == EPOCH_S

    on(transport, main)


@every_transport
def test_a_command_of_a_hundred_beats_outlasts_its_deadline(transport: str) -> None:
    async def main(rig: Rig) -> None:
        client = await rig.client()
        told: list[Progress] = []
        seconds = 100 * BEAT_S["virtual"]
        result = await client.call("work", {"seconds": seconds}, deadline_s=10.0, on_progress=told.append)
        assert result == {"worked": seconds}
        assert rig.clock.now() == EPOCH_S + seconds
        assert [word.n for word in told] == list(range(1, len(told) + 1))
        assert 99 <= len(told) <= 100
        assert {word.deadline_s for word in told} == {BEAT_S["virtual"] * PATIENCE}
        assert [(word.current, word.target, word.unit, word.text) for word in told[:49]] == [
            (0.0, 0.0, "", "")
        ] * 49
        assert [(word.current, word.target, word.unit, word.text) for word in told[50:]] == [
            (seconds / 2, seconds, "s", "half-way")
        ] * (len(told) - 50)
        assert rig.toy.begun == ["work"]

    on(transport, main)


@every_transport
def test_failure_abort_and_refusal_are_told_apart(transport: str) -> None:
    async def main(rig: Rig) -> None:
        client = await rig.client()
        with pytest.raises(DeviceError, match=r"^toy: wheel 3 does not move \(jammed\)$") as failed:
            await client.call("fail")
        assert (failed.value.code, failed.value.device) == ("jammed", "toy")
        with pytest.raises(CommandAborted, match=r"^toy: stopped by hand$"):
            await client.call("give_up")
        with pytest.raises(DeviceError, match="ZeroDivisionError: ") as crashed:
            await client.call("crash")
        assert crashed.value.code == "internal"
        with pytest.raises(DeviceError, match="TypeError: ") as nonsense:
            await client.call("nonsense")
        assert nonsense.value.code == "internal"
        with pytest.raises(Rejected, match=r"^toy: no command fly$") as rejected:
            await client.call("fly")
        assert (rejected.value.reason, rejected.value.device) == ("unknown_command", "toy")
        assert await client.call("echo", {"still": "alive"}) == {"still": "alive"}

    on(transport, main)


@every_transport
def test_many_commands_at_once_each_get_their_own_answer(transport: str) -> None:
    async def main(rig: Rig) -> None:
        client = await rig.client()
        calls = [client.call("work", {"seconds": float(seconds)}) for seconds in range(20, 0, -1)]
        results = await asyncio.gather(*calls)
        assert [result["worked"] for result in results] == [float(seconds) for seconds in range(20, 0, -1)]
        assert rig.clock.now() == EPOCH_S + 20.0

    on(transport, main)


@every_transport
def test_the_same_id_again_runs_once_and_gives_the_same_end(transport: str) -> None:
    async def main(rig: Rig) -> None:
        peer = rig.peer()
        command = peer.command("work", {"seconds": 600.0})
        await peer.send(command)
        assert (await peer.until(command, Ack)).accepted
        await peer.send(command)
        again = await peer.until(command, Ack)
        assert (again.accepted, again.deadline_s) == (True, BEAT_S["virtual"] * PATIENCE)
        first = await peer.until(command, Final)
        await peer.send(command)
        assert (await peer.until(command, Ack)).accepted
        assert await peer.until(command, Final) == first
        assert first.result == {"worked": 600.0}
        assert rig.toy.begun == ["work"]

    on(transport, main)


@every_transport
def test_who_connects_again_and_asks_again_gets_the_end(transport: str) -> None:
    """After a broken connection the client is another peer to the server; the id is what counts."""

    async def main(rig: Rig) -> None:
        before, after = rig.peer(), rig.peer()
        command = before.command("work", {"seconds": 600.0})
        await before.send(command)
        await before.until(command, Ack)
        await after.send(command)
        assert (await after.until(command, Final)).result == {"worked": 600.0}
        assert any(isinstance(answer, Progress) for answer in after.of(command))
        assert not any(isinstance(answer, Final) for answer in before.of(command))
        assert rig.toy.begun == ["work"]

    on(transport, main)


def test_the_last_thousand_ends_are_kept() -> None:
    async def main(rig: Rig) -> None:
        peer = rig.peer()
        commands = [peer.command("echo", {"n": number}) for number in range(KEPT_FINALS + 1)]
        for command in commands:
            await peer.send(command)
            await peer.until(command, Final)
        await peer.send(commands[1])
        assert (await peer.until(commands[1], Final)).result == {"n": 1}
        assert len(rig.toy.begun) == KEPT_FINALS + 1
        await peer.send(commands[0])
        await peer.until(commands[0], Final)
        assert len(rig.toy.begun) == KEPT_FINALS + 2

    on("inproc", main)


@every_transport
def test_a_device_that_dies_is_given_up_at_its_deadline_with_its_last_word(transport: str) -> None:
    async def main(rig: Rig) -> None:
        client = await rig.client()

        async def die() -> None:
            await rig.clock.sleep(130.0, "death")
            await rig.server.stop()

        dying = asyncio.ensure_future(die())
        with pytest.raises(NoAnswer, match="does not answer to 'work'") as silence:
            await client.call("work", {"seconds": 200.0})
        assert silence.value.last == "progress 2: 100 of 200 s half-way"
        assert rig.clock.now() == EPOCH_S + 120.0 + BEAT_S["virtual"] * PATIENCE
        await dying
        with pytest.raises(NoAnswer, match="it never answered") as nothing:
            await client.call("echo", deadline_s=7.0)
        assert (nothing.value.device, nothing.value.cmd, nothing.value.last) == ("toy", "echo", "")
        assert rig.clock.now() == EPOCH_S + 120.0 + BEAT_S["virtual"] * PATIENCE + 7.0

    on(transport, main)


@every_transport
def test_a_caller_that_is_cancelled_or_gone_holds_nothing(transport: str) -> None:
    """The device goes on with the command; nobody waits for its answers, least of all virtual time."""

    async def main(rig: Rig) -> None:
        stays, leaves = await rig.client(), rig.new_client()
        await leaves.connect()
        call = asyncio.ensure_future(leaves.call("work", {"seconds": 500.0}))
        await rig.clock.sleep(70.0, "test")
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await leaves.close()
        await rig.clock.sleep(1000.0, "test")
        assert rig.clock.now() == EPOCH_S + 1070.0
        assert await stays.call("echo", {"n": 1}) == {"n": 1}
        assert rig.toy.begun == ["work", "echo"]

    on(transport, main)


@every_transport
def test_an_answer_that_nobody_reads_any_more_holds_nothing(transport: str) -> None:
    """The client closes at the very moment at which the device ends."""

    async def main(rig: Rig) -> None:
        client = rig.new_client()
        await client.connect()
        closing: list[asyncio.Future[None]] = []

        async def last_one(args: dict[str, Any], progress: ProgressCall) -> dict[str, Any]:
            closing.append(asyncio.ensure_future(client.close()))
            return {}

        rig.toy.do_last_one = last_one
        call = asyncio.ensure_future(client.call("last_one"))
        await rig.clock.sleep(1.0, "test")
        await closing[0]
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await rig.clock.sleep(1000.0, "test")
        assert rig.clock.holders() == []

    on(transport, main)


async def test_silence_makes_the_client_ask_again_under_the_same_id() -> None:
    def at_the_second_time(device: Pretender, command: Command) -> list[bytes]:
        times = [earlier.id for earlier in device.commands].count(command.id)
        return done(command, {"times": times}) if times == 2 else []

    async with pretending(at_the_second_time) as (device, client):
        await client.connect()
        assert await client.call("echo", deadline_s=1.0) == {"times": 2}
        ids = [command.id for command in device.commands if command.cmd == "echo"]
        assert len(ids) == 2 and len(set(ids)) == 1


async def test_silence_after_a_word_makes_the_client_ask_again_too() -> None:
    """The final was lost with a connection: the repeat brings it."""

    def lost_final(device: Pretender, command: Command) -> list[bytes]:
        times = [earlier.id for earlier in device.commands].count(command.id)
        ack = encode(Ack(command.id, True, deadline_s=0.5))
        return [ack] if times == 1 else done(command, {"times": times})

    async with pretending(lost_final) as (_, client):
        await client.connect()
        assert await client.call("echo") == {"times": 2}


async def test_the_last_word_may_be_the_acknowledgement() -> None:
    def dumb(device: Pretender, command: Command) -> list[bytes]:
        return [encode(Ack(command.id, True, deadline_s=0.05))]

    def silent_later(device: Pretender, command: Command) -> list[bytes]:
        return dumb(device, command) if len(device.commands) < 3 else []

    async with pretending(silent_later) as (_, client):
        await client.connect()
        with pytest.raises(NoAnswer, match=r"last word: accepted\)$"):
            await client.call("echo")


async def test_answers_that_are_none_and_answers_to_nobody_are_ignored() -> None:
    def noisy(device: Pretender, command: Command) -> list[bytes]:
        return [b"\xff", b"{}", b"[" * 5000, *done(command_of("somebody.else")), *done(command, {"n": 1})]

    def command_of(name: str) -> Command:
        return Command(id=name, cmd="echo")

    async with pretending(noisy) as (_, client):
        await client.connect()
        assert await client.call("echo") == {"n": 1}


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (
            {"wire_version": WIRE_VERSION + 1, "new": True},
            f"speaks wire version {WIRE_VERSION + 1}, we {WIRE_VERSION}",
        ),
        ({"wire_version": None}, "speaks wire version None"),
        ({"boot_id": 7}, "does not speak our wire: Expected `str`"),
        ({"simulated": True, "clock": {"kind": "scaled", "rate": 2}}, "lives by another clock: .*'rate': 2"),
    ],
)
async def test_a_device_of_another_wire_or_clock_is_refused(told: dict[str, Any], text: str) -> None:
    async with pretending(lambda device, command: []) as (device, client):
        device.hello.update(told)
        with pytest.raises(Incompatible, match=text):
            await client.connect()


def test_real_hardware_is_refused_by_virtual_time() -> None:
    async def main(rig: Rig) -> None:
        real = rig.new_server(rig.endpoint("real"), Toy(rig.clock), simulated=False)
        await rig.serve(real)
        with pytest.raises(Incompatible, match="real hardware: it cannot live by virtual time"):
            await rig.new_client(server=real).connect()

    on("inproc", main)


@every_transport
@pytest.mark.parametrize("was_there", [False, True])
def test_nobody_there_is_no_answer_at_the_deadline_in_virtual_time_too(
    transport: str, was_there: bool
) -> None:
    """Nothing is on its way to where nobody listens, or listens no more: time goes on."""

    async def main(rig: Rig) -> None:
        absent = rig.new_server(rig.endpoint("absent"), Toy(rig.clock), name="absent")
        if was_there:
            await absent.start()
            await absent.stop()
        absent.endpoint = absent.endpoint.replace("*", "9")
        client = rig.new_client(server=absent)
        with pytest.raises(NoAnswer, match="absent does not answer to 'hello'"):
            await client.connect(deadline_s=5.0)
        assert rig.clock.now() == EPOCH_S + 5.0

    on(transport, main, clock=VirtualClock(EPOCH_S, stall_s=2.0))


@pytest.mark.parametrize("transport", ["inproc", "ipc"])
def test_a_device_that_comes_before_the_deadline_is_heard(transport: str) -> None:
    async def main(rig: Rig) -> None:
        late = rig.new_server(rig.endpoint("late"), Toy(rig.clock), name="late")
        given_up, patient = rig.new_client(server=late), rig.new_client(server=late)
        with pytest.raises(NoAnswer):
            await given_up.connect(deadline_s=1.0)
        rig.clock.serve(late.endpoint, "somebody")
        assert rig.clock.holders() == [], "a question that was given up may be lost"
        rig.clock.forget("somebody")
        asked = asyncio.ensure_future(patient.connect(deadline_s=10.0))
        await rig.clock.sleep(2.0, "test")
        await rig.serve(late)
        assert (await asked).boot_id == late.boot_id
        assert EPOCH_S + 3.0 <= rig.clock.now() <= EPOCH_S + 6.0
        await rig.clock.sleep(100.0, "test")

    on(transport, main, clock=VirtualClock(EPOCH_S, stall_s=2.0))


async def test_nobody_there_is_no_answer_and_closing_is_harmless(tmp_path: Path) -> None:
    context = zmq.asyncio.Context()
    never = Client("toy", "inproc://nobody", WallClock(), context=context)
    await never.close()
    client = Client("toy", f"ipc://{tmp_path}/nobody"[:100], WallClock(), context=context)
    with pytest.raises(NoAnswer, match="toy does not answer to 'hello'"):
        await client.connect(deadline_s=0.05)
    await client.close()
    context.destroy(linger=0)
