"""Simulated mechanisms: each takes its time per step and passes the slots between."""

from __future__ import annotations

import zmq.asyncio

from sequencer.clock import Clock
from sequencer.devices.mechanisms import MechanismsServer
from simulators.world.world import World


class SimulatedMechanisms(MechanismsServer):
    """Mechanisms of the world."""

    def __init__(
        self, name: str, endpoint: str, clock: Clock, world: World, context: zmq.asyncio.Context | None = None
    ) -> None:
        self.world = world
        mechanisms = world.instrument.mechanisms
        super().__init__(name, endpoint, clock, mechanisms=mechanisms, simulated=True, context=context)

    async def move_one(self, keyword: str, position: str) -> None:
        """Move by the short way; a mode is switched after one step's time."""
        now_s = self.clock.now()
        arrival_s = self.world.move(keyword, now_s, position)
        await self.clock.sleep(arrival_s - now_s, f"{self.name}.{keyword}")
        self.world.place(keyword, self.clock.now(), position)

    async def read_one(self, keyword: str) -> str:
        """Position it rests at, "" on the way or between two."""
        mechanism, now_s = self.world.beam.mechanisms[keyword], self.clock.now()
        return mechanism.position(now_s) if mechanism.rests(now_s) else ""

    async def halt(self) -> None:
        """Everything that moves stays where it is, perhaps between two positions."""
        self.world.freeze(self.clock.now())
