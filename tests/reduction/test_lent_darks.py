"""Darks that another run lent: a reduction without them says that they are not used any more."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from sequencer.cli.main import main
from tests.end_to_end import rig

NO_DARKS = {**rig.FLATS, "SEQ.DIT.FILT.LIST": ["Lp"], "SEQ.NEXPO": 3, "SEQ.DARK": False}


def reduce(run_dir: Path, *options: str | Path) -> str:
    """What `sequencer reduce` says."""
    done = CliRunner().invoke(main, ["reduce", str(run_dir), *map(str, options)], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Flats without darks, and a run of their darks."""
    folder = tmp_path_factory.mktemp("lent")
    flats = rig.run(folder, rig.write_ob(folder, ("METIS_all_cal_TwilightFlat", NO_DARKS))).result.run_dir
    block = folder / "darks.yaml"
    told = CliRunner().invoke(main, ["darks", str(flats), "-n", "3", "--out", str(block)])
    assert told.exit_code == 0, told.output
    return flats, rig.run(folder, block).result.run_dir


def test_what_is_not_used_any_more_is_said_once(runs: tuple[Path, Path]) -> None:
    flats, darks = runs
    lost = f"the darks of {darks.name} are not used any more: give its folder with --darks to use them again"
    assert "not used any more" not in reduce(flats)
    assert "not used any more" not in reduce(flats, "--darks", darks)
    assert (flats / "products/master_flat_LM_Lp_fast.fits").is_file()
    assert "not used any more" not in reduce(flats, "--darks", darks)
    assert lost in reduce(flats).splitlines()
    assert not (flats / "products/master_flat_LM_Lp_fast.fits").exists()
    assert "not used any more" not in reduce(flats)
