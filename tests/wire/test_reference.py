"""The written wire: the committed schema is the code's, and the example in the reference is what really happens."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import zmq
import zmq.asyncio

from sequencer.wire import schema as wire
from sequencer.wire.messages import (
    WIRE_VERSION,
    Ack,
    Command,
    Final,
    FrameAck,
    FrameHello,
    Lease,
    Progress,
    StateEvent,
    encode,
)
from sequencer.wire.server import ProgressCall

from .support import Rig, Toy, on
from .test_frames import frame

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "sequencer/wire/wire.schema.json"
REFERENCE = ROOT / "docs/reference/wire.md"


def test_the_committed_schema_is_the_codes() -> None:
    """If this fails: `python -m sequencer.wire.schema > sequencer/wire/wire.schema.json`."""
    assert COMMITTED.read_text(encoding="utf-8") == wire.schema_text()


def test_a_changed_schema_has_a_new_version() -> None:
    """If this fails, raise WIRE_VERSION and add the new fingerprint; never change that of a published version."""
    committed = json.loads(COMMITTED.read_text(encoding="utf-8"))
    assert wire.fingerprint(committed) == wire.FINGERPRINTS[WIRE_VERSION]
    assert committed["version"] == WIRE_VERSION == max(wire.FINGERPRINTS)
    assert len(set(wire.FINGERPRINTS.values())) == len(wire.FINGERPRINTS)


def test_the_fingerprint_sees_what_may_travel_and_no_words() -> None:
    schema = wire.wire_schema()
    whole = wire.fingerprint(schema)
    schema["$defs"]["Ack"]["description"] = "other words"
    assert wire.fingerprint(schema) == whole
    schema["$defs"]["Ack"]["properties"]["description"] = {"type": "string"}
    assert wire.fingerprint(schema) != whole
    del schema["$defs"]["Ack"]["properties"]["description"]
    schema["$defs"]["Ack"]["properties"]["reason"]["anyOf"][0]["enum"].append("moody")
    assert wire.fingerprint(schema) != whole


MESSAGES = [
    Command(id="a.1", cmd="echo", args={"x": [1, None]}, lease=Lease("night", 2), boot_id="b", expires_s=1.5),
    Command(id="a.1", cmd="hello"),
    Ack("a.1", True),
    Ack("a.1", False, "busy", "is moving"),
    Progress("a.1", 3, 1.0, 2.0, "s"),
    Final("a.1", "failed", code="jammed", text="wheel 3"),
    StateEvent("LM", "b", 7, 0.5, {"chart": "Error"}, True),
    FrameHello("acquisition"),
    frame(1)[0],
    FrameAck("run/1/1"),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_what_is_sent_obeys_the_schema(message: Any) -> None:
    validator = jsonschema.Draft202012Validator(wire.wire_schema())
    sent = json.loads(encode(message))
    validator.validate(sent)
    assert not validator.is_valid({**sent, "extra": 1})
    assert not validator.is_valid({key: value for key, value in sent.items() if key != "type"})


def test_every_kind_of_message_is_in_the_schema_and_the_reference() -> None:
    assert {type(message) for message in MESSAGES} == set(wire.MESSAGES)
    text = REFERENCE.read_text(encoding="utf-8")
    for kind in wire.MESSAGES:
        assert f"`{kind.__struct_config__.tag}`" in text
    for reason in wire.wire_schema()["$defs"]["Ack"]["properties"]["reason"]["anyOf"][0]["enum"]:
        assert f"`{reason}`" in text
    assert f"version {WIRE_VERSION}" in text


class Wheel(Toy):
    """The device of the example: one wheel that takes 90 s to its place."""

    async def do_move(self, args: dict[str, Any], progress: ProgressCall) -> dict[str, Any]:
        self.server.publish({"position": "", "target": args["position"]})
        progress(0.0, 90.0, "s", "turning")
        await self.clock.sleep(90.0, "wheel")
        self.server.publish({"position": args["position"], "target": args["position"]})
        return {"seconds": 90.0}


def example() -> list[tuple[str, dict[str, Any]]]:
    """Lines of the example in the reference: direction and message."""
    (text,) = re.findall(
        r"^```wire\n(.*?)^```", REFERENCE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    lines = re.findall(r"^(->|<-|~>) (\{.*\})$", text, re.MULTILINE)
    assert len(lines) == len([line for line in text.splitlines() if line and not line.startswith("#")])
    return [(arrow, json.loads(message)) for arrow, message in lines]


def test_the_example_in_the_reference_is_what_happens() -> None:
    told = example()

    async def main(rig: Rig) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        toy = Wheel(rig.clock)
        server = rig.new_server("inproc://wheel", toy, name="wheel", kind="mechanisms")
        await server.start()
        rig.keep(server.stop)
        server.publish({"position": "open", "target": "open"})
        seen: list[dict[str, Any]] = []

        def plain(data: bytes) -> dict[str, Any]:
            return json.loads(data.replace(server.boot_id.encode(), b"BOOT"))

        async def watch(events: zmq.asyncio.Socket) -> None:
            while True:
                data = await events.recv()
                seen.append(plain(data))
                rig.clock.read(server.boot_id, "example", json.loads(data)["seq"])

        events = rig.context.socket(zmq.SUB)
        events.connect(server.events_endpoint)
        rig.clock.hold("subscription")
        events.subscribe(b"")
        watching = asyncio.ensure_future(watch(events))
        while not seen:
            await asyncio.sleep(0)
        rig.clock.release("subscription")
        peer = rig.peer(server)
        for arrow, message in told:
            if arrow == "->":
                data = json.dumps(message).replace("BOOT", server.boot_id)
                command = Command(id=message["id"], cmd=message["cmd"])
                rig.clock.hold(f"command:{command.id}")
                await peer.send_bytes(data.encode())
                ack = await peer.until(command, Ack)
                if ack.accepted:
                    await peer.until(command, Final)
        await rig.clock.sleep(0.0, "test")
        watching.cancel()
        events.close(linger=0)
        return [plain(encode(answer)) for answer in peer.answers], seen

    answers, events = on("inproc", main)
    assert answers == [message for arrow, message in told if arrow == "<-"]
    assert events == [message for arrow, message in told if arrow == "~>"]
