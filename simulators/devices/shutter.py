"""Simulated shutter and cover: leaves that take their time and let light through on the way."""

from __future__ import annotations

import zmq.asyncio

from sequencer.clock import Clock
from sequencer.devices.cover import CoverServer
from sequencer.devices.shutter import End, Found, ShutterServer
from simulators.world.world import World

OPENING = {"OPEN": 1.0, "CLOSED": 0.0}


class SimulatedShutter(ShutterServer):
    """Shutter of the world."""

    def __init__(
        self, name: str, endpoint: str, clock: Clock, world: World, context: zmq.asyncio.Context | None = None
    ) -> None:
        self.leaf = Leaf(world, clock, "shutter", world.instrument.shutter.seconds)
        super().__init__(name, endpoint, clock, simulated=True, context=context)

    async def move_to(self, position: End) -> None:
        """Swing the blade."""
        await self.leaf.move("", position, self.name)

    async def read_position(self) -> Found:
        """Where the blade is."""
        return self.leaf.found("")

    async def halt(self) -> None:
        """The blade stays where it is."""
        self.leaf.stop("")


class SimulatedCover(CoverServer):
    """Cover of the world, of one or more halves."""

    def __init__(
        self, name: str, endpoint: str, clock: Clock, world: World, context: zmq.asyncio.Context | None = None
    ) -> None:
        config = world.instrument.cover
        self.leaf = Leaf(world, clock, "cover", config.seconds)
        self._named = set(config.halves)
        super().__init__(name, endpoint, clock, halves=config.halves, simulated=True, context=context)

    async def move_half(self, half: str, position: End) -> None:
        """Swing one half."""
        await self.leaf.move(self._half(half), position, f"{self.name}.{half}")

    async def read_half(self, half: str) -> Found:
        """Where the half is."""
        return self.leaf.found(self._half(half))

    async def halt(self) -> None:
        """Every half stays where it is."""
        for half in self.halves:
            self.leaf.stop(self._half(half))

    def _half(self, half: str) -> str:
        return half if half in self._named else ""


class Leaf:
    """Moves and reads the leaves of one role (`shutter`, `cover`) in the world; half "" is the whole."""

    def __init__(self, world: World, clock: Clock, role: str, seconds: float) -> None:
        self.world = world
        self.clock = clock
        self.role = role
        self.seconds = seconds

    async def move(self, half: str, position: End, key: str) -> None:
        """Swing there in the time it takes from where it is."""
        now_s = self.clock.now()
        seconds = self.seconds * self.world.night.stretch(self.role + half, f"{now_s:.3f}")
        arrival_s = self.world.swing(self.role, half, now_s, OPENING[position], seconds)
        await self.clock.sleep(arrival_s - now_s, key)
        self.world.swing(self.role, half, self.clock.now(), OPENING[position], 0.0)

    def found(self, half: str) -> Found:
        """OPEN or CLOSED at the ends, MOVING between."""
        opening = float(self.world.beam.leaf(self.role, half).at(self.clock.now()))
        if opening == OPENING["OPEN"]:
            return "OPEN"
        return "CLOSED" if opening == OPENING["CLOSED"] else "MOVING"

    def stop(self, half: str) -> None:
        """Stay where it is."""
        self.world.rest(self.role, half, self.clock.now())
