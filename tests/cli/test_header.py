"""`sequencer header` on a frame of a run: who gave each card, when, how, by what; what is wrong in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from astropy.io import fits
from click.testing import CliRunner, Result

from sequencer.cli.main import main
from tests.end_to_end import rig


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["header", *map(str, words)])


@pytest.fixture(scope="module")
def dark(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dark of METIS in the folder of its run."""
    folder = tmp_path_factory.mktemp("run")
    asked = {"DET1.DIT": 0.2, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0}
    ran = rig.run(folder, rig.write_ob(folder, ("METIS_all_cal_Dark", asked)))
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
