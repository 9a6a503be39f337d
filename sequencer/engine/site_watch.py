"""Watches the site of a run: nothing opens while it is not safe, and what is open closes when it becomes so."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from sequencer.config.models import WeatherLimits
from sequencer.devices.lightpath import LightStop, WheelStop
from sequencer.engine import alarms
from sequencer.engine.context import RunContext
from sequencer.wire.beat import PATIENCE, beats_s, rest
from sequencer.wire.errors import DeviceError, WireError

AT_WORK = ("Running", "Paused", "Suspended")
"""States of the block in which the devices are the run's to close."""


class SiteNotSafe(Exception):
    """Nothing may be opened: the site is not safe, or does not say."""


class SiteWatch:
    """One run's watch over weather and roof, by what the site publishes; its silence included.

    Open is an instrument whose shutter or cover, as a device of its own, is not read back closed, or whose light stops
    are positions of wheels inside and none of them is. It looks at every word of the site and of the light stops'
    devices. `start` it when the devices are up.
    """

    def __init__(self, run: RunContext, limits: WeatherLimits) -> None:
        self._run = run
        self._limits = limits
        self._stops = {
            role: stop for role, stop in (("shutter", run.shutter), ("cover", run.cover)) if stop is not None
        }
        self._silence = ""
        self._told_unsafe = False

    def start(self) -> None:
        """From now on nothing opens while the site is not safe, and nothing stays open once the run has begun."""
        run, devices = self._run, self._run.devices
        run.site_objections = lambda: self._reasons(on_sky=run.on_sky)
        for client in (devices.shutter, devices.cover, devices.mechanisms):
            if client is not None:
                client.guards.append(partial(self._permit, client is devices.mechanisms))
                client.link.listeners.append(self._look)
        if devices.site is not None:
            devices.site.link.listeners.append(self._look)
        self._task = asyncio.get_running_loop().create_task(self._listen())

    async def stop(self) -> None:
        """Watch no more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _reasons(self, *, on_sky: bool) -> list[str]:
        site = self._run.devices.site
        if site is None:
            return ["no site tells of weather and roof"]
        return [self._silence] if self._silence else site.why_unsafe(self._limits, on_sky=on_sky)

    # ---- refusing ---------------------------------------------------------------------------------------------

    def _permit(self, wheels: bool, cmd: str, args: dict[str, Any]) -> None:
        """Raise SiteNotSafe for a command that would open the instrument."""
        positions = args.get("positions", {}) if wheels else {}
        opens = self._opens(positions) if wheels else cmd == "open"
        control = self._run.control
        if opens and (why := control.broken_off):
            raise SiteNotSafe(f"the run is being ended: {why}")
        if opens and (control.ending == "abort" or control.state not in AT_WORK):
            raise SiteNotSafe(f"the run is being ended, nothing is opened: the block is {control.state}")
        if opens and (reasons := self._run.site_objections()):
            raise SiteNotSafe(f"the site is not safe, nothing is opened: {', '.join(reasons)}")

    def _opens(self, positions: Mapping[str, str]) -> bool:
        """Whether the instrument is open once these mechanisms have moved, and they have to do with it."""
        moved = {
            role: self._position(stop.keyword, positions[stop.keyword]) == stop.closed_at
            for role, stop in self._stops.items()
            if isinstance(stop, WheelStop) and stop.keyword in positions
        }
        return not all(moved.values()) and self._is_open(moved)

    def _position(self, keyword: str, asked_for: str) -> str:
        config = self._run.instrument.mechanisms.get(keyword)
        return config.aliases.get(asked_for, asked_for) if config else asked_for

    # ---- watching ---------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        try:
            while True:
                await rest(self._run.clock, 1.0, "engine.site")
                self._silence = await self._asked_in_vain()
                self._look()
        except Exception as error:  # nobody would see the rain any more
            alarms.site_not_safe(self._run, f"it cannot be watched: {type(error).__name__}: {error}")

    async def _asked_in_vain(self) -> str:
        """What the site's silence means: it is asked before it counts as silent, as words may have come late."""
        site = self._run.devices.site
        if site is None or site.state_age_s() <= beats_s(self._run.clock, PATIENCE):
            return ""
        age_s = site.state_age_s()
        try:
            await site.link.call("snapshot")
        except WireError:
            return f"{site.name} has told nothing for {age_s:.0f} s and does not answer"
        return ""

    def _look(self, _: object = None) -> None:
        control = self._run.control
        if control.state not in AT_WORK or control.ending == "halt" or control.broken_off:
            return
        if (reasons := self._run.site_objections()) and self._is_open():
            alarms.site_not_safe(self._run, ", ".join(reasons))
            return
        reasons = self._reasons(on_sky=True)
        if bool(reasons) != self._told_unsafe:
            self._told_unsafe = bool(reasons)
            text = f"the site is not safe, nothing will be opened to the sky: {', '.join(reasons)}"
            alarms.warning(self._run, text if reasons else "the site is safe again")

    def _is_open(self, moved: Mapping[str, bool] | None = None) -> bool:
        """Whether the instrument is open; `moved` tells of stops that will be closed, or not."""
        closed = {role: _closed(stop) for role, stop in self._stops.items()} | dict(moved or {})
        lids = [role for role, stop in self._stops.items() if not isinstance(stop, WheelStop)]
        return not any(closed.values()) or not all(closed[role] for role in lids)


def _closed(stop: LightStop) -> bool:
    try:
        return stop.closed
    except DeviceError:
        return False
