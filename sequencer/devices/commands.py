"""Command tables: what a device understands, with which arguments, and when."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec

from sequencer.wire.errors import Rejected


class Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Arguments of a command: strictly typed, unknown names refused. As it stands: no arguments."""


A = TypeVar("A", bound=Arguments)


class CommandSpec(NamedTuple):
    """One row of a command table.

    `trigger` must be legal in the device's chart, `own` (when given) in the chart of its kind. An
    interrupting command ends the work in progress, at once; every other one is refused while there is
    work. A command open to anyone needs no lease.
    """

    arguments: type[Arguments] = Arguments
    trigger: str = "work"
    own: str = ""
    interrupts: bool = False
    open_to_anyone: bool = False


COMMON: Mapping[str, CommandSpec] = {
    "init": CommandSpec(trigger="init"),
    "enable": CommandSpec(trigger="enable"),
    "disable": CommandSpec(trigger="disable"),
    "reset": CommandSpec(trigger="reset"),
    "recover": CommandSpec(trigger="recover"),
    "stop": CommandSpec(trigger="stop", interrupts=True, open_to_anyone=True),
    "safe": CommandSpec(trigger="safe", interrupts=True, open_to_anyone=True),
}
"""Commands of every device."""


def decode_arguments(args: Mapping[str, Any], kind: type[A]) -> A:
    """Arguments off the wire as their Struct; raises `Rejected("bad_arguments")` saying what is wrong."""
    try:
        decoded = msgspec.convert(args, kind, strict=True)
    except (msgspec.ValidationError, OverflowError) as error:
        raise Rejected("bad_arguments", str(error)) from None
    wrong = not_finite(msgspec.to_builtins(decoded))
    if wrong:
        raise Rejected("bad_arguments", f"{wrong} is not a finite number")
    return decoded


def not_finite(value: object, path: str = "$") -> str:
    """Path of the first number in `value` (nested built-ins) that is NaN or infinite; else empty."""
    if isinstance(value, float) and not math.isfinite(value):
        return path
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    found = (not_finite(child, f"{path}.{key}") for key, child in children)
    return next((wrong for wrong in found if wrong), "")
