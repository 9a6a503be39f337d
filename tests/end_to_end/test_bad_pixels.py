"""Pixels that are always full: a map made from the run's darks leaves them out, and the flats are taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from astropy.io import fits
from click.testing import CliRunner

from sequencer.cli.main import main
from sequencer.config.search import packaged_folder
from simulators.detector import faults
from simulators.devices.detector import SimulatedDetector
from simulators.start import Simulation
from tests.end_to_end import rig

DARK = ("OPTICAM_Dark", {"DET1.DIT": 1.0, "SEQ.NEXPO1": 3})
SKY = (
    "OPTICAM_TwilightFlat",
    {
        "SEQ.MODE": "LEVEL",
        "SEQ.DIT.FILT.LIST": ["V"],
        "SEQ.NEXPO": 3,
        "SEQ.TWILIGHT": "EVENING",
        "SEQ.DARK": False,
    },
)
SHARE = 0.015
FULL_ADU = 62500.0
"""1e5 e- of full well at 1.6 e-/ADU."""


def always_full(simulation: Simulation) -> None:
    server = simulation.servers["detector"]
    assert isinstance(server, SimulatedDetector)
    server.fault = lambda n: faults.full_pixels(SHARE, FULL_ADU)


def call(*words: str) -> tuple[int, str]:
    told = CliRunner().invoke(main, words)
    return told.exit_code, told.output


def with_map(folder: Path, name: str) -> Path:
    """The packaged camera with a map of its bad pixels, and a deployment of it."""
    instrument = yaml.safe_load((packaged_folder("instruments") / "opticam.yaml").read_text())
    instrument["detectors"]["CCD"]["bad_pixel_map"] = name
    (folder / "own.yaml").write_text(yaml.safe_dump(instrument, sort_keys=False))
    deployment = yaml.safe_load((packaged_folder("deployments") / "opticam-sim.yaml").read_text())
    deployment["instrument"] = str(folder / "own.yaml")
    path = folder / "here.yaml"
    path.write_text(yaml.safe_dump(deployment, sort_keys=False))
    return path


@pytest.fixture
def block(tmp_path: Path) -> Callable[[tuple[str, dict[str, Any]]], Path]:
    return lambda call: rig.write_ob(tmp_path, call, instrument="OPTICAM")


def test_flats_are_taken_when_the_pixels_that_are_always_full_are_in_the_map(
    tmp_path: Path, block: Callable[[tuple[str, dict[str, Any]]], Path]
) -> None:
    darks = rig.run(tmp_path, block(DARK), "opticam-sim", reduced=True, spoil=always_full)
    assert [frame["verdict"] for frame in darks.of("frame")] == ["good"] * 3
    path = tmp_path / "map.fits"
    code, said = call("bad-pixels", str(darks.result.run_dir), "--out", str(path))
    assert code == 0, said
    whole = fits.getdata(path, 1)
    assert (whole.shape, whole.dtype) == ((1024, 1024), np.uint8)
    window = whole[480:544, 480:544]
    assert window.reshape(-1)[faults.full_index(64 * 64, SHARE)].all()
    assert whole.sum() == window.sum() < 1.5 * SHARE * window.size
    deployment = with_map(tmp_path, "map.fits")
    ran = rig.run(tmp_path, block(SKY), str(deployment), spoil=always_full)
    assert [frame["verdict"] for frame in ran.of("frame")] == ["good"] * 3
    assert ran.result.exit_code == 0


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda path: None, "cannot be read"),
        (lambda path: path.write_text("no FITS"), "cannot be read"),
        (lambda path: fits.PrimaryHDU(np.zeros((64, 64), np.uint8)).writeto(path), "its images are 64 x 64"),
        (lambda path: fits.PrimaryHDU().writeto(path), "its images are none"),
    ],
)
def test_a_map_that_does_not_fit_its_detector_is_refused_before_anything_moves(
    tmp_path: Path, block: Callable[..., Path], made: Callable[[Path], object], said: str
) -> None:
    made(tmp_path / "map.fits")
    deployment = with_map(tmp_path, "map.fits")
    code, told = call("validate", str(block(SKY)), "-d", str(deployment))
    assert code == 2
    assert "bad_pixel_map of CCD" in told and str(tmp_path / "map.fits") in told and said in told


def test_a_run_without_master_darks_makes_no_map(
    tmp_path: Path, block: Callable[[tuple[str, dict[str, Any]]], Path]
) -> None:
    code, told = call("bad-pixels", str(tmp_path))
    assert code == 2 and "journal.sqlite" in told
