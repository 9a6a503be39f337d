"""Which clock a run lives by: named on the command line, or found out from the simulators already running."""

from __future__ import annotations

import math
from typing import Any

from sequencer.clock import Clock, ScaledClock, VirtualClock, WallClock
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


def choose_clock(text: str, deployment: Deployment, start_s: float) -> Clock:
    """The clock of a run. A scaled clock is the one its simulators run by. Raises BadInput."""
    real = [name for name, device in deployment.devices.items() if not device.simulated]
    kind, rate = parse_clock(text or ("wall" if real else "virtual"))
    if kind == "virtual":
        if real:
            raise BadInput([f"{name} is real hardware and cannot live by virtual time" for name in real])
        return VirtualClock(start_s)
    if kind == "wall":
        return WallClock()
    found = WallClock().run(_ask_clock(deployment))
    if found.get("kind") != "scaled" or found.get("rate") != rate:
        raise BadInput([f"--clock {text}: the simulators of {deployment.name} run by {found}"])
    return ScaledClock(found["epoch_s"], found["rate"], found["origin_s"])


async def _ask_clock(deployment: Deployment) -> dict[str, Any]:
    name, device = next((name, device) for name, device in deployment.devices.items() if device.simulated)
    client = Client(name, device.endpoint, WallClock())
    try:
        return (await client.ask_hello(ANSWER_WITHIN_S)).clock
    except NoAnswer:
        text = f"{name} at {device.endpoint} does not answer; start it with: sequencer simulate {deployment.name}"
        raise BadInput([text]) from None
    except WireError as error:
        raise BadInput([f"{name} at {device.endpoint}: {error}"]) from None
    finally:
        await client.close()
