"""The messages of the wire: one Struct each, JSON text, strict. Pixels never travel in JSON.

Commands go DEALER -> ROUTER; the answers are one `Ack`, any number of `Progress` and exactly one `Final`.
State goes out on an XPUB socket as `StateEvent`; frames on their own ROUTER as `FrameHeader` and raw pixels.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

WIRE_VERSION = 1
"""Raised whenever the committed schema changes."""

UNREADABLE = (ValueError, OverflowError, RecursionError)
"""What decoding bytes that are no message may raise: no JSON, no UTF-8, another message, too deep."""

Outcome = Literal["completed", "failed", "aborted"]
Reason = Literal[
    "unknown_command",
    "bad_arguments",
    "bad_version",
    "wrong_boot",
    "expired",
    "not_owner",
    "fenced",
    "illegal_state",
    "busy",
    "refused",
]


class Hello(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a device says of itself: the result of `hello`. `frames_endpoint` is a detector's, else empty."""

    device: str
    kind: str
    boot_id: str
    simulated: bool
    events_endpoint: str
    frames_endpoint: str
    clock: dict[str, Any]
    wire_version: int = WIRE_VERSION


class Lease(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Who commands the device; each grant raises the epoch, older epochs are refused (fencing)."""

    owner: str
    epoch: int


class Command(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="command"):
    """Ask a device to do one thing, once.

    `id` is SESSION.NUMBER, new for every command. `boot_id` says which incarnation of the device is meant
    (empty: any); after `expires_s` (UTC; 0: never) the command must not begin.
    """

    id: str
    cmd: str
    args: dict[str, Any] = {}
    v: int = WIRE_VERSION
    boot_id: str = ""
    lease: Lease | None = None
    exposure: str = ""
    expires_s: float = 0.0


class Ack(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="ack"):
    """The command was read: accepted, or rejected with a reason; the next word comes within `deadline_s`."""

    id: str
    accepted: bool
    reason: Reason | None = None
    text: str = ""
    deadline_s: float = 10.0


class Progress(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="progress"):
    """Still at work; extends the sender's deadline by `deadline_s` from its arrival."""

    id: str
    n: int
    current: float
    target: float
    unit: str
    text: str = ""
    deadline_s: float = 10.0


class Final(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="final"):
    """The one last answer; `state_seq` is the state event that already holds the command's effect."""

    id: str
    outcome: Outcome
    result: dict[str, Any] = {}
    code: str = ""
    text: str = ""
    state_seq: int = 0


class StateEvent(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="state"):
    """A device's whole state; `seq` grows by one an event, so that a gap shows; a heartbeat repeats it."""

    device: str
    boot_id: str
    seq: int
    time_s: float
    state: dict[str, Any]
    heartbeat: bool = False


class FrameHeader(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="frame"):
    """Describes the pixel parts that follow it, one part a chip: C order, little endian, shape (ny, nx)."""

    exposure: str
    device: str
    sequence: int
    dtype: Literal["float32", "uint16"]
    shape: tuple[int, int]
    chips: int
    crc32: list[int]
    start_s: float
    end_s: float


class FrameHello(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="frame_hello"):
    """An acquisition is here: send what is not yet acknowledged."""

    reader: str


class FrameAck(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="frame_ack"):
    """The frame is durable on disk; the detector may forget it."""

    exposure: str


Answer = Ack | Progress | Final
FrameMessage = FrameHello | FrameAck

_encoder = msgspec.json.Encoder()


def session_of(message_id: str) -> str:
    """The client's session that a command's id begins with."""
    return message_id.rpartition(".")[0]


def encode(message: msgspec.Struct) -> bytes:
    """JSON text of a message."""
    return _encoder.encode(message)
