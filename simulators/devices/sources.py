"""Simulated calibration sources: they warm up and cool down."""

from __future__ import annotations

import zmq.asyncio

from sequencer.clock import Clock
from sequencer.devices.sources import SourcesServer, SourceState
from simulators.world.timeline import Ramp
from simulators.world.world import World


class SimulatedSources(SourcesServer):
    """Sources of the world. A black body's temperature runs linearly to its end over the warm-up time, and so does the
    light of a lamp that is switched on; off it is dark at once."""

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
        config, now_s = self.sources[name], self.clock.now()
        goal_k = temperature_k or config.temperature_k
        _, was_on, before_k = self._switched.get(name, (now_s, False, 0.0))
        if was_on == on and (not on or goal_k == before_k):
            return
        self._switched[name] = (now_s, on, goal_k)
        end_s = now_s + config.warm_up_s
        if config.kind != "blackbody":
            self.world.record("sources", now_s, **{name: Ramp(1.0, end_s) if on else 0.0})
            return
        # a ramp begins where the track stands
        self.world.record("sources", now_s, **{name: self._kelvin(name)})
        self.world.record("sources", now_s, **{name: Ramp(goal_k if on else self._ambient_k(), end_s)})

    async def read_one(self, name: str) -> SourceState:
        """On or off, how warm, and whether that has settled."""
        config = self.sources[name]
        since_s, on, _ = self._switched.get(name, (float("-inf"), False, 0.0))
        stable = self.clock.now() - since_s >= config.warm_up_s
        kelvin = round(self._kelvin(name), 1) if config.kind == "blackbody" else None
        return SourceState(kind=config.kind, on=on, temperature_k=kelvin, stable=stable)

    def _kelvin(self, name: str) -> float:
        known = self.world.timeline.track("sources", name).at(self.clock.now())
        return self._ambient_k() if known is None else float(known)

    def _ambient_k(self) -> float:
        return self.world.night.ambient_k(self.clock.now())
