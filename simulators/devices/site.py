"""Simulated weather station: a calm night."""

from __future__ import annotations

import zmq.asyncio

from sequencer.clock import Clock
from sequencer.devices.site import SiteServer, Weather
from simulators.world.world import World

WIND_M_S = 5.0
HUMIDITY = 0.2
"""A calm, dry night; assumed."""


class SimulatedSite(SiteServer):
    """Weather of the world: the roof open, no rain, the air as cool as the night says."""

    poll_s = 60.0

    def __init__(
        self, name: str, endpoint: str, clock: Clock, world: World, context: zmq.asyncio.Context | None = None
    ) -> None:
        self.world = world
        limits = world.weather_limits
        super().__init__(name, endpoint, clock, limits=limits, simulated=True, context=context)

    async def read_weather(self) -> Weather:
        """Temperature to 0.1 K, pressure of the standard atmosphere at the site's elevation."""
        kelvin = round(self.world.night.ambient_k(self.clock.now()), 1)
        return Weather(
            roof_open=True,
            rain=False,
            wind_m_s=WIND_M_S,
            humidity=HUMIDITY,
            temperature_k=kelvin,
            pressure_hpa=standard_pressure_hpa(self.world.pointing.site.elevation_m),
        )


def standard_pressure_hpa(elevation_m: float) -> float:
    """Pressure of the ICAO standard atmosphere below 11 km: 1013.25 (1 - 2.25577e-5 h)^5.25588 hPa."""
    ratio: float = (1.0 - 2.25577e-5 * elevation_m) ** 5.25588
    return round(1013.25 * ratio, 1)
