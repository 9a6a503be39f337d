"""Simulated telescope: slews at its speeds, settles, tracks or lets the sky drift."""

from __future__ import annotations

import zmq.asyncio

from sequencer.clock import Clock
from sequencer.devices.telescope import Pointing, TelescopeServer
from sequencer.sky.coordinates import radec_to_altaz
from sequencer.wire.server import ProgressCall
from simulators.world.pointing import PARKED_ALTAZ_DEG, slew_seconds
from simulators.world.world import World

REPORT_S = 5.0
"""How often a slewing telescope says where it is."""


class SimulatedTelescope(TelescopeServer):
    """Telescope of the world; guiding and adaptive optics are off, as sky flats want them."""

    poll_s = 30.0

    def __init__(
        self, name: str, endpoint: str, clock: Clock, world: World, context: zmq.asyncio.Context | None = None
    ) -> None:
        self.world = world
        self.config = world.instrument.telescope
        self._moving = False
        super().__init__(
            name,
            endpoint,
            clock,
            altitude_deg=self.config.altitude_deg,
            park_deg=PARKED_ALTAZ_DEG,
            simulated=True,
            context=context,
        )

    async def move_to(self, altitude_deg: float, azimuth_deg: float, progress: ProgressCall) -> None:
        """Slew both axes, then settle."""
        self._moving = True
        start_s = self.clock.now()
        stretch = self._stretch(start_s)
        settle_s = stretch * self.config.settle_s
        arrival_s = self.world.slew(start_s, altitude_deg, azimuth_deg, stretch)
        while (left_s := arrival_s - self.clock.now()) > 0.0:
            progress(self.clock.now() - start_s, arrival_s + settle_s - start_s, "s", "slewing")
            await self.clock.sleep(min(left_s, REPORT_S), self.name)
            await self.read_back()
        self.world.point(self.clock.now(), altitude_deg, azimuth_deg)
        await self.clock.sleep(settle_s, self.name)
        self._moving = False

    async def set_tracking(self, on: bool) -> None:
        """Follow the position of this moment, or stand still."""
        now_s = self.clock.now()
        if on:
            self.world.track(now_s, *self.world.pointing.radec(now_s))
        else:
            self.world.hold(now_s)

    async def halt(self) -> None:
        """Stand still at once."""
        self._moving = False
        self.world.hold(self.clock.now())

    async def read_pointing(self) -> Pointing:
        """What the world says; ambient temperature to 0.01 K."""
        now_s = self.clock.now()
        altitude_deg, azimuth_deg = self.world.pointing.altaz(now_s)
        ra_deg, dec_deg = self.world.pointing.radec(now_s)
        tracking = not self.world.pointing.drifting(now_s)
        ambient_k = round(self.world.night.ambient_k(now_s), 2)
        return Pointing(
            altitude_deg, azimuth_deg, ra_deg, dec_deg, tracking, self._moving, ambient_k=ambient_k
        )

    def horizontal(self, ra_deg: float, dec_deg: float) -> tuple[float, float]:
        """Where the position will stand when the telescope has slewed there and settled."""
        now_s, site = self.clock.now(), self.world.pointing.site
        altitude_deg, azimuth_deg = radec_to_altaz(ra_deg, dec_deg, now_s, site)
        here, speeds = self.world.pointing.altaz(now_s), self.config.slew_deg_s
        slew_s = slew_seconds(here, (altitude_deg, azimuth_deg), speeds)
        arrival_s = now_s + self._stretch(now_s) * (slew_s + self.config.settle_s)
        altitude_deg, azimuth_deg = radec_to_altaz(ra_deg, dec_deg, arrival_s, site)
        return float(altitude_deg), float(azimuth_deg)

    def _stretch(self, start_s: float) -> float:
        """Factor on the duration of a slew that begins now."""
        return self.world.night.stretch(self.name, f"{start_s:.3f}")
