"""What the server refuses, with which reason; and what it outlives: bytes that are no command, peers that vanish."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.wire.errors import NoAnswer, Rejected
from sequencer.wire.messages import WIRE_VERSION, Ack, Command, Final, Lease, Reason
from sequencer.wire.sockets import MAX_COMMAND_BYTES

from .support import EPOCH_S, Rig, every_transport, on

REFUSED = {
    "unknown_command": ("fly", {}),
    "bad_arguments": ("odd", {}),
    "bad_version": ("echo", {"v": WIRE_VERSION + 1}),
    "wrong_boot": ("echo", {"boot_id": "yesterday"}),
    "expired": ("echo", {"expires_s": EPOCH_S - 0.001}),
    "not_owner": ("echo", {"lease": Lease("day", 1)}),
    "fenced": ("echo", {"lease": Lease("night", 1)}),
    "illegal_state": ("tired", {"lease": Lease("night", 2)}),
    "busy": ("occupied", {"lease": Lease("night", 2)}),
    "refused": ("unwilling", {"lease": Lease("night", 2)}),
}
"""A command and its fields for every reason there is, while `night` holds the lease in its second epoch."""

LETTERS = st.text(max_size=5)
BAD_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "cmd": st.none() | st.integers() | st.lists(LETTERS, max_size=1),
    "args": st.none() | LETTERS | st.lists(st.integers(), max_size=2),
    "v": st.none() | LETTERS | st.floats(0.1, 0.9),
    "boot_id": st.none() | st.integers(),
    "lease": LETTERS | st.just({"owner": "night"}) | st.just({"owner": "night", "epoch": "1"}),
    "exposure": st.integers() | st.just({}),
    "expires_s": st.none() | LETTERS | st.booleans(),
    "type": st.just("ack") | st.integers() | st.just("state"),
    "extra": st.integers(),
}


@st.composite
def misshapen(draw: st.DrawFn) -> tuple[bytes, str]:
    """A command with a readable id and one thing wrong; and the id."""
    message_id = draw(st.text(max_size=20))
    field = draw(st.sampled_from(sorted(BAD_VALUES)))
    message = {"type": "command", "id": message_id, "cmd": "echo", field: draw(BAD_VALUES[field])}
    if draw(st.booleans()) and field != "cmd":
        message.pop("cmd")
    return json.dumps(message).encode(), message_id


def is_no_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return True
    return False


NOISE = st.one_of(
    st.binary(max_size=60).filter(is_no_json),
    st.sampled_from(
        [b"", b"\xff\xfe", b'{"id": "\xff"}', b"[" * 100_000, b'{"id": "a"', b'{"id":"\\ud800"}']
    ),
    st.sampled_from(
        [b"null", b"[]", b"7", b'"id"', b"{}", b'{"cmd": "echo"}', b'{"id": 7}', b'{"id": ["a"]}']
    ),
    st.sampled_from([b"9" * 5000, b'{"type":"command","id":1e400,"cmd":"echo"}', b"-" * 10, b"NaN"]),
)


def test_every_reason_of_the_wire_is_tried_here() -> None:
    assert set(REFUSED) == set(get_args(Reason))


@every_transport
def test_each_refusal_has_its_reason_and_nothing_runs(transport: str) -> None:
    async def main(rig: Rig) -> None:
        peer = rig.peer()
        for reason, (cmd, fields) in REFUSED.items():
            if reason == "not_owner":
                await peer.result("claim", {"owner": "night"})
                await peer.result("claim", {"owner": "night"})
            refusal = await peer.ask(cmd, **fields)
            assert (refusal.accepted, refusal.reason) == (False, reason)
            assert refusal.text
        assert rig.toy.begun == []

    on(transport, main)


def test_a_refused_command_may_be_sent_again_and_run() -> None:
    """A refusal is no end: the same id runs once the obstacle is gone."""

    async def main(rig: Rig) -> None:
        peer = rig.peer()
        epoch = (await peer.result("claim", {"owner": "night"})).result["epoch"]
        command = peer.command("echo", {"n": 1})
        await peer.send(command)
        assert (await peer.until(command, Ack)).reason == "not_owner"
        await peer.ask("release", lease=Lease("night", epoch))
        await peer.send(command)
        assert (await peer.until(command, Final)).result == {"n": 1}

    on("inproc", main)


def test_the_deadline_is_the_last_moment_to_begin() -> None:
    async def main(rig: Rig) -> None:
        peer = rig.peer()
        assert (await peer.ask("echo", expires_s=rig.clock.now())).accepted
        assert (await peer.ask("echo", expires_s=0.0)).accepted
        running = peer.command("work", {"seconds": 100.0}, expires_s=rig.clock.now() + 1.0)
        await peer.send(running)
        assert (await peer.until(running, Final)).outcome == "completed"
        await peer.send(running)  # a repeat asks for the answer, it begins nothing
        assert (await peer.until(running, Final)).outcome == "completed"

    on("inproc", main)


def test_a_check_that_breaks_is_a_refusal_and_the_server_goes_on() -> None:
    async def main(rig: Rig) -> None:
        client = await rig.client()
        with pytest.raises(Rejected, match="cannot be checked: KeyError: 'table'") as refusal:
            await client.call("broken_check")
        assert refusal.value.reason == "refused"
        assert await client.call("echo", {"n": 1}) == {"n": 1}

    on("inproc", main)


@settings(max_examples=60, deadline=None)
@given(st.lists(NOISE | misshapen(), max_size=15))
def test_no_bytes_silence_the_server_and_readable_ids_get_a_refusal(messages: list[Any]) -> None:
    async def main(rig: Rig) -> None:
        peer = rig.peer()
        for message in messages:
            await peer.send_bytes(message if isinstance(message, bytes) else message[0])
        alive = peer.command("echo", {"still": "alive"})
        await peer.send(alive)
        assert (await peer.until(alive, Final)).result == {"still": "alive"}
        told = [answer for answer in peer.answers if answer.id != alive.id]
        assert [answer.id for answer in told] == [
            message[1] for message in messages if isinstance(message, tuple)
        ]
        for answer in told:
            assert isinstance(answer, Ack)
            assert (answer.accepted, answer.reason) == (False, "bad_arguments")
            assert answer.text.startswith("unreadable command: ")
        assert rig.toy.begun == ["echo"]

    on("inproc", main)


@every_transport
def test_multipart_messages_that_are_no_command_are_ignored(transport: str) -> None:
    async def main(rig: Rig) -> None:
        peer = rig.peer()
        for parts in ([b"", b"{}"], [b"a", b"b", b"c"]):
            await peer.socket.send_multipart(parts)
        assert (await peer.ask("echo")).accepted
        assert len(peer.answers) == 2

    on(transport, main)


@every_transport
def test_an_oversize_command_never_runs_and_others_are_served(transport: str) -> None:
    async def main(rig: Rig) -> None:
        client = await rig.client()
        big, bystander = rig.peer(), rig.peer()
        text = "x" * MAX_COMMAND_BYTES
        await big.send_bytes(
            json.dumps({"type": "command", "id": "big", "cmd": "echo", "args": {"a": text}}).encode()
        )
        assert (await bystander.ask("echo")).accepted
        with pytest.raises(Rejected, match=f"larger than the wire takes .{MAX_COMMAND_BYTES}") as refusal:
            await client.call("echo", {"a": text})
        assert refusal.value.reason == "bad_arguments"
        assert await client.call("echo", {"a": "x" * 500_000}) == {"a": "x" * 500_000}
        assert rig.toy.begun == ["echo", "echo"]
        assert big.answers == []

    on(transport, main)


@every_transport
def test_a_peer_that_vanished_before_its_answer_does_no_harm(transport: str) -> None:
    async def main(rig: Rig) -> None:
        client = await rig.client()
        peer = rig.peer()
        command = peer.command("work", {"seconds": 100.0})
        await peer.send(command)
        await peer.until(command, Ack)
        await peer.close()
        rig.clock.forget(command.id.rpartition(".")[0])
        await rig.clock.sleep(500.0, "test")
        assert rig.toy.begun == ["work"]
        assert await client.call("echo", {"n": 1}) == {"n": 1}

    on(transport, main)


def test_a_client_without_room_left_gives_up_without_holding_time() -> None:
    """Nobody reads at the other end and the queue is full: no answer, but no stall."""

    async def main(rig: Rig) -> None:
        client = await rig.client()
        await rig.server.stop()
        for number in range(120):
            with pytest.raises(NoAnswer):
                await client.call("echo", {"n": number}, deadline_s=0.5)
        assert rig.clock.now() == EPOCH_S + 60.0

    on("ipc", main)


def test_ids_of_two_clients_never_meet() -> None:
    async def main(rig: Rig) -> None:
        clients = [await rig.client() for _ in range(5)]
        for client in clients:
            for number in range(3):
                assert await client.call("echo", {"n": number}) == {"n": number}
        assert len(rig.toy.begun) == 15

    on("inproc", main)


def test_a_command_without_optional_fields_is_complete() -> None:
    """What a hardware engineer types by hand."""

    async def main(rig: Rig) -> None:
        peer = rig.peer()
        rig.clock.hold("command:by-hand")
        await peer.send_bytes(b'{"type": "command", "id": "by-hand", "cmd": "echo"}')
        assert (await peer.until(Command(id="by-hand", cmd="echo"), Final)).outcome == "completed"

    on("inproc", main)
