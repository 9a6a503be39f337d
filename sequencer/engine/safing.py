"""Ending safe: every device is brought to its safe state, and that state is read back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from sequencer.devices.client import DeviceClient
from sequencer.devices.lightpath import LightStop, WheelStop
from sequencer.engine.context import RunContext
from sequencer.wire.errors import WireError


async def make_safe(run: RunContext) -> bool:
    """Shut the light out and make every device safe, all at once; whether all read back safe.

    Each device's result goes into the journal; one that will not become safe raises an alarm that names it.
    """
    began_s = run.clock.now()
    others = [device for device in run.devices.all if device is not run.devices.mechanisms]
    results = await asyncio.gather(
        _shut_out_light(run, began_s),
        *(_reach(run, device.name, device.safe, partial(_is_safe, device), began_s) for device in others),
    )
    return all(results)


async def _shut_out_light(run: RunContext, began_s: float) -> bool:
    """Mechanisms first: what they are doing ends, as a light stop may be one of them."""
    results = []
    mechanisms = run.devices.mechanisms
    if mechanisms is not None:
        free = partial(_is_safe, mechanisms)
        results.append(await _reach(run, mechanisms.name, mechanisms.safe, free, began_s))
    for role, stop in (("shutter", run.shutter), ("cover", run.cover)):
        if stop is not None and isinstance(stop, WheelStop):
            results.append(await _reach(run, role, stop.close, partial(_is_closed, stop), began_s))
    return all(results)


async def _reach(
    run: RunContext,
    name: str,
    make: Callable[[], Awaitable[object]],
    reached: Callable[[], bool],
    began_s: float,
) -> bool:
    """Have one device made safe, look at what it reads back, and write it down.

    It is told even if its last word was that it is safe: it may have died since.
    """
    try:
        await make()
        await run.clock.turn(f"safe.{name}")
        why = "" if reached() else "it still reads back unsafe"
    except WireError as error:
        why = str(error)
    run.log("safe_state", device=name, reached=not why, seconds=round(run.clock.now() - began_s, 3))
    if why:
        run.alarm(
            f"{name} is not safe: {why}",
            "light, motion or heat may harm the detectors",
            f"bring {name} to its safe state by hand before you leave",
        )
    return not why


def _is_closed(stop: LightStop) -> bool:
    return stop.closed


def _is_safe(device: DeviceClient[Any]) -> bool:
    return device.is_safe
