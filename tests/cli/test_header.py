"""`sequencer header` on a frame of a run: who gave each card, when, how, by what; what is wrong in it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from astropy.io import fits
from click.testing import CliRunner, Result

from sequencer.cli.main import main
from tests.end_to_end import rig
from tests.reduction.night import Night, reduced


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["header", *map(str, words)])


@pytest.fixture(scope="module")
def dark(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dark of METIS in the folder of its run."""
    folder = tmp_path_factory.mktemp("run")
    asked = {"DET1.DIT": 0.2, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0}
    ran = rig.run(folder, rig.write_ob(folder, ("METIS_all_cal_Dark", asked)), reduced=True)
    [path] = (ran.result.run_dir / "raw").iterdir()
    return path


def row(output: str, keyword: str) -> list[str]:
    """Value and what is said of it."""
    [line] = [line for line in output.splitlines() if line.strip().startswith(f"{keyword} ")]
    return line.split(keyword, 1)[1].split()


def test_every_card_of_a_frame_is_explained_and_nothing_is_wrong(dark: Path) -> None:
    result = call(dark)
    assert result.exit_code == 0, result.output
    with fits.open(dark) as hdus:
        keywords = [
            key for hdu in hdus for key in hdu.header if key.startswith("ESO ") or key in ("ORIGIN", "DATE")
        ]
        start = hdus[0].header["DATE-OBS"]
    for keyword in keywords:
        assert row(result.output, keyword)
    assert row(result.output, "ESO INS OPTI1 NAME")[:6] == "DARK the mechanisms read back simulated".split()
    assert row(result.output, "DATE-OBS") == [start, "the", "file", "writer", "known", start]
    assert row(result.output, "ESO DPR TYPE")[:4] == ["DARK", "the", "template", "requested"]
    assert row(result.output, "ESO DET1 CHIP GAIN") == ["4.0", "the", "instrument", "file", "constant"]
    assert "header 1\n" in result.output
    assert "\n0 of " in result.output


def test_times_of_start_and_end_come_from_the_journal_and_are_words_without_it(
    dark: Path, tmp_path: Path
) -> None:
    starts, ends = (row(call(dark).output, f"ESO INS SHUT {end}")[-1] for end in ("ST", "END"))
    header = fits.getheader(dark)
    assert starts < header["DATE-OBS"] < ends
    alone = shutil.copy(dark, tmp_path / "alone.fits")
    output = call(alone, "SHUT").output
    assert row(output, "ESO INS SHUT ST")[-3:] == ["before", "the", "exposure"]
    assert row(output, "ESO INS SHUT END")[-3:] == ["after", "the", "exposure"]


def test_a_journal_that_cannot_be_read_is_no_reason_to_say_nothing(dark: Path, tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "journal.sqlite").write_bytes(b"no database " * 100)
    output = call(shutil.copy(dark, tmp_path / "raw"), "SHUT").output
    assert row(output, "ESO INS SHUT ST")[-3:] == ["before", "the", "exposure"]


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Products of our recipes: dark, flat, linearity, and a relative check of the flat's levels."""
    night = Night(tmp_path_factory.mktemp("products"), size=64)
    night.flats([2.0e5, 2.3e5, 2.6e5], n=4, name="short-L")
    night.ladder(1.5e5, [0.04, 0.12, 0.2, 0.28, 0.34])
    night.darks(0.2, 4)
    reduced(night)
    return night.run_dir / "products"


def test_nothing_is_wrong_in_products_of_ours_and_nothing_is_real(products: Path, dark: Path) -> None:
    made = [*products.glob("*.fits"), *(dark.parent.parent / "products").glob("*.fits")]
    assert len(made) >= 4
    for path in made:
        result = call(path)
        assert result.exit_code == 0
        assert "\n0 of " in result.output, result.output
        assert "by the dictionary of products" in result.output
        assert not {"real", "simulated", "unknown"} & set(result.output.split())


def test_a_product_is_told_as_made_by_the_recipe_from_its_first_frame(dark: Path, tmp_path: Path) -> None:
    [made] = (dark.parent.parent / "products").glob("*.fits")
    path = Path(shutil.copy(made, tmp_path))
    output = call(path).output
    assert row(output, "ESO PRO CATG") == "MASTER_DARK_2RG the recipe known".split()
    assert row(output, "ESO QC DARK NHOT")[1:] == "the recipe known".split()
    assert row(output, "ESO DET NCORRS NAME") == "fast the first frame taken over".split()
    with fits.open(path, mode="update") as hdus:
        hdus[0].header["ESO QC DARK NHOT"] = -1
        hdus[0].header["STRANGE"] = 1
        del hdus[0].header["ESO PRO TYPE"]
    output = call(path).output
    assert "wrong: ESO QC DARK NHOT: -1 is below 0" in output
    assert "wrong: STRANGE: is not in the dictionary" in output
    assert "wrong: ESO PRO TYPE: is missing (from the recipe)" in output
    assert "\n3 of " in output


@pytest.mark.parametrize("record", [{}, {"category": "MASTER_BIAS", "stage": {"software": "numina 0.40.0"}}])
def test_cards_of_another_programs_product_are_not_ours_to_check(
    tmp_path: Path, record: dict[str, Any]
) -> None:
    path = tmp_path / "bias.fits"
    cards = {"INSTRUME": "MEGARA", "OBSMODE": "MegaraBiasImage", "ORIGIN": "GTC", "NUMTYPE": "MasterBias"}
    fits.PrimaryHDU(header=fits.Header(cards)).writeto(path)
    if record:
        path.with_suffix(".json").write_text(json.dumps({"file": path.name, **record}))
    result = call(path)
    assert result.exit_code == 0
    assert row(result.output, "OBSMODE") == "MegaraBiasImage another program".split()
    who = "another program (numina 0.40.0)" if record else "another program"
    assert result.output.endswith(f"\na product made by {who}; its cards are not ours to check\n")
    assert "wrong" not in result.output


def test_a_keyword_no_card_has_is_said(dark: Path) -> None:
    result = call(dark, "NOSUCH")
    assert (result.exit_code, result.output) == (2, "error: no card's name holds NOSUCH\n")
    result = call(dark, "det dit", "NOSUCH")
    assert result.exit_code == 2
    assert "ESO DET DIT" in result.output


def test_only_the_cards_asked_for(dark: Path) -> None:
    lines = call(dark, "det dit").output.splitlines()
    assert [line.split("  ")[1] for line in lines if line.startswith("  ")] == ["ESO DET DIT"]


def test_what_is_wrong_is_said_card_by_card(dark: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.fits"
    with fits.open(dark) as hdus:
        del hdus[0].header["ESO INS OPTI1 NAME"]
        hdus[0].header["ESO DET DIT"] = -1.0
        hdus[0].header["HIERARCH ESO TEL ALT"] = 40.0
        hdus[0].header["STRANGE"] = 1
        hdus.writeto(bad, checksum=True)
    output = call(bad).output
    assert "wrong: ESO INS OPTI1 NAME: is missing (from the mechanisms)" in output
    assert "wrong: ESO DET DIT: -1 s is below 0 s" in output
    assert "wrong: ESO TEL ALT: has no part in such a frame" in output
    assert "wrong: STRANGE: is not in the dictionary" in output
    assert "\n4 of " in output


def test_a_real_device_is_told_from_a_simulated_one(dark: Path, tmp_path: Path) -> None:
    mixed = tmp_path / "mixed.fits"
    with fits.open(dark) as hdus:
        for keyword in [key for key in hdus[0].header if key.startswith("ESO GEN SIMDEV")]:
            if hdus[0].header[keyword].startswith("DET "):
                del hdus[0].header[keyword]
        hdus.writeto(mixed, checksum=True)
    output = call(mixed).output
    assert "real" in row(output, "ESO DET CON OPMODE")
    assert "simulated" in row(output, "ESO INS OPTI1 NAME")
    assert "simulated" in row(output, "ESO INS SHUT ST")


@pytest.mark.parametrize(
    ("content", "text"), [(b"", "empty file"), (b"no FITS at all", "no FITS header at byte 0")]
)
def test_a_file_that_is_no_fits_is_one_clear_error(tmp_path: Path, content: bytes, text: str) -> None:
    path = tmp_path / "x.fits"
    path.write_bytes(content)
    result = call(path)
    assert (result.exit_code, result.output) == (2, f"error: x.fits: {text}\n")


def test_a_frame_of_an_unknown_instrument_is_held_against_what_is_common_to_all(tmp_path: Path) -> None:
    path = tmp_path / "x.fits"
    fits.PrimaryHDU(header=fits.Header({"INSTRUME": "HARPS"})).writeto(path)
    assert "by the dictionary of common" in call(path).output
    assert "by the dictionary of METIS" in call(path, "--dictionary", "metis").output
