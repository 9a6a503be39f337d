"""Starts the simulated device servers of a deployment, one process each, until interrupted."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from multiprocessing.connection import wait
from pathlib import Path

from sequencer.clock import Clock, ScaledClock, WallClock, iso
from sequencer.config import load_deployment
from sequencer.engine.clocks import parse_clock
from sequencer.engine.prepare import start_time
from sequencer.engine.request import BadInput, RunRequest
from sequencer.sky.site import offline

STOP_WITHIN_S = 10.0


def simulate(
    deployment: str,
    *,
    clock_spec: str = "scaled:60",
    start_s: float | None = None,
    seed: int = 1,
    tell: Callable[[str], object] = print,
) -> int:
    """Serve every simulated device of a deployment in a process of its own; returns the exit code.

    Ends, and ends them all, on Ctrl-C, on SIGTERM, or when one of them dies (code 1). Raises ConfigErrors and
    BadInput, also for an address that cannot be served.
    """
    kind, rate = parse_clock(clock_spec)
    if kind == "virtual":
        raise BadInput(["--clock virtual: processes cannot share virtual time; use scaled:RATE or wall"])
    config = load_deployment(deployment)
    names = [name for name, device in config.devices.items() if device.simulated]
    request = RunRequest(Path(), deployment, start_s=start_s, clock_spec=clock_spec)
    clock: Clock = ScaledClock(start_time(request, config), rate) if kind == "scaled" else WallClock()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    import_module("simulators.process")
    offline()
    devices = [_Device(name, _arguments(deployment, name, clock_spec, clock, seed)) for name in names]
    try:
        for device in devices:
            line = device.first_word()
            if line.startswith("refused "):
                raise BadInput([line.removeprefix("refused ")])
            if not line:
                tell(f"{device.process.name} did not start")
                return 1
            tell(line)
        tell(
            f"all {len(names)} devices of {config.name} are ready at {iso(clock.now(), 0)} UTC; Ctrl-C ends them"
        )
        return _wait(devices, tell)
    except KeyboardInterrupt:
        return 0
    finally:
        for device in devices:
            device.process.terminate()
        for device in devices:
            device.end()


def _arguments(deployment: str, name: str, clock_spec: str, clock: Clock, seed: int) -> list[str]:
    """What `simulators.process` is told of one device."""
    arguments = ["--deployment", deployment, "--device", name, "--clock", clock_spec, "--seed", str(seed)]
    if isinstance(clock, ScaledClock):
        arguments += ["--epoch", repr(clock.epoch_s), "--origin", repr(clock.origin_s)]
    return arguments


class _Device:
    """The process of a device: a copy of this one, so that what they all import is read once."""

    def __init__(self, name: str, arguments: list[str]) -> None:
        self._words, says = os.pipe()
        self.process = multiprocessing.get_context("fork").Process(
            target=_serve, args=(arguments, says), name=name, daemon=True
        )
        self.process.start()
        os.close(says)

    def first_word(self) -> str:
        """Its first line, once it is there; none if it ended before."""
        with os.fdopen(self._words) as words:
            return words.readline().strip()

    def end(self) -> None:
        """Wait for its end after it was told to, and force it where it does not come."""
        self.process.join(STOP_WITHIN_S)
        self.process.kill()
        self.process.join()


def _serve(arguments: list[str], says: int) -> None:
    os.dup2(says, sys.stdout.fileno())
    sys.exit(import_module("simulators.process").main(arguments))


def _wait(devices: list[_Device], tell: Callable[[str], object]) -> int:
    """Wait for the first process to end; none should."""
    wait([device.process.sentinel for device in devices])
    for device in devices:
        if device.process.exitcode is not None:
            tell(f"{device.process.name} has ended with code {device.process.exitcode}")
    return 1
