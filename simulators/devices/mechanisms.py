"""Simulated mechanisms: each takes its time per step and passes the slots between."""

from __future__ import annotations

import zmq.asyncio

from sequencer.clock import Clock
from sequencer.devices.mechanisms import MechanismsServer
from sequencer.sky.angles import parallactic_angle_deg, shortest_turn_deg
from simulators.world.world import World


class SimulatedMechanisms(MechanismsServer):
    """Mechanisms of the world. A rotator that follows nothing rests where it came to a stop, at first at 0 deg."""

    poll_s = 30.0

    def __init__(
        self, name: str, endpoint: str, clock: Clock, world: World, context: zmq.asyncio.Context | None = None
    ) -> None:
        self.world = world
        mechanisms = world.instrument.mechanisms
        self._rests_deg = dict.fromkeys(mechanisms, 0.0)
        closed_at = world.instrument.closed_at
        super().__init__(
            name,
            endpoint,
            clock,
            mechanisms=mechanisms,
            closed_at=closed_at,
            simulated=True,
            context=context,
        )

    async def move_one(self, keyword: str, position: str) -> None:
        """Move by the short way; a mode is switched after one step's time."""
        now_s = self.clock.now()
        self._rests_deg[keyword] = self._angle_deg(keyword)
        stretch = self.world.night.stretch(keyword, f"{now_s:.3f}")
        arrival_s = self.world.move(keyword, now_s, position, stretch)
        await self.clock.sleep(arrival_s - now_s, f"{self.name}.{keyword}")
        self.world.place(keyword, self.clock.now(), position)

    async def read_one(self, keyword: str) -> str:
        """Position it rests at, "" on the way or between two."""
        mechanism, now_s = self.world.beam.mechanisms[keyword], self.clock.now()
        return mechanism.position(now_s) if mechanism.rests(now_s) else ""

    async def read_angle(self, keyword: str) -> float:
        """Angle of a rotator now."""
        return self._angle_deg(keyword)

    def _angle_deg(self, keyword: str) -> float:
        now_s = self.clock.now()
        followed = self.mechanisms[keyword].follows.get(self.world.beam.mechanisms[keyword].position(now_s))
        if followed is None:
            return self._rests_deg[keyword]
        altitude_deg, azimuth_deg = self.world.pointing.altaz(now_s)
        if followed == "pupil":
            return altitude_deg
        latitude_deg = self.world.pointing.site.latitude_deg
        field_deg = parallactic_angle_deg(altitude_deg, azimuth_deg, latitude_deg) + altitude_deg
        return shortest_turn_deg(0.0, field_deg)

    async def halt(self) -> None:
        """Everything that moves stays where it is, perhaps between two positions."""
        self.world.freeze(self.clock.now())
