"""The stage contract: messages between the sequencer and its reduction stage, JSON text over ZeroMQ.

The feed binds a ROUTER, the stage connects a DEALER and says `StageHello`. Frames are offered one message
each and taken one acknowledgement each; a template's end is one `ReduceTemplate`, answered by any number of
`Working` and `ProductDone` and exactly one `Reduced`. What was not acknowledged is offered again to a stage
that says hello.
"""

from __future__ import annotations

from typing import Literal

import msgspec

CONTRACT_VERSION = 2
"""Raised when a message changes."""


class Qa(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Quality of a product: the flag and the numbers behind it."""

    flag: Literal["GOOD", "PARTIAL", "BAD"]
    reasons: list[str]


class ProductRecord(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One product as the journal keeps it; file, log and record are names in `products/`.

    A product that was refused has no FITS file: `file` then names its record, and the flag is BAD. `left_out` are the
    frames that were meant for it and are not in it, each with the reason. Frames no product can use are told by a
    record of the category LEFT_OUT, BAD as long as there are any.
    """

    file: str
    category: str
    recipe: str
    inputs: list[str]
    qa: Qa
    log: str
    record: str
    left_out: dict[str, str] = {}


class StageHello(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="hello"):
    """Stage to feed: here I am, and which contract I speak."""

    version: int


class FrameNotice(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="frame", frozen=True):
    """Feed to stage: a frame is on disk. `seq` grows by frame, `template_index` counts from 0."""

    seq: int
    file: str
    exposure: str
    template_index: int
    sha256: str


class Taken(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="taken"):
    """Stage to feed: the notice `seq` was read; it need not be offered again."""

    seq: int


class BadFrame(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="bad_frame"):
    """Stage to feed: a frame on disk is not sound and will not be used."""

    file: str
    text: str


class ReduceTemplate(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="reduce"):
    """Feed to stage: template `template_index` has ended; reduce what it left."""

    request: int
    template_index: int
    name: str


class Working(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="working"):
    """Stage to feed: still at work on a request; extends its deadline."""

    request: int
    text: str


class ProductDone(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="product"):
    """Stage to feed: a product is on disk."""

    request: int
    product: ProductRecord


class Reduced(msgspec.Struct, forbid_unknown_fields=True, tag_field="type", tag="reduced"):
    """Stage to feed: the request is done; `error` is empty or says why it broke off."""

    request: int
    error: str = ""


ToStage = FrameNotice | ReduceTemplate
ToFeed = StageHello | Taken | BadFrame | Working | ProductDone | Reduced

_encoder = msgspec.json.Encoder()
_to_stage = msgspec.json.Decoder(ToStage)
_to_feed = msgspec.json.Decoder(ToFeed)


def encode(message: ToStage | ToFeed) -> bytes:
    """JSON text of a message."""
    return _encoder.encode(message)


def decode_to_stage(data: bytes) -> ToStage:
    """A message for the stage. Raises msgspec.ValidationError or DecodeError."""
    message: ToStage = _to_stage.decode(data)
    return message


def decode_to_feed(data: bytes) -> ToFeed:
    """A message for the feed. Raises msgspec.ValidationError or DecodeError."""
    message: ToFeed = _to_feed.decode(data)
    return message
