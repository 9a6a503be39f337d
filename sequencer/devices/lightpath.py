"""Light stops: a device of its own or named positions of a wheel, used alike."""

from __future__ import annotations

from typing import Literal, Protocol

from sequencer.config.models import LightStopConfig
from sequencer.devices.cover import CoverClient
from sequencer.devices.mechanisms import MechanismsClient
from sequencer.devices.shutter import ShutterClient

Position = Literal["OPEN", "CLOSED", "MOVING", "UNKNOWN"]


class LightStop(Protocol):
    """Opens and closes the beam and says, from read-back, where it stands and how old that knowledge is."""

    name: str

    @property
    def position(self) -> Position:
        """Where it stands, as last read back."""

    @property
    def closed(self) -> bool:
        """Read back closed, all of it."""

    @property
    def simulated(self) -> bool:
        """Whether a simulator stands in for it."""

    def read_back_age_s(self) -> float:
        """Seconds of liveness time since the read-back."""

    async def open(self, position: str | None = None) -> None:
        """Let light in; `position` names which opening of a wheel."""

    async def close(self) -> None:
        """Shut the light out; returns when read back closed."""


class WheelStop:
    """A wheel with a closed position, such as METIS's CFO-PP1 (closed = DARK)."""

    def __init__(
        self, name: str, mechanisms: MechanismsClient, keyword: str, closed: str, opening: str
    ) -> None:
        self.name = name
        self.mechanisms = mechanisms
        self.keyword = keyword
        self.closed_at = closed
        self._opening = opening

    @property
    def position(self) -> Position:
        """CLOSED at the closed position only; OPEN at any other; MOVING between positions."""
        state = self.mechanisms.state
        found = state.positions.get(self.keyword)
        if found is None:
            return "UNKNOWN"
        if not found or self.keyword in state.moving:
            return "MOVING"
        return "CLOSED" if found == self.closed_at else "OPEN"

    @property
    def closed(self) -> bool:
        """Whether the wheel stands at its closed position."""
        return self.position == "CLOSED"

    @property
    def simulated(self) -> bool:
        """Whether the mechanisms are simulated."""
        return self.mechanisms.simulated

    def read_back_age_s(self) -> float:
        """Seconds since the mechanisms last told their state."""
        return self.mechanisms.state_age_s()

    async def open(self, position: str | None = None) -> None:
        """Turn to `position`, or to the configured opening. Raises ValueError for the closed position."""
        wanted = position or self._opening
        if wanted == self.closed_at:
            raise ValueError(f"{self.name}: {wanted} is the closed position of {self.keyword}")
        await self.mechanisms.move({self.keyword: wanted})

    async def close(self) -> None:
        """Turn to the closed position."""
        await self.mechanisms.move({self.keyword: self.closed_at})


class DeviceStop:
    """A shutter or a cover."""

    def __init__(self, name: str, device: ShutterClient | CoverClient) -> None:
        self.name = name
        self.device = device

    @property
    def position(self) -> Position:
        """OPEN also for a cover that is partly open; MOVING between the ends."""
        position = self.device.state.position
        if position in ("OPENING", "CLOSING"):
            return "MOVING"
        return "CLOSED" if position == "CLOSED" else "OPEN"

    @property
    def closed(self) -> bool:
        """Whether the device is read back closed."""
        return self.position == "CLOSED"

    @property
    def simulated(self) -> bool:
        """Whether the device is simulated."""
        return self.device.simulated

    def read_back_age_s(self) -> float:
        """Seconds since the device last told its state."""
        return self.device.state_age_s()

    async def open(self, position: str | None = None) -> None:
        """Open; `position` names one half of a cover."""
        if position is None:
            await self.device.open()
        elif isinstance(self.device, CoverClient):
            await self.device.open([position])
        else:
            raise ValueError(f"{self.name} has no opening {position}: it is open or closed")

    async def close(self) -> None:
        """Close."""
        await self.device.close()


def light_stop(
    config: LightStopConfig,
    role: str,
    mechanisms: MechanismsClient | None,
    device: ShutterClient | CoverClient | None,
) -> LightStop:
    """The light stop of a role (`shutter`, `cover`). Raises ValueError when there is nothing for it."""
    if config.mechanism and mechanisms is not None:
        return WheelStop(role, mechanisms, config.mechanism, config.closed, config.open)
    if not config.mechanism and device is not None:
        return DeviceStop(role, device)
    missing = f"mechanisms with {config.mechanism}" if config.mechanism else f"a device of kind {role}"
    raise ValueError(f"the instrument's {role} needs {missing}, and the deployment has none")
