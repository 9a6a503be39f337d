"""`sequencer classify`: sets of frames, what they lack, the files for the recipe runner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from click.testing import CliRunner, Result

from sequencer.cli.main import main
from tests.acquisition.test_classify import LM


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["classify", *map(str, words)])


def write(folder: Path, name: str, **changes: Any) -> Path:
    """A file of an LM frame; `ESO_DET_DIT` stands for `ESO DET DIT`."""
    folder.mkdir(exist_ok=True)
    header = fits.Header()
    for keyword, value in {**LM, **{key.replace("_", " "): value for key, value in changes.items()}}.items():
        header[f"HIERARCH {keyword}" if keyword.startswith("ESO") else keyword] = value
    image = fits.ImageHDU(np.zeros((4, 4), np.float32), name="DET1.DATA")
    path = folder / f"{name}.fits"
    fits.HDUList([fits.PrimaryHDU(header=header), image]).writeto(path)
    return path


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A run's folder: a flat, two rungs of a ladder, a bad frame, and a master dark."""
    raw, products = tmp_path / "raw", tmp_path / "products"
    write(raw, "flat1")
    write(raw, "flat2")
    write(raw, "rung1", ESO_DET_DIT=0.1, ESO_SEQ_KIND="ladder")
    write(raw, "rung2", ESO_DET_DIT=0.3, ESO_SEQ_KIND="ladder")
    write(raw, "low", ESO_SEQ_VERDICT="low")
    write(products, "master_dark", ESO_PRO_CATG="MASTER_DARK_2RG", ESO_DPR_TYPE="DARK")
    return tmp_path


def test_a_run_is_sorted_into_sets_that_say_what_they_lack(run_dir: Path) -> None:
    result = call(run_dir)
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "LM_FLAT_TWILIGHT_RAW_Lp_OPEN_fast_0.1_1: 1 for metis_lm_img_flat as LM_FLAT_TWILIGHT_RAW",
        "  rung1.fits",
        "  missing: MASTER_DARK_2RG of the same read-out",
        "  missing: LINEARITY_2RG",
        "  missing: GAIN_MAP_2RG",
        "LM_FLAT_TWILIGHT_RAW_Lp_OPEN_fast_0.2_1: 2 for metis_lm_img_flat as LM_FLAT_TWILIGHT_RAW",
        "  flat1.fits",
        "  flat2.fits",
        "  MASTER_DARK_2RG: master_dark.fits",
        "  missing: LINEARITY_2RG",
        "  missing: GAIN_MAP_2RG",
        "LM_FLAT_TWILIGHT_RAW_Lp_OPEN_fast_0.3_1: 1 for metis_lm_img_flat as LM_FLAT_TWILIGHT_RAW",
        "  rung2.fits",
        "  missing: MASTER_DARK_2RG of the same read-out",
        "  missing: LINEARITY_2RG",
        "  missing: GAIN_MAP_2RG",
        "left out:",
        "  low.fits: it was judged low",
    ]


def test_sets_of_frames_are_written_with_calibrations_from_elsewhere(run_dir: Path, tmp_path: Path) -> None:
    static = tmp_path / "static"
    for category in ("LINEARITY_2RG", "GAIN_MAP_2RG"):
        write(static, category, ESO_PRO_CATG=category)
    sets = tmp_path / "sets"
    result = call(run_dir, static, "--sof", sets)
    assert result.exit_code == 0
    names = [f"LM_FLAT_TWILIGHT_RAW_Lp_OPEN_fast_{dit}_1.sof" for dit in (0.1, 0.2, 0.3)]
    assert sorted(path.name for path in sets.iterdir()) == names
    assert f"{sets / names[1]}: complete\n" in result.output
    assert f"{sets / names[0]}: incomplete\n" in result.output
    assert (sets / names[1]).read_text().splitlines() == [
        f"{run_dir}/raw/flat1.fits LM_FLAT_TWILIGHT_RAW",
        f"{run_dir}/raw/flat2.fits LM_FLAT_TWILIGHT_RAW",
        f"{run_dir}/products/master_dark.fits MASTER_DARK_2RG",
        f"{static}/LINEARITY_2RG.fits LINEARITY_2RG",
        f"{static}/GAIN_MAP_2RG.fits GAIN_MAP_2RG",
    ]


def test_a_pipeline_that_reads_no_sets_gets_none(tmp_path: Path) -> None:
    dark = write(tmp_path, "dark", INSTRUME="MEGARA", OBSMODE="MegaraDarkImage", EXPTIME=1800.0)
    result = call(dark, "--sof", tmp_path / "sets")
    assert "MegaraDarkImage_1800.0: 1 for MegaraDarkImage" in result.output
    assert "no set of frames, MEGARA reads another form" in result.output
    assert list((tmp_path / "sets").iterdir()) == []


def test_a_frame_given_twice_counts_once(run_dir: Path) -> None:
    result = call(run_dir / "raw" / "flat1.fits", run_dir / "raw" / "flat1.fits")
    assert ": 1 for metis_lm_img_flat" in result.output


def test_nothing_to_classify_and_no_fits_are_clear_errors(tmp_path: Path) -> None:
    assert call(tmp_path).output == "error: there is no FITS file in these folders\n"
    (tmp_path / "x.fits").write_bytes(b"none")
    result = call(tmp_path, "--sof", tmp_path / "sets")
    assert (result.exit_code, result.output) == (2, "error: x.fits: no FITS header at byte 0\n")
    assert not (tmp_path / "sets").exists()
