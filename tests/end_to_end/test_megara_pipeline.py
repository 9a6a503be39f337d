"""The MEGARA pipeline as it comes: two commands, nothing to edit; and what is said where it is not installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from astropy.io import fits

from sequencer.config.search import find_config

SEQUENCER = [sys.executable, "-c", "from sequencer.cli.main import main; main()"]
PRODUCTS = {"megara_01_master_bias.fits": "BiasRecipe", "megara_01_master_dark_1800s.fits": "DarkRecipe"}


def run(folder: Path, ob: str, deployment: str, code: int = 0) -> str:
    """Execute a packaged block where nothing is but the command; its last lines."""
    command = [*SEQUENCER, "run", ob, "-d", deployment]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == code, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Biases in one run, darks in the next, in the same folder."""
    folder = tmp_path_factory.mktemp("night")
    for ob in ("megara-bias", "megara-dark"):
        run(folder, ob, "megara-sim-pipeline")
    return folder / "runs"


@pytest.mark.nightly
def test_both_blocks_are_reduced_by_the_real_recipes(night: Path) -> None:
    for name, recipe in PRODUCTS.items():
        (path,) = night.glob(f"*/products/{name}")
        assert json.loads(path.with_suffix(".qa.json").read_text())["flag"] == "GOOD"
        assert fits.getheader(path)["NUMRNAM"] == recipe


@pytest.mark.nightly
def test_the_dark_has_the_bias_of_the_run_before_and_says_so(night: Path) -> None:
    (bias,), (dark,) = (list(night.glob(f"*/products/{name}")) for name in PRODUCTS)
    assert fits.getheader(dark)["NUM-BS"] == fits.getheader(bias)["UUID"]
    record = json.loads(dark.with_suffix(".json").read_text())
    assert record["calibrations"] == [str(bias.relative_to(night))]
    assert f"calibrated with MASTER_BIAS of another run, {bias.parts[-3]}" in record["qa"]["reasons"]


def test_without_the_packages_it_says_what_to_install_and_the_block_goes_its_way(tmp_path: Path) -> None:
    """An interpreter that sees none of the installed packages stands for one that lacks these two."""
    text = find_config("deployments", "megara-sim-pipeline").read_text()
    assert '"{python}", ' in text
    (tmp_path / "bare.yaml").write_text(text.replace('"{python}", ', '"{python}", "-I", "-S", '))
    told = run(tmp_path, "megara-bias", "bare.yaml", code=1)
    (line,) = (line for line in told.splitlines() if line.strip().startswith("BAD"))
    assert "numina 0.40.0 is not installed" in line
    assert "pip install '.[megara]'" in line
    assert "Bias: completed, but 1 product is missing, 3 of 3 frames good" in told
    (record,) = tmp_path.glob("runs/*/products/master_bias_MEGARA.json")
    assert json.loads(record.read_text())["qa"]["flag"] == "GOOD"
