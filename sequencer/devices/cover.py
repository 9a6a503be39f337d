"""Cover of named halves (MEGARA's focal-plane cover has two); a cover in one piece has one named ALL."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Literal, Unpack

import msgspec

from sequencer.clock import Clock
from sequencer.devices.charts import COVER
from sequencer.devices.client import DeviceClient
from sequencer.devices.commands import COMMON, Arguments, CommandSpec
from sequencer.devices.server import DeviceServer, ServerOptions
from sequencer.devices.shutter import End, Found
from sequencer.devices.state import DeviceState
from sequencer.devices.together import together
from sequencer.wire.errors import DeviceError, Rejected
from sequencer.wire.server import ProgressCall

WHOLE = "ALL"
"""Name of the only half of a cover in one piece."""


class OpenCover(Arguments, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which halves to open; None: all of them."""

    halves: list[str] | None = None


COMMANDS = {
    **COMMON,
    "open": CommandSpec(OpenCover, own="open"),
    "close": CommandSpec(own="close"),
}


class CoverState(DeviceState, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`halves` {name: where it is}, `position` of the whole; MOVING also for a half stopped on its way."""

    halves: dict[str, Found] = msgspec.field(default_factory=dict)
    position: Literal["CLOSED", "OPEN", "OPENING", "CLOSING", "PARTIAL"] = "PARTIAL"

    @property
    def harmless(self) -> bool:
        """Every half closed."""
        return self.position == "CLOSED"


class CoverClient(DeviceClient[CoverState]):
    """Commands a cover."""

    kind = "cover"
    state_type = CoverState

    async def open(self, halves: Sequence[str] | None = None) -> None:
        """Open the named halves (default: all) and leave the others; returns when read back OPEN."""
        await self.command("open", OpenCover(halves=None if halves is None else list(halves)))

    async def close(self) -> None:
        """Close every half; returns when read back CLOSED."""
        await self.command("close")


class CoverServer(DeviceServer[CoverState]):
    """A cover: override `move_half` and `read_half`, and `halt` where a half can be stopped on its way."""

    kind: ClassVar[str] = "cover"
    commands = COMMANDS
    own_chart = COVER
    own_field = "position"

    def __init__(
        self,
        name: str,
        endpoint: str,
        clock: Clock,
        *,
        halves: Iterable[str] = (),
        **options: Unpack[ServerOptions],
    ) -> None:
        self.halves = tuple(halves) or (WHOLE,)
        state = CoverState(halves=dict.fromkeys(self.halves, "MOVING"))
        super().__init__(name, endpoint, clock, state=state, **options)

    @abstractmethod
    async def move_half(self, half: str, position: End) -> None:
        """Move one half there and return when it has arrived; the halves are moved at the same time."""

    @abstractmethod
    async def read_half(self, half: str) -> Found:
        """Where the half is; MOVING anywhere between its ends."""

    async def read_back(self) -> None:
        """Publish where the halves are."""
        found = {half: await self.read_half(half) for half in self.halves}
        self.update(halves=found)
        ends = set(found.values())
        if ends == {"OPEN"}:
            self.step("found_open")
        else:
            self.step("found_closed" if ends == {"CLOSED"} else "found_between")

    async def make_safe(self, progress: ProgressCall) -> None:
        """Close every half."""
        await self._move("close", self.halves, "CLOSED")

    def check_open(self, args: OpenCover) -> None:
        """Refuse halves that do not exist."""
        unknown = [half for half in args.halves or () if half not in self.halves]
        if unknown or args.halves == []:
            raise Rejected(
                "bad_arguments", f"no such half: {', '.join(unknown)}; there are {', '.join(self.halves)}"
            )

    async def do_open(self, args: OpenCover, progress: ProgressCall) -> dict[str, Any]:
        """Open the named halves, and confirm it by reading back."""
        await self._move("open", args.halves or self.halves, "OPEN")
        return {"halves": self.state.halves}

    async def do_close(self, args: Arguments, progress: ProgressCall) -> dict[str, Any]:
        """Close every half, and confirm it by reading back."""
        await self._move("close", self.halves, "CLOSED")
        return {"halves": self.state.halves}

    async def _move(self, trigger: str, halves: Iterable[str], wanted: End) -> None:
        await self.read_back()
        moving = [half for half in self.halves if half in set(halves) and self.state.halves[half] != wanted]
        if not moving:
            return
        self.update(halves=self.state.halves | dict.fromkeys(moving, "MOVING"))
        self.step(trigger)
        await together(self.move_half(half, wanted) for half in moving)
        await self.read_back()
        wrong = [half for half in moving if self.state.halves[half] != wanted]
        if wrong:
            raise DeviceError("not_reached", f"{', '.join(wrong)} should be {wanted} and is not")
