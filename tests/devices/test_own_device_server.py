"""The how-to is true: its table, its example, its server and its command; the example speaks as it says."""

import asyncio
import importlib
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import yaml
from contract import promises

from sequencer.clock import WallClock
from sequencer.config.models import DeviceConfig
from sequencer.devices.connect import CLIENTS
from sequencer.devices.examples import dome_shutter
from sequencer.wire.errors import CommandAborted
from tests.patience import HANG_S
from tests.ports import free_ports

from .support import failed, run

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "own-device-server.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.S)
ADDRESS = "tcp://127.0.0.1:5603"

HARDWARE = """
import sys
sys.path.insert(0, "tests")
from contract.hardware import SerialDome
from sequencer.devices.examples.dome_shutter import DomeShutter


async def open_your_line(device):
    return SerialDome(WallClock(), travel_s=1.0)
"""
"""What the page leaves to the reader: a line to his controller, here one in memory with a quick blade."""


def names(cell):
    return set(re.findall(r"`(\w+)`", cell))


def test_the_table_names_every_kind_with_what_must_and_may_be_overridden():
    rows = re.findall(r"^\| (\w+) \| `([\w.]+)\.(\w+)` \| (.*?) \| ?(.*?) ?\|$", PAGE, re.M)
    assert {kind for kind, *_ in rows} == set(CLIENTS)
    for kind, module, name, must, may in rows:
        server = getattr(importlib.import_module(module), name)
        assert server.kind == kind
        assert names(must) == server.__abstractmethods__
        assert all(callable(getattr(server, hook)) for hook in names(may.split("(")[0]) | {"initialise"})


def test_what_is_forgotten_is_told_when_the_object_is_made():
    class Half(dome_shutter.ShutterServer):
        async def move_to(self, position):
            pass

    with pytest.raises(TypeError, match="read_position"):
        Half("half", "inproc://half", WallClock())


def test_the_page_shows_the_code_that_runs():
    assert PYTHON[0].strip() in Path(dome_shutter.__file__).read_text()


def test_the_device_of_the_page_is_one_a_deployment_can_name():
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    (device,) = yaml.safe_load(block)["devices"].values()
    config = msgspec.convert(device, DeviceConfig, strict=True)
    assert (config.kind, config.endpoint, config.simulated) == ("shutter", ADDRESS, False)


def test_every_promise_of_the_page_is_one_the_suite_proves():
    proved = {
        promise.__name__.replace("_", " ") for kind in CLIENTS for promise in promises.promises_for(kind)
    }
    table = PAGE.partition("| promise |")[2]
    told = [name for row in re.findall(r"^\| ([a-z, ]+) \|", table, re.M) for name in row.split(", ")]
    assert len(told) > 8
    assert [name for name in told if not any(promise.startswith(name) for promise in proved)] == []


@pytest.fixture
def address(tmp_path):
    """The server of the page's third section in a process of its own, on a free port."""
    (port,) = free_ports(1)
    here = f"tcp://127.0.0.1:{port}"
    program = tmp_path / "serve.py"
    program.write_text(HARDWARE + PYTHON[1].replace(ADDRESS, here))
    with subprocess.Popen([sys.executable, str(program)], cwd=ROOT) as process:
        yield here
        process.terminate()


def suite(command, only):
    words = [sys.executable, "-m", *command.split(), "-q", "-p", "no:cacheprovider", "-k", only]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=HANG_S, check=False)


def test_the_suite_runs_against_a_server_elsewhere_and_fails_for_the_wrong_kind(address):
    (command,) = re.findall(rf"^(pytest tests/contract --endpoint {ADDRESS} .*)$", PAGE, re.M)
    right = suite(command.replace(ADDRESS, address), "stop_interrupts or says_who_it_is or bad_arguments")
    assert (right.returncode, "3 passed" in right.stdout) == (0, True), right.stdout
    wrong = suite(command.replace(ADDRESS, address).replace("shutter", "cover"), "says_who_it_is")
    assert (wrong.returncode, "1 failed" in wrong.stdout) == (1, True), wrong.stdout


def test_the_options_of_the_page_are_those_of_the_suite():
    known = set(re.findall(r'"(--[\w-]+)"', (ROOT / "tests/contract/conftest.py").read_text()))
    block = re.findall(r"```\n(pytest tests/contract.*?)```", PAGE, re.S)
    used = {option for text in block for option in re.findall(r"--[\w-]+", text)}
    assert used == known


def test_the_blade_is_ordered_and_asked_until_it_arrives():
    async def scenario(client, server):
        asked = []
        ask = server.line.ask

        async def listen(request):
            asked.append(request)
            return await ask(request)

        server.line.ask = listen
        await client.open()
        assert asked[:3] == ["STATUS?", "OPEN", "STATUS?"]
        assert set(asked[3:]) == {"STATUS?"}
        travel_reads = 8.0 / (dome_shutter.POLL_S + 0.01)
        assert len(asked) - 3 == pytest.approx(travel_reads, abs=1.5), (
            "one read a poll, between first and last"
        )

    run("dome shutter", scenario)


def test_a_blade_that_never_arrives_is_jammed():
    async def scenario(client, server):
        server.line.on_status = lambda: "RUNNING"
        server.line.deaf = False
        start_s = client.clock.now()
        await failed(client.open(), "jammed", "60 s")
        assert client.clock.now() - start_s == pytest.approx(dome_shutter.TRAVEL_S, abs=2.0)

    run("dome shutter", scenario)


def test_an_answer_that_makes_no_sense_is_an_error():
    async def scenario(client, server):
        server.line.on_open = lambda: "NO"
        await failed(client.open(), "refused", "NO", "OPEN")
        server.line.on_status = lambda: "???"
        await failed(client.recover(), "bad_answer", "???")

    run("dome shutter", scenario)


def test_stop_is_ordered_in_the_middle_of_a_move():
    async def scenario(client, server):
        opening = asyncio.ensure_future(client.open())
        await client.clock.sleep(3.0, "test")
        await client.stop()
        with pytest.raises(CommandAborted):
            await opening
        assert server.line.status == "HALTED"

    run("dome shutter", scenario)
