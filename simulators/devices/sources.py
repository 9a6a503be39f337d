"""Simulated calibration sources: they warm up and cool down."""

from __future__ import annotations

import zmq.asyncio

from sequencer.clock import Clock
from sequencer.devices.sources import SourcesServer, SourceState
from simulators.world.world import World

DEFAULT_BLACKBODY_K = 1000.0
"""Temperature of a black body that is switched on without one; assumed."""


class SimulatedSources(SourcesServer):
    """Sources of the world. A black body's temperature runs linearly to its end over the warm-up time."""

    poll_s = 60.0

    def __init__(
        self, name: str, endpoint: str, clock: Clock, world: World, context: zmq.asyncio.Context | None = None
    ) -> None:
        self.world = world
        self._switched: dict[str, tuple[float, bool, float]] = {}
        sources = world.instrument.sources
        super().__init__(name, endpoint, clock, sources=sources, simulated=True, context=context)

    async def switch_one(self, name: str, on: bool, temperature_k: float | None) -> None:
        """Switch at once; it becomes stable with time."""
        before = await self.read_one(name)
        goal_k = temperature_k or DEFAULT_BLACKBODY_K
        if before.on == on and (not on or goal_k == self._switched[name][2]):
            return
        now_s = self.clock.now()
        self._switched[name] = (now_s, on, goal_k)
        self.world.record("sources", now_s, **{name: on})

    async def read_one(self, name: str) -> SourceState:
        """On or off, how warm, and whether that has settled."""
        config = self.sources[name]
        now_s = self.clock.now()
        since_s, on, goal_k = self._switched.get(name, (float("-inf"), False, DEFAULT_BLACKBODY_K))
        stable = now_s - since_s >= config.warm_up_s
        if config.kind != "blackbody":
            return SourceState(kind=config.kind, on=on, stable=stable)
        ambient_k = round(self.world.night.ambient_k(now_s), 1)
        share = 1.0 if stable else (now_s - since_s) / config.warm_up_s
        warm = share if on else 1.0 - share
        kelvin = round(ambient_k + warm * (goal_k - ambient_k), 1)
        return SourceState(kind=config.kind, on=on, temperature_k=kelvin, stable=stable)
