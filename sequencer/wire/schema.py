"""JSON Schema of the wire, made from the message Structs: `python -m sequencer.wire.schema` prints it.

The printed text is committed as `wire.schema.json` beside this module. A change of what may travel needs a new
WIRE_VERSION and its fingerprint here; a change of words alone does not.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from typing import Any

import msgspec

from sequencer.wire.messages import (
    WIRE_VERSION,
    Ack,
    Command,
    Final,
    FrameAck,
    FrameHeader,
    FrameHello,
    Hello,
    Progress,
    StateEvent,
)

MESSAGES = (Command, Ack, Progress, Final, StateEvent, FrameHello, FrameHeader, FrameAck)
"""What travels as a message of its own; a `Hello` travels as the result of the command of that name."""

FINGERPRINTS = {
    1: "12be4f3d9acc974a2c6a96735bd3abc3706b44b4308a5ec3b6348bfde6cc4f70",
}
"""Fingerprint of the schema of each wire version."""


def wire_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of every message; `version` is the WIRE_VERSION."""
    references, definitions = msgspec.json.schema_components([*MESSAGES, Hello])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Wire of the observation sequencer",
        "version": WIRE_VERSION,
        "oneOf": list(references[: len(MESSAGES)]),
        "$defs": {name: _tidy(definition) for name, definition in definitions.items()},
    }


def schema_text() -> str:
    """The schema as it is committed."""
    return json.dumps(wire_schema(), indent=2) + "\n"


def fingerprint(schema: dict[str, Any]) -> str:
    """SHA-256 of a schema without its descriptions: what may travel, not how it is explained."""
    return hashlib.sha256(json.dumps(_bare(schema), sort_keys=True).encode()).hexdigest()


def _tidy(definition: dict[str, Any]) -> dict[str, Any]:
    """The same with the description unindented, as a docstring's indentation differs between Pythons."""
    if "description" not in definition:
        return definition
    return {**definition, "description": inspect.cleandoc(definition["description"])}


def _bare(node: Any) -> Any:
    if isinstance(node, dict):
        words = ("description", "title")
        return {
            key: _bare(value) for key, value in node.items() if key not in words or not isinstance(value, str)
        }
    return [_bare(item) for item in node] if isinstance(node, list | tuple) else node


if __name__ == "__main__":
    print(schema_text(), end="")
