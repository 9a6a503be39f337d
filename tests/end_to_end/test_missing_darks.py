"""Flats whose darks were never taken: the run says which, a block takes them, and the reduction is whole."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from sequencer.cli.main import main
from sequencer.engine.reduce_again import reduce_again
from tests.end_to_end import rig

NO_DARKS = {**rig.FLATS, "SEQ.DIT.FILT.LIST": ["Lp", "short-L"], "SEQ.NEXPO": 3, "SEQ.DARK": False}
DIT_S = {"DET1.DIT": 0.2, "SEQ.NEXPO1": 3, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0}


@pytest.fixture(scope="module")
def flats(tmp_path_factory: pytest.TempPathFactory) -> rig.Ran:
    folder = tmp_path_factory.mktemp("flats")
    return rig.run(folder, rig.write_ob(folder, ("METIS_all_cal_TwilightFlat", NO_DARKS)), reduced=True)


def test_a_flat_without_its_dark_is_refused_and_the_dark_is_named(flats: rig.Ran) -> None:
    refused = [one for one in flats.of("product") if one["category"] == "MASTER_FLAT"]
    assert len(refused) == 2
    dits = {frame["dit_s"] for frame in flats.of("frame")}
    for product in refused:
        assert product["qa"]["flag"] == "BAD"
        assert any(f"no dark LM fast 64x64 {dit_s:g} s x1" in product["qa"]["reasons"][0] for dit_s in dits)


def test_the_block_takes_what_is_missing_and_the_flats_are_made(flats: rig.Ran, tmp_path: Path) -> None:
    block = tmp_path / "darks.yaml"
    said = CliRunner().invoke(
        main, ["darks", str(flats.result.run_dir), "-n", "4", "--out", str(block)], catch_exceptions=False
    )
    assert said.exit_code == 0
    assert said.output.count("missing: 4 darks LM fast 64x64") == 2
    assert "window of 64 x 64 pixels" in said.output
    assert len(yaml.safe_load(block.read_text())["templates"]) == 2
    darks = rig.run(tmp_path, block)
    assert darks.result.outcome == "completed"
    assert {frame["dit_s"] for frame in darks.of("frame")} == {
        frame["dit_s"] for frame in flats.of("frame") if frame["kind"] == "flat"
    }
    again = CliRunner().invoke(
        main,
        ["reduce", str(flats.result.run_dir), "--darks", str(darks.result.run_dir)],
        catch_exceptions=False,
    )
    assert again.exit_code == 0
    made = [path.name for path in (flats.result.run_dir / "products").glob("master_flat*.fits")]
    assert len(made) == 2
    assert again.output.count("master_dark") >= 2


def test_a_run_that_wants_none_says_so(tmp_path: Path) -> None:
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, ("METIS_all_cal_Dark", DIT_S)))
    said = CliRunner().invoke(main, ["darks", str(ran.result.run_dir)], catch_exceptions=False)
    assert (said.exit_code, said.output) == (0, "no dark is missing\n")
    assert reduce_again(ran.result.run_dir, "", lambda text: None)
