"""Ending safe: every device is brought to its safe state, and that state is read back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from sequencer.clock import Clock
from sequencer.devices.client import DeviceClient
from sequencer.devices.connect import Devices
from sequencer.devices.lightpath import LightStop, WheelStop
from sequencer.engine.context import RunContext
from sequencer.wire.errors import WireError

ANSWER_S = 4.0
"""Liveness seconds in which a device must say that it has heard. Device servers answer in milliseconds; how long
making safe itself may take is what they say (assumed generous)."""

LONGEST_S = 600.0
"""Liveness seconds a device that says it is at it may take to become safe: large covers take minutes (assumed)."""

SILENT_S = 5.0
"""A device that has told nothing for this long is not waited for when it is let go; it tells its state every
second. Its lease ends by itself."""

FAREWELL_S = 0.2
"""Liveness seconds a silent device gets: time to close the link, not to hear an answer."""


async def make_safe(run: RunContext, reason: str = "") -> bool:
    """Shut the light out and make every device safe, all at once; whether all read back safe.

    Each device's result goes into the journal; one that will not become safe raises an alarm that names it. The
    devices are told before anything is written: a disk that is ill may take its time.
    """
    began_s = run.clock.now()
    others = [device for device in run.devices.all if device is not run.devices.mechanisms]
    work = [_shut_out_light(run, began_s), *(_device_safe(run, device, began_s) for device in others)]
    making = [asyncio.ensure_future(one) for one in work]
    await asyncio.wait(making, timeout=0)
    try:
        run.control.trigger("make_safe", reason)
    finally:  # a fault of ours must not leave it half done
        with run.doing("making every device safe"):
            reached = await asyncio.gather(*making)
    return all(reached)


async def let_go(devices: Devices, clock: Clock) -> None:
    """Give every lease back and close every link, all at once.

    The lease of a device that had to end safe and is not read back so is left to lapse: then it makes itself safe.
    """
    await asyncio.gather(*(_leave(device, clock, devices.end_safe) for device in devices.all))


async def _leave(device: DeviceClient[Any], clock: Clock, end_safe: bool) -> None:
    patience_s = FAREWELL_S if device.state_age_s() > SILENT_S else ANSWER_S
    leaving = asyncio.ensure_future(device.disconnect(release=not end_safe or _reads_safe(device)))
    try:
        await clock.wait_for(leaving, patience_s, f"{device.name}.leave")
    except TimeoutError:
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)


async def _shut_out_light(run: RunContext, began_s: float) -> bool:
    """Mechanisms first: what they are doing ends, as a light stop may be one of them."""
    mechanisms = run.devices.mechanisms
    if mechanisms is None:
        return True
    reached = await _device_safe(run, mechanisms, began_s)
    for role, stop in (("shutter", run.shutter), ("cover", run.cover)):
        if isinstance(stop, WheelStop):
            close = stop.close if reached else partial(_cannot_turn, mechanisms.name)
            reached &= await _reach(run, role, close, partial(_is_closed, stop), began_s)
    return reached


async def _cannot_turn(mechanisms: str) -> None:
    raise WireError(f"{mechanisms} would have to turn it")


async def _device_safe(run: RunContext, device: DeviceClient[Any], began_s: float) -> bool:
    async def make() -> None:
        await device.link.call("safe", deadline_s=ANSWER_S)
        if device.link.restarted:  # it obeyed all the same, but what we know of it is the earlier one's
            await device.link.rejoin(ANSWER_S)
            await device.link.call("safe", deadline_s=ANSWER_S)

    return await _reach(run, device.name, make, lambda: device.is_safe, began_s)


async def _reach(
    run: RunContext,
    name: str,
    make: Callable[[], Coroutine[Any, Any, object]],
    reached: Callable[[], bool],
    began_s: float,
) -> bool:
    """Have one device made safe, look at what it reads back, and write it down.

    It is told even if its last word was that it is safe: it may have died since.
    """
    making = asyncio.ensure_future(make())
    try:
        await run.clock.wait_for(making, LONGEST_S, f"safe.{name}")
        await run.clock.turn(f"safe.{name}")
        why = "" if reached() else "it still reads back unsafe"
    except WireError as error:
        why = str(error)
    except TimeoutError:
        making.cancel()
        why = f"it is still at it after {LONGEST_S:g} s"
    except Exception as error:  # our fault with one device must not keep the others from being made safe
        why = f"{type(error).__name__}: {error}"
    run.log("safe_state", device=name, reached=not why, seconds=round(run.clock.now() - began_s, 3))
    if why:
        run.alarm(
            f"{name} is not safe: {why}",
            "light, motion or heat may harm the detectors",
            f"bring {name} to its safe state by hand before you leave",
        )
    return not why


def _reads_safe(device: DeviceClient[Any]) -> bool:
    try:
        return not device.link.restarted and device.is_safe
    except WireError:  # what it tells is no state
        return False


def _is_closed(stop: LightStop) -> bool:
    return stop.closed
