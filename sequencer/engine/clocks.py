"""Which clock a run lives by: named on the command line, or found out from the simulators already running."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from sequencer.clock import Clock, ScaledClock, VirtualClock, WallClock, iso
from sequencer.config import load_deployment
from sequencer.config.models import Deployment
from sequencer.engine.request import BadInput
from sequencer.wire.client import Client
from sequencer.wire.errors import NoAnswer, WireError

ANSWER_WITHIN_S = 5.0


def parse_clock(text: str) -> tuple[str, float]:
    """Kind and rate of virtual, wall or scaled:RATE. Raises BadInput."""
    kind, _, rate = text.partition(":")
    if kind in ("virtual", "wall") and not rate:
        return kind, 1.0
    try:
        if kind == "scaled" and 0.0 < float(rate) < math.inf:
            return kind, float(rate)
    except ValueError:
        pass
    raise BadInput(
        [f"--clock {text}: must be virtual, wall or scaled:RATE with a rate above 0, as scaled:60"]
    )


class Named(NamedTuple):
    """A deployment as somebody named it, and the start he asked for (Unix s): what hints are made of."""

    deployment: str
    start_s: float | None = None

    def simulate(self, clock: str) -> str:
        """The command that starts the simulators a run by this clock will take."""
        start = "" if self.start_s is None else f" --start {iso(self.start_s, 0)}"
        return f"sequencer simulate {self.deployment} --clock {clock}{start}"


def choose_clock(text: str, deployment: Deployment, start_s: float, named: Named) -> Clock:
    """The clock of a run. A scaled clock is the one its simulators run by. Raises BadInput."""
    real = [name for name, device in deployment.devices.items() if not device.simulated]
    kind, rate = parse_clock(text or _usual(deployment))
    if kind == "virtual":
        if real:
            raise BadInput([f"{name} is real hardware and cannot live by virtual time" for name in real])
        return VirtualClock(start_s)
    if kind == "wall":
        return WallClock()
    with ThreadPoolExecutor(1) as thread:  # the caller may be in an event loop of its own, as a notebook is
        found = thread.submit(WallClock().run, _ask_clock(deployment, named.simulate(text))).result()
    theirs = f"scaled:{found['rate']:g}" if found["kind"] == "scaled" else found["kind"]
    if (found["kind"], found.get("rate", 1.0)) != (kind, rate):
        raise BadInput(
            [
                f"--clock {text}: the simulators of {named.deployment} run by {theirs}; give that, or start them "
                f"anew: {named.simulate(text)}"
            ]
        )
    return ScaledClock(found["epoch_s"], found["rate"], found["origin_s"])


def check_start(text: str, name: str, start_s: float | None) -> None:
    """Refuse a start that was asked for and that the clock of a run cannot have. Raises BadInput and ConfigErrors.

    A scaled clock began when its simulators did; the wall clock begins nowhere.
    """
    deployment, named = load_deployment(name), Named(name, start_s)
    kind, _ = parse_clock(text or _usual(deployment))
    if start_s is None or kind == "virtual":
        return
    if kind == "wall":
        raise BadInput(["--start: the wall clock cannot be set; leave out --start, the run begins now"])
    clock = choose_clock(text, deployment, start_s, named)
    if isinstance(clock, ScaledClock) and clock.epoch_s != start_s:
        raise BadInput(
            [
                f"--start {iso(start_s, 0)}: the simulators of {name} began at {iso(clock.epoch_s, 0)}, it is "
                f"{iso(clock.now(), 0)} there; leave out --start, or start them anew: {named.simulate(text)}"
            ]
        )


def _usual(deployment: Deployment) -> str:
    """The clock where none is named: virtual time, unless a device is real."""
    return "virtual" if all(device.simulated for device in deployment.devices.values()) else "wall"


async def _ask_clock(deployment: Deployment, command: str) -> dict[str, Any]:
    name, device = next((name, device) for name, device in deployment.devices.items() if device.simulated)
    client = Client(name, device.endpoint, WallClock())
    try:
        return (await client.ask_hello(ANSWER_WITHIN_S)).clock
    except NoAnswer:
        text = f"{name} at {device.endpoint} does not answer; start it with: {command}"
        raise BadInput([text]) from None
    except WireError as error:
        raise BadInput([f"{name} at {device.endpoint}: {error}"]) from None
    finally:
        await client.close()
