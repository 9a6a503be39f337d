"""Shutter: CLOSED or OPEN, by hardware that can be read back."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Literal, Unpack

from sequencer.clock import Clock
from sequencer.devices.charts import SHUTTER
from sequencer.devices.client import DeviceClient
from sequencer.devices.commands import COMMON, Arguments, CommandSpec
from sequencer.devices.server import DeviceServer, ServerOptions
from sequencer.devices.state import DeviceState
from sequencer.wire.errors import DeviceError
from sequencer.wire.server import ProgressCall

End = Literal["CLOSED", "OPEN"]
Found = Literal["CLOSED", "OPEN", "MOVING"]

COMMANDS = {
    **COMMON,
    "open": CommandSpec(own="open"),
    "close": CommandSpec(own="close"),
}


class ShutterState(DeviceState, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`position` as last read back; OPEN is assumed until the hardware has been read."""

    position: Literal["CLOSED", "OPEN", "OPENING", "CLOSING"] = "OPEN"

    @property
    def harmless(self) -> bool:
        """Closed."""
        return self.position == "CLOSED"


class ShutterClient(DeviceClient[ShutterState]):
    """Commands a shutter."""

    kind = "shutter"
    state_type = ShutterState

    async def open(self) -> None:
        """Open; returns when read back OPEN."""
        await self.command("open")

    async def close(self) -> None:
        """Close; returns when read back CLOSED."""
        await self.command("close")


class ShutterServer(DeviceServer[ShutterState]):
    """A shutter: override `move_to` and `read_position`, and `halt` where the blade can be stopped."""

    kind: ClassVar[str] = "shutter"
    commands = COMMANDS
    own_chart = SHUTTER
    own_field = "position"

    def __init__(self, name: str, endpoint: str, clock: Clock, **options: Unpack[ServerOptions]) -> None:
        super().__init__(name, endpoint, clock, state=ShutterState(), **options)

    @abstractmethod
    async def move_to(self, position: End) -> None:
        """Move the blade there and return when it has arrived."""

    @abstractmethod
    async def read_position(self) -> Found:
        """Where the blade is; MOVING anywhere between its ends."""

    async def read_back(self) -> None:
        """Publish where the blade is."""
        found = await self.read_position()
        self.step({"OPEN": "found_open", "CLOSED": "found_closed", "MOVING": "found_between"}[found])

    async def make_safe(self, progress: ProgressCall) -> None:
        """Close."""
        await self._move("close", "CLOSED")

    async def do_open(self, args: Arguments, progress: ProgressCall) -> dict[str, Any]:
        """Open, and confirm it by reading back."""
        await self._move("open", "OPEN")
        return {"position": self.state.position}

    async def do_close(self, args: Arguments, progress: ProgressCall) -> dict[str, Any]:
        """Close, and confirm it by reading back."""
        await self._move("close", "CLOSED")
        return {"position": self.state.position}

    async def _move(self, trigger: str, wanted: End) -> None:
        await self.read_back()
        if self.state.position == wanted:
            return
        self.step(trigger)
        await self.move_to(wanted)
        await self.read_back()
        if self.state.position != wanted:
            raise DeviceError(
                "not_reached", f"{self.name} should be {wanted} and reads {self.state.position}"
            )
