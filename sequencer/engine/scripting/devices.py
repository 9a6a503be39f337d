"""Telescope, mechanisms, lamps and light stops of a scripted run: every command is a step of the journal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sequencer.engine.context import RunContext
from sequencer.engine.pointing import preset

Step = Callable[[str, str, dict[str, Any], Awaitable[Any]], Awaitable[Any]]
"""Writes what device does which command, with what arguments, into the journal around the work itself."""


class Telescope:
    """The telescope of a scripted run: presets look at the whole slew first."""

    def __init__(self, run: RunContext, step: Step) -> None:
        self._run = run
        self._step = step

    @property
    def state(self) -> Any:
        """State as last read back."""
        return self._client.state

    async def preset(self, altitude_deg: float, azimuth_deg: float, *, tracking: bool = False) -> None:
        """Point and wait until arrived. Raises PointingRefused when the slew passes the Sun."""
        args = {"altitude_deg": altitude_deg, "azimuth_deg": azimuth_deg, "tracking": tracking}
        work = preset(self._run, altitude_deg, azimuth_deg, tracking=tracking)
        await self._step("telescope", "preset", args, work)

    def __getattr__(self, command: str) -> Any:
        return _stepped(self._step, self._client, command)

    @property
    def _client(self) -> Any:
        return self._run.devices.telescope


class Device:
    """Any other device of a scripted run: every command is a step of the journal."""

    def __init__(self, step: Step, client: Any) -> None:
        self._step = step
        self._client = client

    @property
    def state(self) -> Any:
        """State as last read back."""
        return self._client.state

    def __getattr__(self, command: str) -> Any:
        return _stepped(self._step, self._client, command)


def _stepped(step: Step, client: Any, command: str) -> Any:
    method = getattr(client, command)
    if not callable(method):  # where a light stop stands, whether a device is safe
        return method

    async def command_step(*args: Any, **kwargs: Any) -> Any:
        shown = {**{str(i): arg for i, arg in enumerate(args)}, **kwargs}
        return await step(client.name, command, shown, method(*args, **kwargs))

    return command_step
