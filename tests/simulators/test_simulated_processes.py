"""Each simulator in a process of its own, over tcp, on a scaled clock: the detector sees what the others do."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
import zmq.asyncio
from numpy.typing import NDArray

from sequencer.clock import ScaledClock, parse_utc
from sequencer.config.load import load_deployment, load_instrument, load_site
from sequencer.devices.connect import connect_devices
from sequencer.devices.detector import DetectorClient
from sequencer.wire.frames import FrameReader
from sequencer.wire.messages import FrameHeader
from simulators.process import main as process_main
from simulators.start import start_simulators
from simulators.world.world import World
from tests.patience import HANG_S
from tests.ports import free_ports

RATE = 60.0
EPOCH_S = parse_utc("2027-03-20T09:15:00")
APART = ("telescope", "mechanisms", "detector_lm")
HERE = {"sources", "site", "detector_n", "detector_ifu"}


@pytest.fixture
def deployment_file(tmp_path: Path) -> Path:
    packaged = load_deployment("metis-sim").devices
    devices = {
        name: {"kind": config.kind, "camera": config.camera, "endpoint": f"tcp://127.0.0.1:{port}"}
        for (name, config), port in zip(packaged.items(), free_ports(len(packaged)), strict=True)
    }
    night = {"star_density": 0.0}
    path = tmp_path / "apart.yaml"
    plain = {
        "name": "apart",
        "instrument": "metis",
        "window_px": [96, 96],
        "night": night,
        "devices": devices,
    }
    path.write_text(yaml.safe_dump(plain))
    return path


@pytest.fixture
def clock(deployment_file: Path) -> Iterator[ScaledClock]:
    """Starts the three processes and gives the clock they live by."""
    clock = ScaledClock(EPOCH_S, RATE, time.monotonic())
    base = [sys.executable, "-m", "simulators.process", "--deployment", str(deployment_file), "--seed", "5"]
    scaled = ["--clock", f"scaled:{RATE}", "--epoch", str(EPOCH_S), "--origin", repr(clock.origin_s)]
    processes = [
        subprocess.Popen([*base, *scaled, "--device", name], stdout=subprocess.PIPE, text=True)
        for name in APART
    ]
    try:
        for name, process in zip(APART, processes, strict=True):
            assert process.stdout is not None
            assert process.stdout.readline().startswith(f"ready {name} tcp://127.0.0.1:")
        yield clock
    finally:
        for process in processes:
            process.terminate()
        codes = [process.wait(timeout=HANG_S) for process in processes]
        for process in processes:
            assert process.stdout is not None
            process.stdout.close()
    assert codes == [0, 0, 0]


def test_the_detector_sees_where_the_telescope_points_and_what_stands_in_the_beam(
    deployment_file: Path, clock: ScaledClock
) -> None:
    deployment = load_deployment(deployment_file)
    instrument = load_instrument("metis")
    frames: list[tuple[FrameHeader, float]] = []
    world = World(instrument, deployment, load_site("armazones"), seed=5)
    good = world.truth.good("LM", window=(96, 96))

    async def keep(header: FrameHeader, chips: list[NDArray[Any]]) -> None:
        frames.append((header, float(np.median(chips[0][good])) * 4.0))
        await reader.acknowledge(header.exposure)

    async def settled(detector: DetectorClient, ndit: int) -> tuple[FrameHeader, float]:
        """The first frame like the one before it: the detector's process hears of the beam when it hears of it."""
        for number in itertools.count(1):
            await detector.expose(f"{ndit} {number}", 0.2, ndit)
            while len(frames) < number:
                await clock.sleep(1.0, "test")
            if number > 1 and frames[-1][1] == pytest.approx(frames[-2][1], rel=1e-3, abs=2.0):
                break
        last = frames[-1]
        frames.clear()
        return last

    async def body() -> None:
        nonlocal reader
        with zmq.asyncio.Context() as context:
            site = load_site(instrument.site)
            here = await start_simulators(deployment, instrument, site, clock, 5, context, HERE)
            devices = await connect_devices(deployment, clock, "test", context)
            await devices.bring_up()
            assert devices.telescope is not None
            assert devices.mechanisms is not None
            detector = devices.detectors["LM"]
            reader = FrameReader("test", detector.frames_endpoint, clock, keep, context=context)
            await reader.start()
            seen["closed"] = await settled(detector, 20)
            await devices.telescope.preset(altitude_deg=60.0, azimuth_deg=20.0)
            positions = {"INS.OPTI10.NAME": "Lp", "INS.OPTI9.NAME": "SPM-LM", "INS.OPTI3.NAME": "FIELD-11"}
            await devices.mechanisms.move(positions)
            await devices.mechanisms.move({"INS.OPTI1.NAME": "PPS-CFO1"})
            seen["high"] = await settled(detector, 100)
            await devices.mechanisms.move({"INS.OPTI1.NAME": "DARK"})
            await devices.telescope.preset(altitude_deg=24.0, azimuth_deg=20.0)
            await devices.mechanisms.move({"INS.OPTI1.NAME": "PPS-CFO1"})
            seen["low"] = await settled(detector, 101)
            await reader.stop()
            await devices.disconnect()
            await here.stop()

    reader: FrameReader
    seen: dict[str, tuple[FrameHeader, float]] = {}
    clock.run(body())
    middle = float(np.median(world.maps["LM"].flat(0, "Lp", (96, 96))[good]))
    levels = {name: level for name, (_, level) in seen.items()}
    assert levels["closed"] == pytest.approx(0.0, abs=2.0)
    for name, altitude_deg in (("high", 60.0), ("low", 24.0)):
        start_s = seen[name][0].start_s
        world.point(start_s, altitude_deg, 20.0)
        charge = 0.2 * middle * world.truth.rate_e_s("LM", "Lp", start_s)
        assert levels[name] == pytest.approx(charge * (1 - 0.03 * charge / 1e5), rel=0.002)
    assert levels["low"] > 1.1 * levels["high"]


@pytest.mark.parametrize("spec", ["virtual", "scaled:60", "sundial"])
def test_a_clock_that_processes_cannot_share_is_refused(spec: str) -> None:
    with pytest.raises(SystemExit, match="--clock must be wall, or scaled:RATE with --epoch"):
        process_main(["--deployment", "metis-sim", "--device", "site", "--clock", spec])
