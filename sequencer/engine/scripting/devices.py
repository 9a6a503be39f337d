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


class Sources(Device):
    """The calibration sources of a scripted run."""

    def __init__(self, run: RunContext, step: Step) -> None:
        super().__init__(step, run.devices.sources)
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


def _stepped(step: Step, client: Any, command: str) -> Any:
    method = getattr(client, command)
    if not callable(method):  # where a light stop stands, whether a device is safe
        return method

    async def command_step(*args: Any, **kwargs: Any) -> Any:
        shown = {**{str(i): arg for i, arg in enumerate(args)}, **kwargs}
        return await step(client.name, command, shown, method(*args, **kwargs))

    return command_step
