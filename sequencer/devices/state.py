"""The published state of a device: one frozen Struct a kind, over the fields all kinds share."""

from __future__ import annotations

import math
from types import NoneType
from typing import Any, get_args

import msgspec

from sequencer.devices.charts import NOT_READY


class DeviceState(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every device publishes: the state of its chart, its error's text, whether it is a simulator.

    While `reachable` is False the hardware cannot be read: everything else is what was last known. A field that may be
    None is information, and None says that it is not measured; `unread` names those for which the hardware gives no
    number (NaN, infinity). Every other number guards something: a device that cannot tell it is in Error.
    """

    chart: str = NOT_READY
    error: str = ""
    simulated: bool = False
    reachable: bool = True
    unread: list[str] = msgspec.field(default_factory=list)

    @property
    def is_safe(self) -> bool:
        """Whether the hardware answers and stands so that it can harm nothing."""
        return self.reachable and self.harmless

    @property
    def harmless(self) -> bool:
        """What safe means for a kind of device."""
        return True


def finite_or_none(value: Any, hint: Any, path: str, unread: list[str]) -> Any:
    """`value` with None for every number that is none (NaN, infinity) and may be None by its type `hint`.

    Appends the path of each to `unread`. Raises ValueError naming one that may not be None.
    """
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        if NoneType not in get_args(hint):
            raise ValueError(f"{path} is not a finite number")
        unread.append(path)
        return None
    if isinstance(value, msgspec.Struct):
        found = {
            field.name: finite_or_none(getattr(value, field.name), field.type, f"{path}.{field.name}", unread)
            for field in msgspec.structs.fields(value)
        }
        return msgspec.structs.replace(value, **found)
    if isinstance(value, dict):
        inner = (*get_args(hint), None, None)[1]
        return {key: finite_or_none(item, inner, f"{path}.{key}", unread) for key, item in value.items()}
    return value


def within_turn_deg(angle_deg: float) -> float:
    """The same direction within 0 and below 360 deg; what is no number stays what it is."""
    turned_deg = angle_deg % 360.0
    return 0.0 if turned_deg == 360.0 else turned_deg


def within_half_turn_deg(angle_deg: float) -> float:
    """The same direction within -180 and below 180 deg; what is no number stays what it is."""
    return within_turn_deg(angle_deg + 180.0) - 180.0
