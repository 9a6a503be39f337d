"""Device servers of the optical camera as processes of their own, and runs of the sequencer against them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sequencer.clock import ScaledClock, WallClock, parse_utc
from sequencer.wire.client import Client
from simulators.process import main as serve_device
from tests.command import COPIES
from tests.end_to_end import rig
from tests.patience import HANG_S
from tests.ports import free_ports

SEQUENCER = [sys.executable, "-c", "from sequencer.cli.main import main; main()"]
START = "2027-03-20T23:00:00"


@dataclass
class Observatory:
    """Devices at ports nobody else uses, and a folder to run in; `clock` is the scaled one they all live by."""

    folder: Path
    rate: float
    endpoints: dict[str, str]
    clock: ScaledClock
    devices: dict[str, BaseProcess] = field(default_factory=dict)

    def serve(self, device: str) -> None:
        """Start a device's server, or start it again, and wait until it answers."""
        arguments = ["--deployment", str(self.folder / "here.yaml"), "--device", device, "--seed", "1"]
        arguments += ["--clock", f"scaled:{self.rate}"]
        arguments += ["--epoch", repr(self.clock.epoch_s), "--origin", repr(self.clock.origin_s)]
        self.devices[device] = COPIES.Process(target=serve_device, args=(arguments,))
        self.devices[device].start()
        self.snapshot(device)

    def end(self, device: str) -> None:
        """End a device's server as nobody can refuse."""
        self.devices[device].kill()
        self.devices[device].join()

    def sequencer(self, *arguments: str, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*prefix, *SEQUENCER, *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def script(self, text: str, out: str, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        """A commissioning script on the devices."""
        (self.folder / f"{out}.py").write_text(text)
        arguments = ("script", f"{out}.py", "-d", "here.yaml", "--clock", f"scaled:{self.rate}", "--out", out)
        return self.sequencer(*arguments, prefix=prefix)

    def position(self, device: str) -> str:
        """Where a shutter or cover says it is: by a client of our own, not by the run's word."""
        return str(self.snapshot(device)["position"])

    def snapshot(self, device: str) -> dict[str, Any]:
        """State of a device, once it answers."""

        async def ask() -> dict[str, Any]:
            client = Client(device, self.endpoints[device], WallClock())
            try:
                await client.ask_hello(HANG_S)
                return dict((await client.call("snapshot", deadline_s=HANG_S))["state"])
            finally:
                await client.close()

        return WallClock().run(ask())

    def wait_until_closed(self, device: str) -> None:
        """Follow what the device publishes until it says so."""

        async def follow() -> None:
            client = Client(device, self.endpoints[device], self.clock)
            closed = asyncio.Event()
            client.listeners.append(lambda state: closed.set() if state["position"] == "CLOSED" else None)
            try:
                await client.connect(60.0)
                await closed.wait()
            finally:
                await client.close()

        self.clock.run(follow())

    def stops(self) -> dict[str, str]:
        """Where the light stops are."""
        return {device: self.position(device) for device in ("shutter", "cover")}

    def run_dir(self, out: str) -> Path:
        (found,) = (self.folder / out).iterdir()
        return found


@contextmanager
def observatory(folder: Path, rate: float) -> Iterator[Observatory]:
    """The camera's devices, each a process, serving."""
    names = list(rig.DEVICES["opticam"])
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    endpoints = {name: f"tcp://127.0.0.1:{port}" for name, port in ports.items()}
    rig.write_deployment(folder, endpoints.__getitem__, instrument="opticam", start=START)
    here = Observatory(folder, rate, endpoints, ScaledClock(parse_utc(START), rate))
    try:
        for name in names:
            here.serve(name)
        yield here
    finally:
        for name in here.devices:
            here.end(name)


def until(process: subprocess.Popen[str], words: str) -> list[str]:
    """Lines of a process up to the one with these words."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return lines
    raise AssertionError(f"ended without {words!r}:\n{''.join(lines)}")


def told(running: subprocess.Popen[str]) -> str:
    """What a process says from here to its end."""
    output, _ = running.communicate()
    return output


def of(records: list[Any], kind: str) -> list[dict[str, Any]]:
    return [record.data for record in records if record.kind == kind]
