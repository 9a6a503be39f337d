"""Light reaches a detector only while it is read: the light stop serves all cameras, a mask its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from sequencer.engine.context import RunContext
from sequencer.engine.control import Interruption
from sequencer.engine.flat_patch import FlatPatch
from sequencer.engine.light import Light
from sequencer.engine.steps import step


@dataclass(frozen=True)
class Openings:
    """Positions that let light in: of light stop and cover where they have several, of pupil masks by keyword."""

    shutter: str | None = None
    cover: str | None = None
    masks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CameraBeam:
    """One camera's light: `ready` lets it in before an exposure, `rest` shuts it out while none is due."""

    ready: Callable[[], Awaitable[None]]
    rest: Callable[[], Awaitable[None]]


class Beam:
    """The light of one observation's cameras, and who of them is being read.

    A telescope that tracks is moved on before each frame, while no other camera is read.
    """

    def __init__(self, run: RunContext, light: Light, patch: FlatPatch) -> None:
        self._run = run
        self._light = light
        self._patch = patch
        self._read: set[str] = set()

    @asynccontextmanager
    async def reading(self, camera: str, openings: Openings) -> AsyncIterator[CameraBeam]:
        """Meanwhile frames of a camera are taken; then the light is shut out of it, unless a fault ends it all."""
        self._read.add(camera)
        try:
            yield CameraBeam(partial(self._let_in, camera, openings), partial(self._rest, camera))
        except Interruption:
            await self._leave(camera)
            raise
        await self._leave(camera)

    async def _let_in(self, camera: str, openings: Openings) -> None:
        """The camera's own mask, then the cover, then the light stop."""
        if self._read == {camera}:
            await self._patch.next_position()
        keyword = self._run.instrument.cameras[camera].mask_keyword
        if keyword in openings.masks:
            await self._move(keyword, openings.masks[keyword])
        await self._light.uncover(openings.cover)
        await self._light.open(openings.shutter)

    async def _rest(self, camera: str) -> None:
        """Nobody reads the camera for now: its own mask closes while others are read, else the light stop."""
        if not self._light.protect:
            return
        if not self._read - {camera}:
            await self._light.shut()
            return
        config = self._run.instrument.cameras[camera]
        if config.mask_closed:
            await self._move(config.mask_keyword, config.mask_closed)

    async def _leave(self, camera: str) -> None:
        self._read.discard(camera)
        await self._rest(camera)

    async def _move(self, keyword: str, position: str) -> None:
        client = self._run.devices.mechanisms
        if client is None or client.state.positions.get(keyword) in (None, position):
            return
        async with self._light.turn:
            moves = {keyword: position}
            await step(self._run, "mechanisms", "move", moves, client.move(moves))
