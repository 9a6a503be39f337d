"""`run` and `script` on simulators that run already: their clock decides, and what contradicts it is refused."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.command import call
from tests.end_to_end import rig
from tests.patience import HANG_S

START = "2027-03-20T22:50:00"


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folder of a deployment whose simulators run at 60 times the wall clock, since START."""
    folder = tmp_path_factory.mktemp("sim")
    rig.write_deployment(folder, lambda name: f"ipc://{folder}/{name}", instrument="opticam")
    (folder / "nothing.py").write_text("print('nothing moved')\n")
    rig.write_ob(folder, ("OPTICAM_Dark", {"DET1.DIT": 1.0, "SEQ.NEXPO1": 1}), instrument="OPTICAM")
    with simulators(folder, "scaled:60", START):
        yield folder


@contextmanager
def simulators(folder: Path, clock: str, start: str) -> Iterator[None]:
    """Meanwhile the simulators of the folder's deployment run, and are ready."""
    command = [str(Path(sys.executable).with_name("sequencer")), "simulate", "here.yaml", "--clock", clock]
    with subprocess.Popen(
        [*command, "--start", start], cwd=folder, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "are ready at" in line:
                break
        try:
            yield
        finally:
            process.terminate()


@pytest.mark.parametrize("verb", [("run", "ob.yaml"), ("script", "nothing.py")])
def test_a_start_they_did_not_begin_at_is_refused(simulated: Path, verb: tuple[str, str]) -> None:
    done = call(
        simulated, *verb, "-d", "here.yaml", "--clock", "scaled:60", "--start", "2027-03-21T09:00:00"
    )
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(
        "error: --start 2027-03-21T09:00:00: the simulators of here.yaml began at 2027-03-20T22:50:00, it is 2027-03-2"
    )
    assert done.err.endswith(
        "there; leave out --start, or start them anew: "
        "sequencer simulate here.yaml --clock scaled:60 --start 2027-03-21T09:00:00\n"
    )


def test_the_start_they_began_at_and_none_are_taken(simulated: Path) -> None:
    for start in ([], ["--start", START]):
        done = call(simulated, "script", "nothing.py", "-d", "here.yaml", "--clock", "scaled:60", *start)
        assert done.code == 0, done.out + done.err


def test_another_rate_is_refused_in_words(simulated: Path) -> None:
    done = call(simulated, "run", "ob.yaml", "-d", "here.yaml", "--clock", "scaled:20")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: --clock scaled:20: the simulators of here.yaml run by scaled:60; give that, or start them anew: "
        "sequencer simulate here.yaml --clock scaled:20\n"
    )


@pytest.mark.parametrize("verb", [("run", "ob.yaml"), ("simulate", "here.yaml")])
def test_the_wall_clock_begins_nowhere(simulated: Path, verb: tuple[str, ...]) -> None:
    where = ["-d", "here.yaml"] if verb[0] == "run" else []
    done = call(simulated, *verb, *where, "--clock", "wall", "--start", START)
    assert (done.code, done.out) == (2, "")
    assert "--start: the wall clock cannot be set" in done.err


BY_HAND = """\
import asyncio
import sequencer
from sequencer.engine.request import BadInput

async def main():
    async with sequencer.connect("here.yaml", clock="scaled:60") as camera:
        print(camera.context.clock.kind, "clock")
    try:
        async with sequencer.connect("here.yaml", clock="scaled:60", start_s=0.0):
            print("never")
    except BadInput as error:
        print(error)

asyncio.run(main())
"""


def test_a_program_with_its_own_event_loop_finds_their_clock_too(simulated: Path) -> None:
    command = [sys.executable, "-c", BY_HAND]
    done = subprocess.run(command, cwd=simulated, capture_output=True, text=True, check=False, timeout=HANG_S)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "scaled clock"
    assert second.startswith("--start 1970-01-01T00:00:00: the simulators of here.yaml began at 2027-03-20T22:50:00")


def test_simulators_started_as_the_hint_says_are_taken(tmp_path: Path) -> None:
    """Another rate than the usual one, another start than the deployment's, in a file of another name."""
    rig.write_deployment(tmp_path, lambda name: f"ipc://{tmp_path}/{name}", instrument="opticam")
    (tmp_path / "nothing.py").write_text("print('nothing moved')\n")
    words = ("script", "nothing.py", "-d", "here.yaml", "--clock", "scaled:20", "--start", START)
    refused = call(tmp_path, *words)
    assert refused.code == 2
    hint = refused.err.strip().partition(" does not answer; start it with: sequencer simulate ")[2].split()
    assert hint == ["here.yaml", "--clock", "scaled:20", "--start", START]
    with simulators(tmp_path, hint[2], hint[4]):
        taken = call(tmp_path, *words)
    assert taken.code == 0, taken.out + taken.err


def test_a_twilight_that_is_over_where_they_are_is_refused_before_anything_moves(tmp_path: Path) -> None:
    """The deployment's start has twilight left, the simulators' present has none."""
    rig.write_deployment(tmp_path, lambda name: f"ipc://{tmp_path}/{name}", instrument="metis")
    rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", rig.FLATS))
    assert call(tmp_path, "validate", "ob.yaml", "-d", "here.yaml").code == 0
    with simulators(tmp_path, "scaled:60", "2027-03-20T10:39:00"):
        done = call(tmp_path, "run", "ob.yaml", "-d", "here.yaml", "--clock", "scaled:60")
    assert (done.code, done.out) == (2, "")
    assert "SEQ.TWILIGHT.WAIT: would wait 13" in done.err
    assert "2027-03-21T09:29" in done.err
    assert len(done.err.splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        addresses = {"telescope": f"tcp://127.0.0.1:{port}"}
        rig.write_deployment(tmp_path, lambda name: addresses.get(name, f"ipc://{tmp_path}/{name}"))
        done = call(tmp_path, "simulate", "here.yaml")
    assert done.code == 2
    assert done.err == f"error: port {port} is in use: is `sequencer simulate` running already?\n"


def test_an_address_that_cannot_be_served_is_said_in_one_line(tmp_path: Path) -> None:
    addresses = {"site": "tcp://192.0.2.1:21013"}
    rig.write_deployment(tmp_path, lambda name: addresses.get(name, f"ipc://{tmp_path}/{name}"))
    done = call(tmp_path, "simulate", "here.yaml")
    assert done.code == 2
    assert done.err.startswith("error: site: tcp://192.0.2.1:21013: without keys a server binds to loopback only")
    assert len(done.err.splitlines()) == 1
