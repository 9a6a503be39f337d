"""`sequencer classify`: sets of frames, what they lack, the files for the recipe runner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from click.testing import CliRunner, Result

from sequencer.cli.main import main
from tests.acquisition.test_classify import LM
from tests.end_to_end import rig


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


def write_product(
    folder: Path, category: str, *units: fits.ImageHDU | fits.BinTableHDU, **changes: Any
) -> Path:
    """A product of a category with these extensions; images where none are given."""
    path = write(folder, category, ESO_PRO_CATG=category, **changes)
    given = units or [
        fits.ImageHDU(np.zeros((4, 4), np.float32), name=f"DET1.{end}") for end in ("SCI", "ERR", "DQ")
    ]
    fits.HDUList([fits.PrimaryHDU(header=fits.getheader(path)), *given]).writeto(path, overwrite=True)
    return path


def cube(name: str) -> fits.ImageHDU:
    return fits.ImageHDU(np.zeros((3, 4, 4), np.float32), name=name)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A run's folder: a flat, two rungs of a ladder, a bad frame, and a master dark."""
    raw, products = tmp_path / "raw", tmp_path / "products"
    write(raw, "flat1")
    write(raw, "flat2")
    write(raw, "rung1", ESO_DET_DIT=0.1, ESO_SEQ_KIND="ladder")
    write(raw, "rung2", ESO_DET_DIT=0.3, ESO_SEQ_KIND="ladder")
    write(raw, "low", ESO_SEQ_VERDICT="low")
    write_product(products, "MASTER_DARK_2RG", ESO_DPR_TYPE="DARK")
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
        "  MASTER_DARK_2RG: MASTER_DARK_2RG.fits",
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
    quality = fits.ImageHDU(np.zeros((4, 4), np.int16), name="DET1.DQ")
    write_product(static, "LINEARITY_2RG", cube("DET1.SCI"), cube("DET1.ERR"), quality)
    gain = fits.BinTableHDU(np.zeros(4, [("gain", "f4"), ("gain_err", "f4")]), name="DET1.SCI")
    write_product(static, "GAIN_MAP_2RG", gain)
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
        f"{run_dir}/products/MASTER_DARK_2RG.fits MASTER_DARK_2RG",
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


def test_one_broken_file_is_left_out_and_the_others_are_sorted(run_dir: Path) -> None:
    whole = (run_dir / "raw" / "flat2.fits").read_bytes()
    (run_dir / "raw" / "flat3.fits").write_bytes(whole[: len(whole) - 2880])
    result = call(run_dir)
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert "LM_FLAT_TWILIGHT_RAW_Lp_OPEN_fast_0.2_1: 2 for metis_lm_img_flat as LM_FLAT_TWILIGHT_RAW" in lines
    assert lines[-3:-1] == ["left out:", "  low.fits: it was judged low"]
    assert lines[-1].startswith("  flat3.fits: cut short: ")


@pytest.mark.parametrize(
    ("card", "why"),
    [
        ("NAXIS   = 'many'", "NAXIS is 'many'"),
        ("BITPIX", "BITPIX is None"),
        ("NAXIS   = -2880", "NAXIS is -2880"),
        ("NAXIS   = 1E400", "NAXIS: 1E400 is more than a number can hold"),
    ],
)
def test_a_header_that_does_not_say_how_long_its_data_are_is_a_broken_file(
    run_dir: Path, card: str, why: str
) -> None:
    path = run_dir / "raw" / "flat2.fits"
    data = path.read_bytes()
    at = data.index(card[:6].encode())
    path.write_bytes(data[:at] + f"{card:80}".encode() + data[at + 80 :])
    result = call(run_dir)
    assert result.exit_code == 1
    assert f"  flat2.fits: {why}" in result.output


def test_a_rehearsal_is_sorted_by_its_predicted_headers(tmp_path: Path) -> None:
    asked = {"DET1.DIT": 0.2, "SEQ.NEXPO1": 3, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0}
    ob = rig.write_ob(tmp_path, ("METIS_all_cal_Dark", asked))
    told = CliRunner().invoke(
        main, ["rehearse", str(ob), "-d", "metis-sim", "--out", str(tmp_path / "foreseen")]
    )
    assert told.exit_code == 0, told.output
    [folder] = (tmp_path / "foreseen").iterdir()
    for place in (folder, folder / "headers"):
        result = call(place, "--sof", tmp_path / "sets")
        assert result.exit_code == 0
        assert "DARK_2RG_RAW_fast_0.2_1: 3 for metis_det_dark as DARK_2RG_RAW\n" in result.output
        assert "DARK_2RG_RAW_fast_0.2_1: no set of frames, they were only rehearsed\n" in result.output
    assert list((tmp_path / "sets").iterdir()) == []


def test_a_product_told_by_its_record_alone_is_no_raw_frame(tmp_path: Path) -> None:
    """A stage's program may copy the whole header of a raw frame; the record beside its product says what it is."""
    write(tmp_path / "raw", "flat")
    made, attached = (
        write(tmp_path / "products", name) for name in ("mine_01_made", "mine_01_made.attached.x")
    )
    record = {"file": made.name, "category": "MINE", "recipe": "x", "stage": {"name": "mine"}}
    made.with_suffix(".json").write_text(json.dumps(record))
    lines = call(tmp_path).output.splitlines()
    assert (
        lines[0] == "LM_FLAT_TWILIGHT_RAW_Lp_OPEN_fast_0.2_1: 1 for metis_lm_img_flat as LM_FLAT_TWILIGHT_RAW"
    )
    assert lines[-2:] == [
        "left out:",
        f"  {attached.name}: it lies among products, and nothing says of what kind",
    ]


def test_the_flats_of_a_run_find_the_master_dark_that_our_recipe_made(tmp_path: Path) -> None:
    asked = {**rig.FLATS, "SEQ.DIT.FILT.LIST": ["Lp"], "SEQ.NEXPO": 3, "SEQ.DARK": True}
    ran = rig.run(tmp_path, rig.write_ob(tmp_path, ("METIS_all_cal_TwilightFlat", asked)), reduced=True)
    lines = call(ran.result.run_dir).output.splitlines()
    sets = [line for line in lines if line.startswith("LM_FLAT_TWILIGHT_RAW")]
    found = [line for line in lines if line.startswith("  MASTER_DARK_2RG: master_dark_LM_fast_")]
    assert sets
    assert len(found) == len(sets)
    assert "left out:" not in lines
