"""A world that follows devices served elsewhere: their published states become facts of the world."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import zmq.asyncio

from sequencer.clock import Clock
from sequencer.config.models import DeviceConfig
from sequencer.wire.client import Client
from sequencer.wire.errors import WireError
from simulators.world.world import World

State = Mapping[str, Any]
RETRY_S = 1.0


class Followers:
    """Watches devices, each as soon as it answers, and tells the world what they do."""

    def __init__(
        self,
        devices: Mapping[str, DeviceConfig],
        world: World,
        clock: Clock,
        context: zmq.asyncio.Context | None,
    ) -> None:
        self._world = world
        self._clock = clock
        self._context = context
        self._devices = {name: config for name, config in devices.items() if config.kind in TELL}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to look for the devices; returns at once."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._follow(*entry)) for entry in self._devices.items()]

    async def stop(self) -> None:
        """Look no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _follow(self, name: str, config: DeviceConfig) -> None:
        while True:
            client = Client(f"{name}.world", config.endpoint, self._clock, context=self._context)
            try:
                await self._listen(client, TELL[config.kind])
            except WireError:
                pass  # not there yet
            finally:
                await client.close()
            await self._clock.sleep(RETRY_S * self._clock.rate, f"{name}.world")

    async def _listen(self, client: Client, tell: Callable[[World, float, State], None]) -> None:
        """Tell the world the device's state now and whenever it changes; ends only by WireError or cancelled."""

        def listen(state: State) -> None:
            tell(self._world, client.state_time_s, state)

        client.listeners.append(listen)
        await client.connect()
        if client.state:
            listen(client.state)
        await asyncio.get_running_loop().create_future()


def tell_telescope(world: World, time_s: float, state: State) -> None:
    """A slew begins (its target is new), a position is followed, or the telescope stands."""
    target = (state["target_altitude_deg"], state["target_azimuth_deg"])
    if state["moving"]:
        if world.timeline.track("telescope", "going_to").at(time_s) != target:
            world.record("telescope", time_s, going_to=target)
            world.slew(time_s, *target)
        return
    world.record("telescope", time_s, going_to=None)
    if state["tracking"]:
        world.track(time_s, state["ra_deg"], state["dec_deg"])
    else:
        world.point(time_s, state["altitude_deg"], state["azimuth_deg"])


def tell_shutter(world: World, time_s: float, state: State) -> None:
    """The blade begins to move or has arrived."""
    _tell_leaf(world, time_s, "shutter", "", str(state["position"]), world.instrument.shutter.seconds)


def tell_cover(world: World, time_s: float, state: State) -> None:
    """Each half begins to move or has arrived; while some move, the cover's position tells which way."""
    named = world.instrument.cover.halves
    for half, where in state["halves"].items():
        going = str(state["position"]) if where == "MOVING" else str(where)
        seconds = world.instrument.cover.seconds
        _tell_leaf(world, time_s, "cover", half if half in named else "", going, seconds)


def tell_mechanisms(world: World, time_s: float, state: State) -> None:
    """Mechanisms begin to move, have arrived, or were stopped between two positions."""
    for keyword, position in state["positions"].items():
        mechanism = world.beam.mechanisms.get(keyword)
        if mechanism is None:
            continue
        if keyword in state["moving"]:
            target = state["targets"].get(keyword)
            goal = world.timeline.track("mechanisms.targets", keyword)
            if target and goal.at(time_s) != target:
                world.record("mechanisms.targets", time_s, **{keyword: target})
                world.move(keyword, time_s, target)
            continue
        world.record("mechanisms.targets", time_s, **{keyword: ""})
        if position:
            world.place(keyword, time_s, position)
        else:
            mechanism.stop(time_s)


def _tell_leaf(world: World, time_s: float, role: str, half: str, where: str, seconds: float) -> None:
    """`where` OPENING or CLOSING begins a motion once, OPEN and CLOSED are ends, anything else is a stop between."""
    before = world.timeline.track(f"{role}.heard", half or role).at(time_s)
    world.record(f"{role}.heard", time_s, **{half or role: where})
    if where in ("OPENING", "CLOSING"):
        if where != before:
            world.swing(role, half, time_s, float(where == "OPENING"), seconds)
    elif where in ("OPEN", "CLOSED"):
        world.swing(role, half, time_s, float(where == "OPEN"), 0.0)
    else:
        world.rest(role, half, time_s)


TELL: dict[str, Callable[[World, float, State], None]] = {
    "telescope": tell_telescope,
    "shutter": tell_shutter,
    "cover": tell_cover,
    "mechanisms": tell_mechanisms,
}
"""Kinds of device that matter to the light, and how their state becomes facts."""
