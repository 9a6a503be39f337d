"""The how-to is true: its table, its example, its server and its command; the example speaks as it says."""

import asyncio
import importlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import yaml
from click.testing import CliRunner

from sequencer.cli.main import main
from sequencer.clock import WallClock
from sequencer.config.models import DeviceConfig
from sequencer.devices.connect import CLIENTS
from sequencer.devices.contract import promises_for
from sequencer.devices.examples import dome_shutter
from sequencer.wire.errors import CommandAborted
from tests.command import call
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
    proved = {name for kind in CLIENTS for name in promises_for(kind)}
    table = PAGE.partition("| promise |")[2]
    told = [name for row in re.findall(r"^\| ([a-z, ]+) \|", table, re.M) for name in row.split(", ")]
    assert len(told) > 8
    assert [name for name in told if not any(promise.startswith(name) for promise in proved)] == []


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The server of the page's third section in a process of its own, on a free port."""
    (port,) = free_ports(1)
    here = f"tcp://127.0.0.1:{port}"
    program = tmp_path_factory.mktemp("dome") / "serve.py"
    program.write_text(HARDWARE + PYTHON[1].replace(ADDRESS, here))
    with subprocess.Popen([sys.executable, str(program)], cwd=ROOT) as process:
        yield here
        process.terminate()


def told(command, *more):
    """What a command of the page says, and its exit code."""
    done = CliRunner().invoke(main, [*shlex.split(command)[1:], *more])
    return done.exit_code, done.output.splitlines()


PROOFS = re.findall(r"^(sequencer prove .*)$", PAGE, re.M)


def test_the_command_of_the_page_proves_a_server_elsewhere(address):
    command = PROOFS[0].replace(ADDRESS, address)
    only = ("--only", "stop interrupts", "--only", "says who", "--only", "bad arguments")
    assert told(command, *only, "--yes") == (
        0,
        [
            f"dome at {address}: shutter, real hardware, wall clock",
            "  kept    says who it is",
            "  kept    bad arguments refused",
            "  kept    stop interrupts",
            "3 of 3 promises kept",
        ],
    )
    code, lines = told(command.replace("shutter", "cover"), "--only", "says who", "--yes")
    assert (code, lines[1:]) == (
        1,
        [
            "  BROKEN  says who it is: kind: 'shutter', promised 'cover'",
            "          promised: hello tells kind, boot id, wire version, clock, and where events (and frames) are.",
            "0 of 1 promises kept",
        ],
    )
    code, lines = told(command, "--only", "busy", "--work", "open", "--work-args", '{"speed": 1}', "--yes")
    assert code == 2
    assert re.search("does not take the work it is tried with: .*speed.*; name one with --work", lines[-1])
    code, lines = told(command)
    assert code == 1
    assert "Go on? [y/N]" in "".join(lines)
    assert not any("kept" in line for line in lines), "real hardware moves only when somebody has said yes"


def test_a_device_in_other_hands_is_not_proved(address, tmp_path):
    words = shlex.split(PROOFS[0].replace(ADDRESS, address))[1:]

    async def hold():
        owner = CLIENTS["shutter"]("dome", address, WallClock(), owner="the night")
        await owner.connect()
        try:
            return await asyncio.to_thread(call, tmp_path, *words, "--yes")
        finally:
            await owner.disconnect()

    done = asyncio.run(hold())
    assert done.code == 2
    assert "the night" in done.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("dome", "--kind", "shutter"), "dome: must start with tcp:// or ipc://"),
        (("ipc:///d", "--kind", "shutter", "--only", "flies"), "no promise is so named; there are says who it is, "),
        (("ipc:///d", "--kind", "shutter", "--work-args", "[1]"), "must be a JSON object"),
    ],
)
def test_what_cannot_be_proved_is_refused(words, message):
    done = CliRunner().invoke(main, ["prove", *words])
    assert done.exit_code == 2
    assert message in done.output


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
