"""Starts the simulated device servers of a deployment, one process each, until interrupted."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from sequencer.clock import Clock, ScaledClock, WallClock, iso
from sequencer.config import load_deployment
from sequencer.engine.clocks import parse_clock
from sequencer.engine.prepare import start_time
from sequencer.engine.request import BadInput, RunRequest

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
    processes = {name: _start(deployment, name, clock_spec, clock, seed) for name in names}
    try:
        for name, process in processes.items():
            line = process.stdout.readline().strip() if process.stdout else ""
            if line.startswith("refused "):
                raise BadInput([line.removeprefix("refused ")])
            if not line.startswith("ready"):
                tell(f"{name} did not start")
                return 1
            tell(line)
        tell(
            f"all {len(names)} devices of {config.name} are ready at {iso(clock.now(), 0)} UTC; Ctrl-C ends them"
        )
        return _wait(processes, tell)
    except KeyboardInterrupt:
        return 0
    finally:
        _end(processes)


def _start(deployment: str, name: str, clock_spec: str, clock: Clock, seed: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "simulators.process", "--deployment", deployment, "--device", name]
    command += ["--clock", clock_spec, "--seed", str(seed)]
    if isinstance(clock, ScaledClock):
        command += ["--epoch", repr(clock.epoch_s), "--origin", repr(clock.origin_s)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _wait(processes: dict[str, subprocess.Popen[str]], tell: Callable[[str], object]) -> int:
    """Wait for the first process to end; none should."""
    while True:
        for name, process in processes.items():
            try:
                code = process.wait(timeout=0.5)
            except subprocess.TimeoutExpired:
                continue
            tell(f"{name} has ended with code {code}")
            return 1


def _end(processes: dict[str, subprocess.Popen[str]]) -> None:
    for process in processes.values():
        process.terminate()
    for process in processes.values():
        try:
            process.wait(timeout=STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()
