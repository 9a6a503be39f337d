"""Site: weather and roof, read only."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, NamedTuple, Unpack

import msgspec

from sequencer.clock import Clock
from sequencer.devices.client import DeviceClient
from sequencer.devices.commands import COMMON
from sequencer.devices.server import DeviceServer, ServerOptions
from sequencer.devices.state import DeviceState


class Weather(NamedTuple):
    """What the station measures; relative humidity 0 to 1."""

    roof_open: bool
    rain: bool
    wind_m_s: float
    humidity: float
    temperature_k: float
    pressure_hpa: float


class WeatherLimits(NamedTuple):
    """Beyond these it is not safe to observe. Both figures are assumed: each observatory has its own."""

    wind_m_s: float = 18.0
    humidity: float = 0.85


class SiteState(DeviceState, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Weather as last read; `safe` with the `reasons` why not. Not safe until it has been read."""

    roof_open: bool = False
    rain: bool = False
    wind_m_s: float = 0.0
    humidity: float = 0.0
    temperature_k: float = 0.0
    pressure_hpa: float = 0.0
    safe: bool = False
    reasons: list[str] = msgspec.field(default_factory=lambda: ["not read yet"])


class SiteClient(DeviceClient[SiteState]):
    """Follows the site."""

    kind = "site"
    state_type = SiteState


class SiteServer(DeviceServer[SiteState]):
    """A weather station: override `read_weather`; it is read every `poll_s` seconds."""

    kind: ClassVar[str] = "site"
    commands = COMMON
    poll_s = 10.0

    def __init__(
        self,
        name: str,
        endpoint: str,
        clock: Clock,
        *,
        limits: WeatherLimits = WeatherLimits(),  # noqa: B008 - immutable
        **options: Unpack[ServerOptions],
    ) -> None:
        self.limits = limits
        super().__init__(name, endpoint, clock, state=SiteState(), **options)

    @abstractmethod
    async def read_weather(self) -> Weather:
        """What the station measures now."""

    async def read_back(self) -> None:
        """Publish the weather and whether it is safe; without an answer it is not."""
        try:
            weather = await self.read_weather()
        except Exception:
            self.update(safe=False, reasons=["the weather station does not answer"])
            raise
        reasons = why_unsafe(weather, self.limits)
        self.update(**weather._asdict(), safe=not reasons, reasons=reasons)


def why_unsafe(weather: Weather, limits: WeatherLimits) -> list[str]:
    """Every reason not to observe in this weather; none when it is safe."""
    reasons = ["rain"] if weather.rain else []
    if weather.wind_m_s > limits.wind_m_s:
        reasons.append(f"wind {weather.wind_m_s:.1f} m/s, limit {limits.wind_m_s:g}")
    if weather.humidity > limits.humidity:
        reasons.append(f"humidity {weather.humidity:.0%}, limit {limits.humidity:.0%}")
    return reasons
