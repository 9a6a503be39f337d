"""Simulated detector: integrates what the world's beam holds, reads out in the mode's time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import zmq.asyncio
from numpy.typing import NDArray

from sequencer.clock import Clock
from sequencer.devices.detector import Window
from sequencer.devices.detector_server import DetectorServer, Shot
from simulators.detector.develop import Exposed
from simulators.detector.faults import Fault
from simulators.world.world import World

OPERATING_K = 40.0
"""Temperature every simulated detector reports; assumed (METIS: 33 to 43 K)."""

REPORTS = 20
"""How often, at most, an exposure says how far it is."""


class SimulatedDetector(DetectorServer):
    """One detector subsystem of the world, by camera name. Idle it is reset at its mode's shortest DIT.

    `fault(n)` is what its electronics do to the n-th frame (from 1) it delivers; None: nothing.
    """

    def __init__(
        self,
        name: str,
        endpoint: str,
        clock: Clock,
        world: World,
        camera: str,
        context: zmq.asyncio.Context | None = None,
    ) -> None:
        self.world = world
        self.camera = camera
        config = world.instrument.detectors[camera]
        window_px = world.deployment.window_px if config.layout == "extensions" else None
        self.fault: Callable[[int], Fault | None] = lambda n: None
        self._delivered_frames = 0
        self._started_s = clock.now()
        world.idle(camera, clock.now(), config.default_mode)
        super().__init__(
            name, endpoint, clock, config=config, window_px=window_px, simulated=True, context=context
        )

    async def set_up(self, mode: str, dit_s: float, ndit: int, window_px: Window) -> None:
        """Continuous reset goes on in the new mode."""
        self.world.idle(self.camera, self.clock.now(), mode)

    async def integrate(self, shot: Shot, elapsed: Callable[[float], None]) -> None:
        """Collect light for NDIT x DIT seconds, then reset continuously again."""
        self._started_s = start_s = self.clock.now()
        total_s = shot.dit_s * shot.ndit
        self.world.integrate(self.camera, start_s, shot.exposure, shot.dit_s, shot.mode)
        while (left_s := start_s + total_s - self.clock.now()) > 0.0:
            elapsed(total_s - left_s)
            await self.clock.sleep(min(left_s, max(total_s / REPORTS, 1.0)), self.name)
        self.world.idle(self.camera, start_s + total_s, shot.mode)

    async def read_out(self, shot: Shot) -> Sequence[NDArray[Any]]:
        """Pixels after the mode's read-out time; a settling read gives none."""
        stretch = self.world.night.stretch(self.name, f"{shot.exposure} {shot.settling}")
        await self.clock.sleep(stretch * self.config.modes[shot.mode].overhead_s, self.name)
        if shot.settling:
            return []
        end_s = self._started_s + shot.dit_s * shot.ndit
        light = self.world.light(self.camera, self._started_s, end_s, shot.ndit, shot.mode)
        exposed = Exposed(shot.exposure, shot.dit_s, shot.ndit, shot.mode, shot.window_px)
        chips = await self.clock.thread(self.name, self.world.develop, self.camera, exposed, light)
        self._delivered_frames += 1
        fault = self.fault(self._delivered_frames)
        return fault(chips) if fault else chips

    async def halt(self) -> None:
        """End the integration; the charge is lost."""
        self.world.idle(self.camera, self.clock.now(), self.state.mode)

    async def read_temperature(self) -> float:
        """A constant."""
        return OPERATING_K
