"""Example of your own hardware: a dome shutter on a serial line, `OPEN`, `CLOSE`, `STOP` and `STATUS?`."""

from __future__ import annotations

from typing import Any, Protocol

from sequencer.clock import Clock
from sequencer.devices.shutter import End, Found, ShutterServer
from sequencer.wire.errors import DeviceError

POLL_S = 0.5
TRAVEL_S = 60.0
"""The blade is broken if it has not arrived after this long (from the maker's data sheet of your shutter)."""


class SerialLine(Protocol):
    """One request, one answer; pyserial-asyncio or a socket to a terminal server can stand behind it."""

    async def ask(self, request: str) -> str:
        """Send a line, return the line that comes back."""


class DomeShutter(ShutterServer):
    """Speaks to the controller; chart, legality, arguments, publishing and stopping are the base's."""

    poll_s = 5.0

    def __init__(self, name: str, endpoint: str, clock: Clock, *, line: SerialLine, **base: Any) -> None:
        super().__init__(name, endpoint, clock, **base)
        self.line = line

    async def move_to(self, position: End) -> None:
        """Start the blade, then ask until it has arrived."""
        await self._order("OPEN" if position == "OPEN" else "CLOSE")
        started_s = self.clock.liveness()
        while await self.read_position() == "MOVING":
            if self.clock.liveness() - started_s > TRAVEL_S:
                raise DeviceError("jammed", f"the blade has not arrived after {TRAVEL_S:g} s")
            await self.clock.sleep(POLL_S, self.name)

    async def read_position(self) -> Found:
        """What the end switches say."""
        answer = await self.line.ask("STATUS?")
        words: dict[str, Found] = {
            "OPENED": "OPEN",
            "CLOSED": "CLOSED",
            "RUNNING": "MOVING",
            "HALTED": "MOVING",
        }
        if answer not in words:
            raise DeviceError("bad_answer", f"the controller answered {answer!r} to STATUS?")
        return words[answer]

    async def halt(self) -> None:
        """Stop the blade where it is."""
        await self._order("STOP")

    async def _order(self, request: str) -> None:
        answer = await self.line.ask(request)
        if answer != "OK":
            raise DeviceError("refused", f"the controller answered {answer!r} to {request}")
