"""File names never repeat, whatever the clock does."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.acquisition import FileNames, NumberedNames, file_names

from .support import DAWN_S, instrument


def test_a_metis_name_is_the_start_to_the_millisecond_with_colons(tmp_path: Path) -> None:
    assert FileNames(tmp_path, "METIS").allot(DAWN_S) == "METIS.2027-03-20T09:31:12.345.fits"


def test_several_detectors_in_one_millisecond_and_a_clock_set_back(tmp_path: Path) -> None:
    names = FileNames(tmp_path, "METIS")
    stamps = [
        names.allot(time_s)[-11:-5] for time_s in (DAWN_S, DAWN_S, DAWN_S, DAWN_S - 3600, DAWN_S + 1, DAWN_S)
    ]
    assert stamps == ["12.345", "12.346", "12.347", "12.348", "13.345", "13.346"]


@given(st.lists(st.floats(0.0, 4e9), min_size=1, max_size=30))
def test_names_never_repeat_and_sort_as_they_were_given(times: list[float]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        names = FileNames(Path(folder), "METIS")
        given_out = [names.allot(time_s) for time_s in times]
    assert given_out == sorted(set(given_out))
    assert all(
        re.fullmatch(r"METIS\.\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\.fits", name) for name in given_out
    )


def test_names_go_on_after_what_is_on_disk(tmp_path: Path) -> None:
    (tmp_path / "METIS.2027-03-20T09:31:12.500.fits").touch()
    (tmp_path / "METIS.2027-03-20T09:31:12.700.fits.part").touch()
    (tmp_path / "OTHER.2027-03-20T09:31:12.900.fits").touch()
    (tmp_path / "METIS.notes.txt").touch()
    names = FileNames(tmp_path, "METIS")
    assert names.allot(DAWN_S) == "METIS.2027-03-20T09:31:12.701.fits"


def test_a_megara_name_has_number_date_and_mode(tmp_path: Path) -> None:
    names = NumberedNames(tmp_path, "MEGARA")
    assert names.allot(DAWN_S, "MegaraDarkImage") == "0000000001-20270320-MEGARA-MegaraDarkImage.fits"
    assert names.allot(DAWN_S, "MegaraBiasImage") == "0000000002-20270320-MEGARA-MegaraBiasImage.fits"


def test_megara_numbers_go_on_after_what_is_on_disk(tmp_path: Path) -> None:
    (tmp_path / "0000000122-20270319-MEGARA-MegaraBiasImage.fits").touch()
    (tmp_path / "0000000130-20270319-MEGARA-MegaraBiasImage.fits.part").touch()
    (tmp_path / "0000000900-20270319-OSIRIS-OsirisBias.fits").touch()
    name = NumberedNames(tmp_path, "MEGARA").allot(DAWN_S, "MegaraDarkImage")
    assert name == "0000000131-20270320-MEGARA-MegaraDarkImage.fits"


@pytest.mark.parametrize("word", ["", "a/b", "..", "a b", "caf\u00e9"])
def test_words_that_do_not_belong_into_a_file_name_are_refused(tmp_path: Path, word: str) -> None:
    with pytest.raises(ValueError, match="cannot be part of a file name"):
        FileNames(tmp_path, word)
    with pytest.raises(ValueError, match="cannot be part of a file name"):
        NumberedNames(tmp_path, word)
    names = NumberedNames(tmp_path, "MEGARA")
    with pytest.raises(ValueError, match="cannot be part of a file name"):
        names.allot(DAWN_S, word)
    assert names.allot(DAWN_S, "M").startswith("0000000001-"), "a refused name uses no number"


def test_the_layout_decides_which_names_an_instrument_has(tmp_path: Path) -> None:
    assert isinstance(file_names(tmp_path, instrument()), FileNames)
    assert isinstance(file_names(tmp_path, instrument(layout="megara")), NumberedNames)
    assert file_names(tmp_path, instrument()).allot(DAWN_S).startswith("METIS.")
