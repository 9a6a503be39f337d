"""Which card wins, in which order cards stand, what a card must be like, what astropy reads back."""

from __future__ import annotations

import itertools
import math
import random
import warnings
from typing import Any

import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from sequencer.acquisition import CardErrors, MissingCards, plain_ascii
from sequencer.acquisition.cards import card_problem
from sequencer.acquisition.dictionary import Dictionary
from sequencer.acquisition.header import assemble, card_image, category
from sequencer.acquisition.header_check import check_header
from sequencer.acquisition.layouts import complete

from .support import DAWN_S, card, dictionary, plan

MEGARA = Dictionary(dictionary())


def keywords(cards: list[Any]) -> list[str]:
    return [one.keyword for one in assemble(cards)]


def test_cards_stand_in_the_order_of_the_interface_document() -> None:
    wanted = [
        "ORIGIN", "TELESCOP", "INSTRUME", "OBJECT", "EXPTIME", "RA", "DEC", "DATE", "DATE-OBS", "MJD-OBS",
        "ARCFILE", "AIRMASS", "COVER1", "COVER2", "COVER10",
        "ESO DPR CATG", "ESO DPR TYPE", "ESO OBS NAME", "ESO TPL ID", "ESO GEN SIM", "ESO TEL ALT",
        "ESO INS MODE", "ESO INS OPTI2 NAME", "ESO INS OPTI10 NAME", "ESO DET DIT", "ESO DET1 DIT",
        "ESO DET2 DIT", "ESO SEQ MODE", "ESO DRS FILTER", "ESO AAA X", "ESO ZZZ X",
    ]  # fmt: skip
    for seed in range(20):
        shuffled = random.Random(seed).sample(wanted, len(wanted))
        assert keywords([card(keyword, 1) for keyword in shuffled]) == wanted


def test_the_contributor_of_higher_priority_wins_whoever_comes_first() -> None:
    order = "structure,DPR x,OBS,TPL,GEN,TEL telescope,INS,DET LM,SEQ,DRS,instrument".split(",")
    for winner, loser in itertools.pairwise(order):
        cards = [
            card("OBJECT", winner, contributor=winner),
            card("OBJECT", loser, contributor=loser, time_s=2e9),
        ]
        assert [one.value for one in assemble(cards)] == [winner]
        assert [one.value for one in assemble(cards[::-1])] == [winner]


def test_of_one_contributor_what_was_beats_what_was_asked_then_the_later_then_the_last() -> None:
    asked = card("ESO DET DIT", 1.0, contributor="DET", measured=False, time_s=DAWN_S + 9)
    was = card("ESO DET DIT", 2.0, contributor="DET", time_s=DAWN_S)
    later = card("ESO DET DIT", 3.0, contributor="DET", time_s=DAWN_S + 1)
    last = card("ESO DET DIT", 4.0, contributor="DET", time_s=DAWN_S + 1)
    assert [one.value for one in assemble([asked, was])] == [2.0]
    assert [one.value for one in assemble([was, asked])] == [2.0]
    assert [one.value for one in assemble([later, was, asked])] == [3.0]
    assert [one.value for one in assemble([later, last])] == [4.0]


def test_each_extension_has_its_own_cards() -> None:
    cards = [
        card("OBJECT", "primary"),
        card("OBJECT", "first", extension=1),
        card("OBJECT", "second", extension=2),
    ]
    assert [[one.value for one in assemble(cards, n)] for n in (None, 1, 2, 3)] == [
        ["primary"], ["first"], ["second"], []
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("keyword", "value", "why"),
    [
        ("ESO OBS OBSERVATION", 1, "at most 8 characters"),
        ("ESO OBS name", 1, "upper case"),
        ("ESO  OBS NAME", 1, "single blanks"),
        ("ESO 1OBS NAME", 1, "words"),
        ("ESO OBS NAME ", 1, "words"),
        ("ESO OBS", 1, "two or more words"),
        ("ESO", "x" * 80, "columns"),
        ("EXPOSURET", 1, "at most 8"),
        ("object", "x", "A-Z"),
        ("", "x", "A-Z"),
        ("OBJECT NAME", "x", "A-Z"),
        ("NAXIS1", 1, "only the file writer"),
        ("NAXIS", 1, "only the file writer"),
        ("CHECKSUM", "x", "only the file writer"),
        ("DATASUM", "x", "only the file writer"),
        ("TFORM12", "x", "only the file writer"),
        ("COMMENT", "x", "only the file writer"),
        ("END", "x", "only the file writer"),
        ("OBJECT", "Ske\u00e4tch", "'\u00e4', which is not printable ASCII"),
        ("OBJECT", "two\nlines", r"'\\n', which is not"),
        ("OBJECT", "\x7f", "not printable"),
        ("AIRMASS", math.nan, "is nan"),
        ("AIRMASS", -math.inf, "is -inf"),
        ("EXPNO", 2**63, "64 bits"),
        ("EXPNO", -(2**63), "64 bits"),
        ("EXPNO", None, "NoneType"),
        ("EXPNO", [1], "list"),
        ("OBJECT", "x" * 69, "81 columns"),
        ("OBJECT", "'" * 35, "82 columns"),
        ("ESO OBS NAME", "x" * 55, "81 columns"),
        ("ESO INS OPTI10 POSNAME LONGWORD LONGWORD LONGWORD", 1.5, "columns"),
    ],
)
def test_a_card_that_cannot_be_written_is_refused_and_named(keyword: str, value: Any, why: str) -> None:
    problem = card_problem(card(keyword, value, contributor="TEL telescope"))
    assert problem is not None
    assert problem.startswith(f"{keyword!r} from TEL telescope: ")
    assert why.replace("\\\\", "\\") in problem


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("OBJECT", "x" * 68),
        ("OBJECT", "'" * 34),
        ("OBJECT", ""),
        ("OBJECT", " ~"),
        ("ESO OBS NAME", "x" * 54),
        ("EXPNO", 2**63 - 1),
        ("EXPNO", 1 - 2**63),
        ("A-B_9", True),
        ("ESO DET1 WIN STRX", 0),
        ("ESO INS OPTI10 POSNAME LONGWORD LONGWORD LONGWOR", -1.2345678901234567e-300),
    ],
)
def test_what_just_fits_is_written(keyword: str, value: Any) -> None:
    one = card(keyword, value, "[s] comment " * 10)
    assert card_problem(one) is None
    back = read_image(card_image(one.title, one.value, one.comment))
    assert back.keyword == keyword
    assert back.value == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value)


def read_image(image: str) -> fits.Card:
    assert len(image) == 80
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        back = fits.Card.fromstring(image)
        back.verify("exception")
    return back


words = st.text("ABCXYZ019-_", min_size=1, max_size=8).filter(lambda word: word[0].isalpha())
ascii_text = st.text([chr(n) for n in range(32, 127)], max_size=90)
values = st.one_of(
    st.booleans(), st.integers(-(2**70), 2**70), st.floats(), ascii_text, st.text(max_size=10)
)  # fmt: skip


@given(st.lists(words, min_size=2, max_size=6), values, ascii_text)
def test_any_card_is_refused_or_read_back_by_astropy_as_it_was(
    parts: list[str], value: Any, comment: str
) -> None:
    one = card("ESO " + " ".join(parts), value, comment)
    if card_problem(one):
        return
    back = read_image(card_image(one.title, one.value, one.comment))
    assert back.keyword == one.keyword
    assert type(back.value) is type(value)
    if isinstance(value, float):
        assert back.value == pytest.approx(value, rel=1e-12)
    else:
        assert back.value == (value.rstrip() if isinstance(value, str) else value)
    assert comment.strip().startswith(back.comment.strip())


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_of_up_to_fifteen_digits_come_back_exactly(value: float) -> None:
    value = float(f"{value:.12g}")
    assert read_image(card_image("HIERARCH ESO DET DIT", value, "[s] integration time")).value == value


def test_a_comment_is_cut_to_the_card_and_keeps_its_unit() -> None:
    image = card_image("HIERARCH ESO OBS NAME", "x" * 30, "[s] " + "c" * 80)
    assert image == "HIERARCH ESO OBS NAME = '" + "x" * 30 + "' / [s] " + "c" * 17
    assert card_image("OBJECT", "x", "c" * 90) == "OBJECT  = 'x       '           / " + "c" * 47
    assert card_image("OBJECT", "x" * 66, "comment").rstrip() == "OBJECT  = '" + "x" * 66 + "'"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("[\u00b5m] caf\u00e9", "[um] cafe"),
        ("5\u00b0 \u00c5", "5deg Angstrom"),
        ("\u65e5\n", "??"),
        ("plain ~", "plain ~"),
        ("\u00c5ngstr\u00f6m, Stra\u00dfe, S\u00f8ren, \u0141ukasz", "Angstrom, Strasse, Soren, Lukasz"),
    ],
)
def test_comments_become_plain_ascii(text: str, plain: str) -> None:
    assert plain_ascii(text) == plain
    assert card_image("OBJECT", "x", text)[33:].rstrip() == plain.rstrip()


def test_true_one_and_one_point_nought_are_three_cards() -> None:
    images = [card_image("X", value, "") for value in (True, 1, 1.0)]
    assert [image[10:].strip() for image in images] == ["T", "1", "1.0"]


def test_categories() -> None:
    assert [category(word) for word in ("ESO DET12 DIT", "ESO TEL ALT", "EXPTIME")] == ["DET", "TEL", ""]


def test_a_header_is_checked_for_its_extensions_and_required_cards() -> None:
    megara, nothing = plan(layout="megara"), Dictionary(dictionary())
    with pytest.raises(CardErrors, match="'OBJECT' from OBS engine: there is no extension 2, the file has 0"):
        check_header(megara, [card("OBJECT", "x", extension=2)], nothing, later=True)
    with pytest.raises(CardErrors, match="no extension 0"):
        check_header(plan(), [card("OBJECT", "x", extension=0)], nothing, later=True)
    required = Dictionary(dictionary({"all": ["OBJECT"], "dark": ["ESO TEL AIRM END", "ESO DET DIT"]}))
    check_header(plan(), [card("OBJECT", "x")], required, later=False)
    with pytest.raises(MissingCards):
        check_header(plan(), [card("OBJECT", "x", extension=1)], required, later=False)
    with pytest.raises(MissingCards) as caught:
        check_header(plan(), [card("OBJECT", "x"), card("ESO TPL ID", "dark")], required, later=True)
    assert caught.value.missing == (("ESO DET DIT", "the detector"),)
    with pytest.raises(MissingCards) as caught:
        check_header(plan(), [card("ESO TPL ID", "dark")], required, later=False)
    assert {keyword for keyword, _ in caught.value.missing} == {"OBJECT", "ESO TEL AIRM END", "ESO DET DIT"}


@pytest.mark.parametrize(("position", "cover", "half"), [("CLOSED", 0, "INPLACE"), ("OPEN", 3, "PARKED")])
def test_the_cover_as_megara_names_it(position: str, cover: int, half: str) -> None:
    asked = plan(layout="megara", start_cards=[])
    cards = assemble(complete(asked, [card("ESO INS COVER ST", position)], DAWN_S, DAWN_S, MEGARA))
    found = {one.keyword: one.value for one in cards}
    assert (found["COVER"], found["COVER1"], found["COVER2"]) == (cover, half, half)


def test_a_cover_half_open_has_no_name_and_must_be_told_outright() -> None:
    cards = complete(plan(layout="megara"), [card("ESO INS COVER ST", "PARTIAL")], DAWN_S, DAWN_S, MEGARA)
    assert not {"COVER", "COVER1", "COVER2"} & {one.keyword for one in cards}
