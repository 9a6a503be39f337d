"""The wheel carries the program, its templates, simulators and configurations, and nothing else; installed from it, and
not from a checkout, everything works."""

from __future__ import annotations

import email
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest
import yaml
from contract.hardware import QuickShutter

from house.rooms import ROOT
from sequencer.clock import ScaledClock
from tests.served import served

PACKAGES = ("sequencer", "templates", "simulators", "configs")
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the sources, tests included in the copy."""
    source = tmp_path_factory.mktemp("source")
    ignored = shutil.ignore_patterns("__pycache__")
    for name in (*PACKAGES, "tests", "docs"):
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    command = [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(source / "dist"), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    (found,) = (source / "dist").glob("*.whl")
    return found


@pytest.fixture(scope="module")
def wheel_names(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    """What the package says of itself."""
    with zipfile.ZipFile(wheel) as file:
        (name,) = (name for name in file.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(file.read(name))


def test_every_module_and_data_file_is_in_the_wheel(wheel_names: set[str]) -> None:
    wanted = {
        path.relative_to(ROOT).as_posix()
        for name in PACKAGES
        for path in (ROOT / name).rglob("*")
        if path.suffix in (".py", ".yaml", ".csv", ".json", ".typed") or path.name == "py.typed"
    }
    assert sorted(wanted - wheel_names) == []
    assert "configs/deployments/metis-sim.yaml" in wheel_names
    assert "sequencer/monitor/summary.schema.json" in wheel_names


def test_nothing_but_the_four_packages_is_in_the_wheel(wheel_names: set[str]) -> None:
    tops = {Path(name).parts[0] for name in wheel_names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_the_command_and_the_licence_are_declared(wheel_names: set[str]) -> None:
    assert any(name.endswith("entry_points.txt") for name in wheel_names)
    assert any(name.endswith("LICENSE") for name in wheel_names)


def test_the_package_says_whose_it_is_and_what_for(metadata: Message) -> None:
    assert metadata["Author"] == "The hil-sequencer authors"
    assert "The hil-sequencer authors" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "astronomy" in metadata["Keywords"].split(",")
    assert "Topic :: Scientific/Engineering :: Astronomy" in metadata.get_all("Classifier", [])


def test_it_is_cited_as_what_it_is() -> None:
    """The fields that the Citation File Format 1.2.0 requires, and those that have to follow the package."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {"cff-version", "message", "title", "authors"} <= set(cited)
    assert (cited["version"], cited["license"]) == (project["version"], project["license"])
    assert cited["authors"] == project["authors"]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel has been installed, with the command; its dependencies are those of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run(
        [*PIP, "install", "--no-deps", "--no-index", "--no-compile", "--target", str(folder), str(wheel)],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


def run(installed: Path, where: Path, *command: str, **environment: str) -> str:
    """What a program prints that finds the installed package, and no checkout."""
    known = {**os.environ, "PYTHONPATH": str(installed), **environment}
    done = subprocess.run(command, cwd=where, env=known, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


NOTEBOOK = """\
import asyncio
import sequencer

async def cells():
    async with sequencer.connect("opticam-sim") as camera:
        (frame,) = await camera.detectors["CCD"].expose(dit_s=0.5)
    with open(frame.file, "rb") as file:
        print(frame.verdict, file.read(6).decode(), sequencer.__file__)

asyncio.run(cells())
"""


def test_a_notebook_takes_frames_with_the_installed_package(installed: Path, tmp_path: Path) -> None:
    told = run(installed, tmp_path, sys.executable, "-c", NOTEBOOK)
    assert told.split() == ["good", "SIMPLE", str(installed / "sequencer/__init__.py")]


def test_the_installed_command_completes_names(installed: Path, tmp_path: Path) -> None:
    asked = {"_SEQUENCER_COMPLETE": "bash_complete", "COMP_WORDS": "sequencer run ob.yaml -d opt", "COMP_CWORD": "4"}
    told = run(installed, tmp_path, str(installed / "bin/sequencer"), **asked)
    assert told.split() == ["plain,opticam-sim"]


@pytest.fixture
def shutter(tmp_path: Path) -> Iterator[str]:
    """Address of a shutter served from a thread of its own, sixty times as fast as the wall."""
    clock = ScaledClock(1_805_533_200.0, 60.0)
    with served(QuickShutter("dome", f"ipc://{tmp_path}/dome", clock, simulated=True)) as endpoint:
        yield endpoint


def test_the_installed_command_proves_a_device(installed: Path, shutter: str, tmp_path: Path) -> None:
    """Those promises that need no moment to be met; no test library is needed for it."""
    names = ("says who it is", "exactly one final", "survives rubbish", "wrong", "bad arguments", "life cycle")
    only = [word for name in names for word in ("--only", name)]
    told = run(installed, tmp_path, str(installed / "bin/sequencer"), "prove", shutter, "--kind", "shutter", *only)
    assert told.splitlines()[0] == f"dome at {shutter}: shutter, a simulator, scaled clock"
    assert told.splitlines()[-1] == "7 of 7 promises kept"
