"""Telescope, mechanisms, lamps and light stops of a scripted run: every command is a step of the journal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sequencer.engine.context import RunContext
from sequencer.engine.pointing import preset
from sequencer.wire.errors import DeviceError

LONGEST_WARM_UP_S = 7200.0
WARM_UP_POLL_S = 30.0

Step = Callable[[str, str, dict[str, Any], Awaitable[Any]], Awaitable[Any]]
"""Writes what device does which command, with what arguments, into the journal around the work itself."""


class Device:
    """A device of a scripted run by its role: its client's commands, each of them a step of the journal.

    Raises AttributeError where the deployment has no device of that role.
    """

    def __init__(self, role: str, step: Step, client: Any) -> None:
        self._role = role
        self._step = step
        self._client = client

    def __bool__(self) -> bool:
        return self._client is not None

    def __repr__(self) -> str:
        if not self:
            return f"<no {self._role} in this deployment>"
        return f"<{self._role}: {self.position if hasattr(self._client, 'position') else self._client.state}>"

    def __dir__(self) -> list[str]:
        known = object.__dir__(self) if not self else [*object.__dir__(self), *dir(self._client)]
        return [name for name in known if not name.startswith("_")]

    def __getattr__(self, command: str) -> Any:
        if not self:
            raise AttributeError(f"this deployment has no {self._role}")
        method = getattr(self._client, command)
        if not callable(method):  # its state, where a light stop stands, whether a device is safe
            return method

        async def command_step(*args: Any, **kwargs: Any) -> Any:
            shown = {**{str(i): arg for i, arg in enumerate(args)}, **kwargs}
            return await self._step(self._client.name, command, shown, method(*args, **kwargs))

        return command_step


class Telescope(Device):
    """The telescope of a scripted run: presets look at the whole slew first."""

    def __init__(self, run: RunContext, step: Step) -> None:
        super().__init__("telescope", step, run.devices.telescope)
        self._run = run

    async def preset(self, altitude_deg: float, azimuth_deg: float, *, tracking: bool = False) -> None:
        """Point and wait until arrived. Raises PointingRefused when the slew passes the Sun."""
        args = {"altitude_deg": altitude_deg, "azimuth_deg": azimuth_deg, "tracking": tracking}
        work = preset(self._run, altitude_deg, azimuth_deg, tracking=tracking)
        await self._step("telescope", "preset", args, work)


class Sources(Device):
    """The calibration sources of a scripted run."""

    def __init__(self, run: RunContext, step: Step) -> None:
        super().__init__("sources", step, run.devices.sources)
        self._run = run

    async def warm(self, name: str) -> None:
        """Wait until a source that was switched on is stable, as it says itself; the operator can interrupt.

        Raises DeviceError when it is off, or not stable after the longest time an instrument file can give.
        """
        await self._step("sources", "warm", {"name": name}, self._warm(name))

    async def _warm(self, name: str) -> None:
        run, end_s = self._run, self._run.clock.now() + LONGEST_WARM_UP_S
        with run.doing(f"{name} warms up"):
            while not (source := self._client.state.sources[name]).stable:
                if not source.on or run.clock.now() > end_s:
                    raise DeviceError("not_stable", f"{name} is {'on, but not stable' if source.on else 'off'}")
                await run.control.wait(WARM_UP_POLL_S, "engine.wait")
