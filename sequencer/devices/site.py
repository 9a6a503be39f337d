"""Site: weather and roof, read only; and whether anything may be open there."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar, NamedTuple, TypeGuard, Unpack

import msgspec

from sequencer.clock import Clock
from sequencer.config.models import WeatherLimits
from sequencer.devices.client import DeviceClient
from sequencer.devices.commands import COMMON
from sequencer.devices.server import DeviceServer, ServerOptions
from sequencer.devices.state import DeviceState
from sequencer.wire.errors import DeviceError


class Weather(NamedTuple):
    """What the station measures; None: not measured. Relative humidity 0 to 1.

    Roof, rain, wind and humidity decide whether anything may be open: not measured they do not allow it. A site without
    a roof says that it is open. Temperature and pressure are information.
    """

    roof_open: bool | None
    rain: bool | None
    wind_m_s: float | None
    humidity: float | None
    temperature_k: float | None = None
    pressure_hpa: float | None = None


class SiteState(DeviceState, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Weather as last read; `safe` with the `reasons` why not. Not safe until it has been read."""

    roof_open: bool | None = None
    rain: bool | None = None
    wind_m_s: float | None = None
    humidity: float | None = None
    temperature_k: float | None = None
    pressure_hpa: float | None = None
    safe: bool = False
    reasons: list[str] = msgspec.field(default_factory=lambda: ["not read yet"])


class SiteClient(DeviceClient[SiteState]):
    """Follows the site."""

    kind = "site"
    state_type = SiteState

    def why_unsafe(self, limits: WeatherLimits, *, on_sky: bool) -> list[str]:
        """Every reason why nothing may be open, by what the site told last; none when it may.

        The site's own judgement counts, and so do its figures under our `limits`. Under a closed roof no weather harms
        what is open, and lamps may shine; but it is no sky: `on_sky` says whether that is what is looked at.
        """
        try:
            state = self.state
        except DeviceError as error:
            return [error.text]
        if not state.reachable:
            return [f"the weather station does not answer{': ' * bool(state.error)}{state.error}"]
        if state.roof_open is False and not on_sky:
            return []
        own = [] if state.safe else state.reasons or ["it does not say why"]
        weather = Weather(*(getattr(state, name) for name in Weather._fields))
        return list(dict.fromkeys(own + why_unsafe(weather, limits)))


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
        except BaseException:
            self.update(safe=False, reasons=["the weather station does not answer"])
            raise
        reasons = why_unsafe(weather, self.limits)
        self.update(**weather._asdict(), safe=not reasons, reasons=reasons)


def why_unsafe(weather: Weather, limits: WeatherLimits) -> list[str]:
    """Every reason why nothing may be open in this weather; none when it may. What is not known allows nothing."""
    return [
        *_of_roof(weather.roof_open),
        *_of_rain(weather.rain),
        *_of_wind(weather.wind_m_s, limits.wind_m_s),
        *_of_humidity(weather.humidity, limits.humidity),
    ]


def _of_roof(roof_open: bool | None) -> list[str]:
    if roof_open is None:
        return ["whether the roof is open is not known"]
    return [] if roof_open else ["the roof is closed"]


def _of_rain(rain: bool | None) -> list[str]:
    if rain is None:
        return ["rain is not measured"]
    return ["rain"] if rain else []


def _of_wind(wind_m_s: float | None, most_m_s: float) -> list[str]:
    if not _measured(wind_m_s):
        return ["the wind is not measured"]
    return [] if wind_m_s <= most_m_s else [f"wind {wind_m_s:.1f} m/s, limit {most_m_s:g}"]


def _of_humidity(humidity: float | None, most: float) -> list[str]:
    if not _measured(humidity):
        return ["the humidity is not measured"]
    return [] if humidity <= most else [f"humidity {humidity:.0%}, limit {most:.0%}"]


def _measured(value: float | None) -> TypeGuard[float]:
    """Whether there is a figure; stations say -1 or -999, or NaN, where they have none."""
    return value is not None and math.isfinite(value) and value >= 0.0
