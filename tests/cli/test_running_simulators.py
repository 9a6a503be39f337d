"""`run` and `script` on simulators that run already: their clock decides, and what contradicts it is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end import rig

from .folder import call

START = "2027-03-20T22:50:00"


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folder of a deployment whose simulators run at 500 times the wall clock, since START."""
    folder = tmp_path_factory.mktemp("sim")
    rig.write_deployment(folder, lambda name: f"ipc://{folder}/{name}", instrument="opticam")
    (folder / "nothing.py").write_text("print('nothing moved')\n")
    rig.write_ob(folder, ("OPTICAM_Dark", {"DET1.DIT": 1.0, "SEQ.NEXPO1": 1}), instrument="OPTICAM")
    command = [str(Path(sys.executable).with_name("sequencer")), "simulate", "here.yaml", "--clock", "scaled:500"]
    with subprocess.Popen(
        [*command, "--start", START], cwd=folder, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "are ready at" in line:
                break
        yield folder
        process.terminate()


@pytest.mark.parametrize("verb", [("run", "ob.yaml"), ("script", "nothing.py")])
def test_a_start_they_did_not_begin_at_is_refused(simulated: Path, verb: tuple[str, str]) -> None:
    done = call(
        simulated, *verb, "-d", "here.yaml", "--clock", "scaled:500", "--start", "2027-03-21T09:00:00"
    )
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(
        "error: --start 2027-03-21T09:00:00: the simulators of here began at 2027-03-20T22:50:00, it is 2027-03-2"
    )
    assert done.err.endswith(
        "there; leave out --start, or start them anew: "
        "sequencer simulate here --clock scaled:500 --start 2027-03-21T09:00:00\n"
    )


def test_the_start_they_began_at_and_none_are_taken(simulated: Path) -> None:
    for start in ([], ["--start", START]):
        done = call(simulated, "script", "nothing.py", "-d", "here.yaml", "--clock", "scaled:500", *start)
        assert done.code == 0, done.out + done.err


def test_another_rate_is_refused_in_words(simulated: Path) -> None:
    done = call(simulated, "run", "ob.yaml", "-d", "here.yaml", "--clock", "scaled:20")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: --clock scaled:20: the simulators of here run by scaled:500; give that, or start them anew: "
        "sequencer simulate here --clock scaled:20\n"
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
    async with sequencer.connect("here.yaml", clock="scaled:500") as camera:
        print(camera.context.clock.kind, "clock")
    try:
        async with sequencer.connect("here.yaml", clock="scaled:500", start_s=0.0):
            print("never")
    except BadInput as error:
        print(error)

asyncio.run(main())
"""


def test_a_program_with_its_own_event_loop_finds_their_clock_too(simulated: Path) -> None:
    command = [sys.executable, "-c", BY_HAND]
    done = subprocess.run(command, cwd=simulated, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "scaled clock"
    assert second.startswith("--start 1970-01-01T00:00:00: the simulators of here began at 2027-03-20T22:50:00")
