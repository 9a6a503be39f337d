"""Telescope: preset in altitude and azimuth or in RA and Dec, tracking, offsets, park."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Annotated, Any, ClassVar, NamedTuple, Unpack

import msgspec

from sequencer.clock import Clock
from sequencer.config.models import Limits
from sequencer.devices.client import DeviceClient, OnProgress
from sequencer.devices.commands import COMMON, Arguments, CommandSpec
from sequencer.devices.server import DeviceServer, ServerOptions
from sequencer.devices.state import DeviceState, within_turn_deg
from sequencer.wire.errors import DeviceError, Rejected
from sequencer.wire.server import ProgressCall

ARRIVED_DEG = 0.01
"""How near to its target a telescope counts as arrived: half a small guide field (assumed)."""

Altitude = Annotated[float, msgspec.Meta(ge=0.0, le=90.0)]
Azimuth = Annotated[float, msgspec.Meta(ge=-360.0, le=360.0)]
RightAscension = Annotated[float, msgspec.Meta(ge=0.0, le=360.0)]
Declination = Annotated[float, msgspec.Meta(ge=-90.0, le=90.0)]
OffsetArcsec = Annotated[float, msgspec.Meta(ge=-36000.0, le=36000.0)]


class Preset(Arguments, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where to point: altitude and azimuth (0 north, 90 east), or RA and Dec (ICRS); not both."""

    altitude_deg: Altitude | None = None
    azimuth_deg: Azimuth | None = None
    ra_deg: RightAscension | None = None
    dec_deg: Declination | None = None
    tracking: bool = False


class Track(Arguments, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Follow the sky, or let it drift through the field."""

    on: bool


class Offset(Arguments, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A small move; `azimuth_arcsec` along the horizon circle, not on the sky. Up to 10 degrees."""

    altitude_arcsec: OffsetArcsec = 0.0
    azimuth_arcsec: OffsetArcsec = 0.0


COMMANDS = {
    **COMMON,
    "preset": CommandSpec(Preset),
    "track": CommandSpec(Track),
    "offset": CommandSpec(Offset),
    "park": CommandSpec(),
}


class Pointing(NamedTuple):
    """What the hardware says: where it points, what it does, and the ambient temperature (None: not measured).

    Azimuth and RA in any turn: -150 and 210 deg are the same.
    """

    altitude_deg: float
    azimuth_deg: float
    ra_deg: float
    dec_deg: float
    tracking: bool = False
    moving: bool = False
    guiding: bool = False
    ao: bool = False
    ambient_k: float | None = None


class TelescopeState(DeviceState, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Pointing as last read back (moving until then). `airmass` is sec z, 0 at or below the horizon.

    Azimuths and RA are within 0 and 360 deg, whatever turn the mount counts in.
    """

    altitude_deg: float = 0.0
    azimuth_deg: float = 0.0
    ra_deg: float = 0.0
    dec_deg: float = 0.0
    airmass: float = 0.0
    tracking: bool = False
    moving: bool = True
    parked: bool = False
    guiding: bool = False
    ao: bool = False
    ambient_k: float | None = None
    target_altitude_deg: float = 0.0
    target_azimuth_deg: float = 0.0

    def __post_init__(self) -> None:
        """Bring the angles into one turn: here every state passes, on the server's side and on the client's."""
        for name in ("azimuth_deg", "ra_deg", "target_azimuth_deg"):
            msgspec.structs.force_setattr(self, name, within_turn_deg(getattr(self, name)))

    @property
    def harmless(self) -> bool:
        """Stopped: neither moving nor tracking."""
        return not self.moving and not self.tracking


class TelescopeClient(DeviceClient[TelescopeState]):
    """Commands a telescope."""

    kind = "telescope"
    state_type = TelescopeState

    async def preset(
        self,
        altitude_deg: float | None = None,
        azimuth_deg: float | None = None,
        ra_deg: float | None = None,
        dec_deg: float | None = None,
        tracking: bool = False,
        on_progress: OnProgress | None = None,
    ) -> None:
        """Point, and return when arrived; then track, or stand still."""
        where = Preset(
            altitude_deg=altitude_deg,
            azimuth_deg=azimuth_deg,
            ra_deg=ra_deg,
            dec_deg=dec_deg,
            tracking=tracking,
        )
        await self.command("preset", where, on_progress=on_progress)

    async def track(self, on: bool) -> None:
        """Follow the sky, or stand still."""
        await self.command("track", Track(on=on))

    async def offset(self, altitude_arcsec: float = 0.0, azimuth_arcsec: float = 0.0) -> None:
        """Move a little; tracking stays as it was."""
        await self.command("offset", Offset(altitude_arcsec=altitude_arcsec, azimuth_arcsec=azimuth_arcsec))

    async def park(self) -> None:
        """Go to the park position and stand still."""
        await self.command("park")


class TelescopeServer(DeviceServer[TelescopeState]):
    """A telescope: override `move_to`, `set_tracking`, `read_pointing`, `halt`; `horizontal` for RA and Dec.

    `altitude_deg` are the limits of the mount; targets outside are refused. `park_deg` is (altitude,
    azimuth).
    """

    kind: ClassVar[str] = "telescope"
    commands = COMMANDS

    def __init__(
        self,
        name: str,
        endpoint: str,
        clock: Clock,
        *,
        altitude_deg: Limits = (0.0, 90.0),
        park_deg: tuple[float, float] = (90.0, 0.0),
        **options: Unpack[ServerOptions],
    ) -> None:
        self.limits_deg = altitude_deg
        self.park_deg = (min(max(park_deg[0], altitude_deg[0]), altitude_deg[1]), park_deg[1])
        super().__init__(name, endpoint, clock, state=TelescopeState(), **options)

    @abstractmethod
    async def move_to(self, altitude_deg: float, azimuth_deg: float, progress: ProgressCall) -> None:
        """Slew there, settle, return when arrived; `progress(done, total, "deg", "")` now and then."""

    @abstractmethod
    async def set_tracking(self, on: bool) -> None:
        """Follow the sky from here on, or stand still."""

    @abstractmethod
    async def read_pointing(self) -> Pointing:
        """Where the telescope points and what it does."""

    @abstractmethod
    async def halt(self) -> None:
        """Stop all motion now, tracking included."""

    def horizontal(self, ra_deg: float, dec_deg: float) -> tuple[float, float]:
        """Altitude and azimuth in degrees of an ICRS position now; without it RA and Dec are refused."""
        raise Rejected("refused", f"{self.name} takes altitude and azimuth only")

    async def read_back(self) -> None:
        """Publish where the telescope points."""
        pointing = await self.read_pointing()
        for name in ("altitude_deg", "dec_deg"):
            if not -90.0 <= (found_deg := getattr(pointing, name)) <= 90.0:
                raise DeviceError("bad_answer", f"{name} reads {found_deg}: not within -90 and 90 deg")
        self.update(**pointing._asdict(), airmass=airmass(pointing.altitude_deg))

    async def make_safe(self, progress: ProgressCall) -> None:
        """Stop."""
        await self.halt()

    def check_preset(self, args: Preset) -> None:
        """Refuse half a position, two positions, and what the mount cannot reach."""
        self._target(args)

    def check_offset(self, args: Offset) -> None:
        """Refuse what the mount cannot reach."""
        self._reachable(self.state.altitude_deg + args.altitude_arcsec / 3600.0)

    async def do_preset(self, args: Preset, progress: ProgressCall) -> dict[str, Any]:
        """Point, settle, then track or stand still."""
        await self._go(*self._target(args), args.tracking, progress)
        return self._where()

    async def do_track(self, args: Track, progress: ProgressCall) -> dict[str, Any]:
        """Track or stand still."""
        await self.set_tracking(args.on)
        await self.read_back()
        return {"tracking": self.state.tracking}

    async def do_offset(self, args: Offset, progress: ProgressCall) -> dict[str, Any]:
        """Move a little from where it points."""
        await self.read_back()
        altitude_deg = self.state.altitude_deg + args.altitude_arcsec / 3600.0
        azimuth_deg = (self.state.azimuth_deg + args.azimuth_arcsec / 3600.0) % 360.0
        await self._go(altitude_deg, azimuth_deg, self.state.tracking, progress)
        return self._where()

    async def do_park(self, args: Arguments, progress: ProgressCall) -> dict[str, Any]:
        """Go to the park position."""
        await self._go(*self.park_deg, False, progress)
        self.update(parked=True)
        return self._where()

    async def _go(
        self, altitude_deg: float, azimuth_deg: float, tracking: bool, progress: ProgressCall
    ) -> None:
        await self.set_tracking(False)
        self.update(
            moving=True,
            tracking=False,
            parked=False,
            target_altitude_deg=altitude_deg,
            target_azimuth_deg=azimuth_deg,
        )
        await self.move_to(altitude_deg, azimuth_deg, progress)
        await self.read_back()
        away_deg = separation_deg(altitude_deg, azimuth_deg, self.state.altitude_deg, self.state.azimuth_deg)
        if self.state.moving or away_deg > ARRIVED_DEG:
            raise DeviceError("not_reached", f"{self.name} stands {away_deg:.3f} deg from its target")
        if tracking:
            await self.set_tracking(True)
            await self.read_back()

    def _target(self, args: Preset) -> tuple[float, float]:
        match (args.altitude_deg, args.azimuth_deg, args.ra_deg, args.dec_deg):
            case (float(altitude_deg), float(azimuth_deg), None, None):
                target = (altitude_deg, azimuth_deg)
            case (None, None, float(ra_deg), float(dec_deg)):
                target = self.horizontal(ra_deg, dec_deg)
            case _:
                raise Rejected("bad_arguments", "give altitude_deg and azimuth_deg, or ra_deg and dec_deg")
        self._reachable(target[0])
        return target[0], target[1] % 360.0

    def _reachable(self, altitude_deg: float) -> None:
        low, high = self.limits_deg
        if not low <= altitude_deg <= high:
            raise Rejected(
                "refused", f"altitude {altitude_deg:.2f} deg is outside the limits {low:g} to {high:g} deg"
            )

    def _where(self) -> dict[str, Any]:
        return {"altitude_deg": self.state.altitude_deg, "azimuth_deg": self.state.azimuth_deg}


def airmass(altitude_deg: float) -> float:
    """Plane-parallel airmass sec z; 0 at or below the horizon, where it means nothing."""
    return 1.0 / math.sin(math.radians(altitude_deg)) if altitude_deg > 0.0 else 0.0


def separation_deg(
    altitude_deg: float, azimuth_deg: float, altitude2_deg: float, azimuth2_deg: float
) -> float:
    """Great-circle distance of two directions in degrees (haversine: accurate when small)."""
    d_altitude = math.radians(altitude2_deg - altitude_deg)
    d_azimuth = math.radians(azimuth2_deg - azimuth_deg)
    cosines = math.cos(math.radians(altitude_deg)) * math.cos(math.radians(altitude2_deg))
    haversine = math.sin(d_altitude / 2) ** 2 + cosines * math.sin(d_azimuth / 2) ** 2
    return math.degrees(2 * math.asin(math.sqrt(min(1.0, haversine))))
