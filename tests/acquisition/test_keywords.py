"""Keyword dictionaries as files: what they include, what is wrong in one."""

from __future__ import annotations

from pathlib import Path

import pytest

from sequencer.acquisition.recipes import load_recipes, recipes_of
from sequencer.config.keywords import keywords_of, load_keywords, pattern
from sequencer.config.problems import ConfigErrors
from sequencer.config.search import known_names

DICTIONARIES = ["common", "megara", "metis", "opticam", "products"]


def test_every_packaged_dictionary_and_list_of_recipes_loads() -> None:
    assert known_names("keywords") == DICTIONARIES
    assert [load_keywords(name).name.lower() for name in DICTIONARIES] == DICTIONARIES
    assert [load_recipes(name).name for name in known_names("keywords/recipes")] == ["MEGARA", "METIS"]


@pytest.mark.parametrize("name", DICTIONARIES)
def test_keywords_are_of_the_form_fits_and_the_interface_document_allow(name: str) -> None:
    for keyword, entry in load_keywords(name).keywords.items():
        words = keyword.split(" ")
        assert words[0] == "ESO" or len(words) == 1
        assert all(0 < len(word.replace("#", "10")) <= 8 or word.endswith("#") for word in words), keyword
        assert keyword == keyword.upper()
        assert entry.comment, f"{keyword} has no comment"
        assert len(keyword) + len(entry.comment) + len(entry.unit) < 75, (
            f"{keyword}: nothing is left for a value"
        )


def test_own_entries_hold_before_included_ones() -> None:
    common, metis = load_keywords("common"), load_keywords("metis")
    assert common.keywords["ESO DET DIT"].range == (0.0, 36000.0)
    assert metis.keywords["ESO DET DIT"].range == (0.0, 3600.0)
    assert set(common.keywords) < set(metis.keywords)


def test_an_instrument_without_a_dictionary_has_what_is_common_to_all() -> None:
    assert keywords_of("MADE-UP") == load_keywords("common")
    assert recipes_of("MADE-UP") is None


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("X: {type: strnig, given: file}", "must be one of string, time, integer, double, logical"),
        ("X: {type: string, given: nobody}", "must be one of file, instrument, block"),
        ("X: {type: string, given: file, required: [dusk]}", "X: no kind is called dusk"),
        ("X: {type: string, given: file, absent: [dusk]}", "X: no kind is called dusk"),
        ("X: {type: string, given: file, same_as: Y}", "X: same_as Y, which is not defined"),
        ('X: {type: double, given: file, unit: s, comment: "[s] t"}', "the unit is written in front"),
        ("X: {type: double, given: file, range: [low, 2]}", "range"),
    ],
)
def test_what_is_wrong_in_a_dictionary_is_said_with_its_line(tmp_path: Path, entry: str, text: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(f"name: own\nkeywords:\n  {entry}\n")
    with pytest.raises(ConfigErrors) as caught:
        load_keywords(str(path))
    [problem] = caught.value.problems
    assert text in str(problem)
    assert f"{path}:3" in str(problem)


def test_constants_of_a_kind_nobody_defined_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("name: own\nconstants:\n  dusk: {X: 1}\n")
    with pytest.raises(ConfigErrors, match="no kind is called dusk"):
        load_keywords(str(path))


def test_a_number_at_the_end_of_a_word_is_any_number() -> None:
    assert pattern("ESO INS OPTI10 NAME") == "ESO INS OPTI# NAME"
    assert pattern("CRPIX1") == "CRPIX#"
    assert pattern("ESO DET ID") == "ESO DET ID"
    assert pattern("MJD-OBS") == "MJD-OBS"
    assert pattern("CD1_1") == "CD1_#"
