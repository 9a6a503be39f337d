"""The same block with every device in a process of its own, over tcp, on a scaled clock: the same observation."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sequencer.config import load_instrument
from sequencer.engine.journal import read_journal
from sequencer.monitor.summary import build_summary
from tests.command import call
from tests.end_to_end import rig, truths
from tests.end_to_end.processes import until
from tests.patience import HANG_S
from tests.ports import free_ports

SEED = 5
WINDOW = (96, 96)
RATE = 40
START = "2027-03-20T09:27:00"
SEQUENCER = [sys.executable, "-u", "-c", "from sequencer.cli.main import main; main()"]
FLATS = {
    "SEQ.CAMERA": ["LM"],
    "SEQ.DIT.FILT.LIST": ["Lp"],
    "SEQ.AIRMASS.LIST": [1.0, 2.0],
    "SEQ.NEXPO": 6,
    "SEQ.LEVEL.LIST": [],
    "SEQ.DARK.NEXPO": 5,
    "SEQ.DARK.WAIT": 30.0,
}
LONG_DARKS = {"DET1.DIT": 60.0, "SEQ.NEXPO1": 200, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0}


@dataclass
class Place:
    """A folder with a deployment whose devices have ports nobody else uses."""

    folder: Path
    deployment: Path

    def sequencer(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*SEQUENCER, *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def tell(self, *arguments: str) -> tuple[int | None, str]:
        """A command that ends by itself: exit code and output."""
        done = call(self.folder, *arguments)
        return done.code, done.out + done.err

    def run(self, ob: Path) -> subprocess.Popen[str]:
        return self.sequencer(
            "run", ob.name, "-d", self.deployment.name, "--clock", f"scaled:{RATE}", "--seed", str(SEED)
        )

    def run_dir(self) -> Path:
        (found,) = (self.folder / "runs").iterdir()
        return found


@contextmanager
def place(folder: Path, instrument: str = "metis") -> Iterator[Place]:
    names = list(rig.DEVICES[instrument])
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    yield Place(
        folder,
        rig.write_deployment(
            folder,
            lambda name: f"tcp://127.0.0.1:{ports[name]}",
            instrument=instrument,
            window_px=WINDOW,
            start=START,
        ),
    )


@contextmanager
def simulators(here: Place) -> Iterator[subprocess.Popen[str]]:
    """`sequencer simulate`, ready; interrupted at the end if it still runs."""
    with here.sequencer(
        "simulate", here.deployment.name, "--clock", f"scaled:{RATE}", "--seed", str(SEED)
    ) as process:
        try:
            until(process, "are ready at")
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=HANG_S)


def frames_of(run_dir: Path) -> list[dict[str, Any]]:
    return [record.data for record in read_journal(run_dir / "journal.sqlite") if record.kind == "frame"]


def observed(summary: dict[str, Any]) -> list[tuple[Any, ...]]:
    """(template, exposure, detector, filter, airmass, NDIT) of every frame, the run's own name left out."""
    return [
        (
            template["name"],
            frame["exposure"].removeprefix(summary["run"]),
            frame["detector"],
            frame["filter"],
            round(frame["airmass"], 2),
            frame["ndit"],
        )
        for template in summary["templates"]
        for frame in template["frames"]
    ]


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the run whose devices were processes."""
    folder = tmp_path_factory.mktemp("elsewhere")
    ob = rig.write_ob(folder, ("METIS_all_cal_TwilightFlat", FLATS))
    with place(folder) as here, simulators(here), here.run(ob) as running:
        output, _ = running.communicate(timeout=HANG_S)
        assert running.returncode == 0, output
        return here.run_dir()


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> rig.Ran:
    """The same block in one process, in virtual time."""
    folder = tmp_path_factory.mktemp("together")
    ob = rig.write_ob(folder, ("METIS_all_cal_TwilightFlat", FLATS))
    return rig.run(folder, ob, window_px=WINDOW, seed=SEED, start_s=rig.at(START))


def test_the_same_exposures_at_the_same_levels(elsewhere: Path, together: rig.Ran) -> None:
    here, there = build_summary(together.result.run_dir), json.loads((elsewhere / "summary.json").read_text())
    assert there["outcome"] == here["outcome"] == "completed"
    assert there["clock"] == "scaled"
    assert len(observed(here)) == 12 + 5
    assert observed(there) == observed(here)
    levels = [
        [frame["level_fraction"] for frame in summary["templates"][0]["frames"] if frame["filter"]]
        for summary in (here, there)
    ]
    assert len(levels[0]) == 12
    assert levels[1] == pytest.approx(levels[0], rel=0.02)


def test_the_flat_passes_the_same_truth_test(elsewhere: Path) -> None:
    frames = frames_of(elsewhere)
    flats = [frame for frame in frames if frame["kind"] == "flat" and frame["verdict"] == "good"]
    darks = [frame for frame in frames if frame["kind"] == "dark"]
    best = truths.noise_limit(flats, darks, load_instrument("metis"), "LM")
    path = truths.product(elsewhere, "master_flat_LM_Lp_fast.fits")
    found = truths.compare(truths.world_of("metis-sim", SEED, WINDOW), "LM", "Lp", path)
    assert found.chosen.mean() > 0.98
    assert 0.9 * best < found.rms < min(1.3 * truths.MEDIAN_OVER_MEAN * best, 0.002)


def test_a_run_is_watched_and_stopped_from_another_process(tmp_path: Path) -> None:
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_Dark", LONG_DARKS))
    with place(tmp_path) as here, simulators(here) as simulating:
        with here.run(ob) as running:
            until(running, "x1 1/200")
            code, output = here.tell("status")
            assert code == 0
            for words in ("CLOSED", "METIS_all_cal_Dark", "LM", "60"):
                assert words in output
            code, output = here.tell(
                "run", ob.name, "-d", here.deployment.name, "--clock", f"scaled:{RATE}", "--out", "others"
            )
            assert code == 2
            assert output.count("is commanded by the run of 'test' in process") == len(rig.DEVICES["metis"])
            assert not (here.folder / "others").exists()
            assert here.tell("stop") == (0, "stop: accepted\n")
            output, _ = running.communicate(timeout=HANG_S)
            assert running.returncode == 1, output
        summary = json.loads((here.run_dir() / "summary.json").read_text())
        assert summary["outcome"] == "stopped"
        assert all(device["reached"] for device in summary["safe_state"])
        assert here.tell("status")[0] == 2
        assert simulating.poll() is None


def test_when_the_simulators_die_the_run_says_who_is_gone_and_fails(tmp_path: Path) -> None:
    """Nobody is believed to be safe for having been safe when last heard of."""
    ob = rig.write_ob(tmp_path, ("OPTICAM_Dark", {"DET1.DIT": 60.0, "SEQ.NEXPO1": 200}), instrument="OPTICAM")
    with place(tmp_path, "opticam") as here, simulators(here) as simulating, here.run(ob) as running:
        until(running, "x1 1/200")
        simulating.terminate()
        output, _ = running.communicate(timeout=HANG_S)
        assert running.returncode == 3, output
        assert "Traceback" not in output
        assert "detector does not answer" in output
        summary = json.loads((here.run_dir() / "summary.json").read_text())
        assert summary["outcome"] == "failed"
        reached = {device["device"]: device["reached"] for device in summary["safe_state"]}
        assert reached == dict.fromkeys(rig.DEVICES["opticam"], False)
