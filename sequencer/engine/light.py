"""The light on the detectors: the light stop closes first and opens last."""

from __future__ import annotations

import asyncio

from sequencer.devices.lightpath import LightStop
from sequencer.engine.context import RunContext
from sequencer.engine.control import WindowOver


class Light:
    """Shutter (the light stop) and cover of one run; either may be missing.

    `protect` is SEQ.PROTECT: the light is shut out before every other move, and while nobody reads. `turn` is held
    by whoever moves a stop or a mechanism: on some instruments they are one device. `closing_s` is how long the light
    stop took to close when it was last asked to (0: it was closed), until it opens.
    """

    def __init__(self, run: RunContext, *, protect: bool = True) -> None:
        self._run = run
        self.protect = protect
        self.turn = asyncio.Lock()
        self.closing_s = 0.0

    async def shut(self) -> None:
        """Close the light stop, unless it is closed."""
        self.closing_s = await self._close(self._run.shutter, "shutter")

    async def close_all(self) -> None:
        """Close light stop and cover, in this order."""
        await self.shut()
        await self._close(self._run.cover, "cover")

    async def open(self, position: str | None = None) -> None:
        """Open the light stop, the cover being open already. `position` is its open position, if it has several."""
        await self._open(self._run.shutter, "shutter", position)
        self.closing_s = 0.0

    async def uncover(self, position: str | None = None) -> None:
        """Open the cover; the light stop should be closed."""
        await self._open(self._run.cover, "cover", position)

    async def _close(self, stop: LightStop | None, role: str) -> float:
        """Close a stop; returns how long it took in s, 0 if it was closed."""
        async with self.turn:
            if stop is None or stop.closed:
                return 0.0
            began_s = self._run.clock.now()
            await stop.close()
            return self._tell(stop, role, began_s)

    async def _open(self, stop: LightStop | None, role: str, position: str | None) -> None:
        """Open a stop, unless it is open. Raises WindowOver: after the end no light comes in any more."""
        if stop is None or (self._may_open() and stop.position == "OPEN"):
            return
        async with self.turn:
            if self._may_open() and stop.position != "OPEN":
                began_s = self._run.clock.now()
                await stop.open(position)
                self._tell(stop, role, began_s)

    def _may_open(self) -> bool:
        if self._run.control.window_over:
            raise WindowOver(self._run.control.window_over)
        return True

    def _tell(self, stop: LightStop, role: str, began_s: float) -> float:
        seconds = self._run.clock.now() - began_s
        self._run.log("light_stop", position=stop.position, role=role, seconds=seconds)
        return seconds
