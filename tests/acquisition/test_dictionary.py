"""What the dictionary refuses before the shutter opens, and what it makes of the cards given; rules by rule."""

from __future__ import annotations

from typing import Any

import pytest

from sequencer.acquisition import Card, CardErrors, MissingCards
from sequencer.acquisition.dictionary import GIVERS, Dictionary
from sequencer.acquisition.header_check import check_header
from sequencer.acquisition.layouts import complete, lay_out
from sequencer.config.keywords import Keyword, load_keywords

from .support import DAWN_S, card, frame, plan

METIS = Dictionary(load_keywords("metis"))
MEGARA = Dictionary(load_keywords("megara"))
FLAT = {"INSTRUME": "METIS", "ESO DET ID": "2RG", "ESO DPR CATG": "CALIB", "ESO DPR TYPE": "FLAT,TWILIGHT"}
DARK = {
    "INSTRUME": "MEGARA",
    "OBSMODE": "MegaraDarkImage",
    "ESO DET ID": "CCD231-84",
    "ESO DPR CATG": "CALIB",
}
FRAMES = {"metis": (METIS, FLAT, "extensions"), "megara": (MEGARA, DARK, "megara")}
WRONG: dict[str, Any] = {"string": 1.5, "time": "yesterday", "integer": "1", "double": "1", "logical": 1}


def allowed(entry: Keyword) -> Any:
    """Some value the dictionary allows."""
    if entry.type in ("string", "time"):
        return entry.values[0] if entry.values else "2027-03-20T09:31:12.345" if entry.type == "time" else "x"
    if entry.type == "logical":
        return True
    lowest, highest = entry.range
    value = lowest if lowest is not None else highest if highest is not None else 1.0
    return int(value) if entry.type == "integer" else float(value)


def required(instrument: str) -> list[tuple[str, Keyword]]:
    """Keywords a flat of METIS or a dark of MEGARA must have, a number for `#`."""
    known, labels, _ = FRAMES[instrument]
    kinds = known.kinds(labels)
    return [
        (name.replace("#", "1"), entry)
        for name, entry in known.keywords.keywords.items()
        if not kinds.isdisjoint(entry.required)
    ]


def all_cards(instrument: str) -> list[Card]:
    """One card for each required keyword, with a value that is allowed."""
    _, labels, layout = FRAMES[instrument]
    cards = [
        card(
            name,
            labels.get(name, allowed(entry)),
            contributor=f"{entry.given} X",
            extension=1 if entry.chip and layout == "extensions" else None,
        )
        for name, entry in required(instrument)
    ]
    given = {one.keyword for one in cards}
    return cards + [card(name, value) for name, value in labels.items() if name not in given]


def rules(*, value: bool) -> list[Any]:
    """Required keywords; with `value` only those whose values say nothing of what the frame is."""
    return [
        pytest.param(instrument, name, entry, id=f"{instrument}-{name}")
        for instrument, (_, labels, _) in FRAMES.items()
        for name, entry in required(instrument)
        if name not in labels or not value
    ]


def check(instrument: str, cards: list[Card], *, later: bool = True) -> None:
    known, _, layout = FRAMES[instrument]
    check_header(plan(layout=layout), cards, known, later=later)


@pytest.mark.parametrize("instrument", FRAMES)
def test_a_frame_with_all_it_needs_is_let_through(instrument: str) -> None:
    check(instrument, all_cards(instrument), later=True)
    check(instrument, all_cards(instrument), later=False)


@pytest.mark.parametrize(("instrument", "name", "entry"), rules(value=True))
def test_a_missing_card_is_named_with_who_owes_it(instrument: str, name: str, entry: Keyword) -> None:
    cards = [one for one in all_cards(instrument) if one.keyword != name]
    with pytest.raises(MissingCards) as caught:
        check(instrument, cards, later=False)
    [(keyword, owner)] = caught.value.missing
    assert (keyword.replace("#", "1"), owner) == (name, GIVERS[entry.given])
    if entry.at == "start":
        with pytest.raises(MissingCards):
            check(instrument, cards, later=True)
    else:
        check(instrument, cards, later=True)


@pytest.mark.parametrize(("instrument", "name", "entry"), rules(value=True))
def test_a_card_of_the_wrong_type_is_refused_before_the_exposure(
    instrument: str, name: str, entry: Keyword
) -> None:
    others = [one for one in all_cards(instrument) if one.keyword != name]
    given = next(one for one in all_cards(instrument) if one.keyword == name)
    bad = [*others, card(name, WRONG[entry.type], contributor=given.contributor, extension=given.extension)]
    with pytest.raises(CardErrors) as caught:
        check(instrument, bad)
    [problem] = caught.value.problems
    assert problem.startswith(f"'{name}' from {entry.given} X: ")


@pytest.mark.parametrize(
    ("keyword", "value", "text"),
    [
        ("ESO DET DIT", -0.1, "-0.1 s is below 0 s"),
        ("ESO DET DIT", 3600.1, "3600.1 s is above 3600 s"),
        ("ESO DET NDIT", 0, "0 is below 1"),
        ("ESO TEL AIRM START", 0.99, "0.99 is below 1"),
        ("ESO TEL TRAK STATUS", "on", "'on' is none of NORMAL, OFF"),
        ("ESO TPL START", "20 March", "'20 March' is not a time like 2027-03-20T09:31:12.345"),
        ("ESO DET CUBE MODE", 0, "0 is a integer, not a logical"),
        ("ESO OBS NAME", "x" * 60, "keyword and value take 86 columns"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_before_the_exposure(
    keyword: str, value: Any, text: str
) -> None:
    cards = [one for one in all_cards("metis") if one.keyword != keyword]
    with pytest.raises(CardErrors) as caught:
        check("metis", [*cards, card(keyword, value, contributor="TEL telescope")])
    [problem] = caught.value.problems
    assert problem.startswith(f"'{keyword}' from TEL telescope: {text}")


def test_what_was_measured_once_the_light_was_there_never_loses_the_frame() -> None:
    cards = [*all_cards("metis"), card("ESO TEL AMBI TEMP", -80.0)]
    check("metis", cards, later=False)
    with pytest.raises(CardErrors, match="-80 Cel is below -60 Cel"):
        check("metis", cards, later=True)


def test_an_empty_text_is_a_missing_card() -> None:
    cards = [one for one in all_cards("metis") if one.keyword != "ESO INS OPTI1 NAME"]
    with pytest.raises(MissingCards) as caught:
        check("metis", [*cards, card("ESO INS OPTI1 NAME", "")])
    assert caught.value.missing == (("ESO INS OPTI1 NAME", "the mechanisms"),)


def test_a_chip_without_its_cards_is_named_even_if_another_has_them() -> None:
    chips = plan().chips
    asked = plan(chips=[*chips, *chips])
    with pytest.raises(MissingCards) as caught:
        check_header(asked, all_cards("metis"), METIS, later=True)
    assert ("BUNIT", "the file writer") in caught.value.missing


def found(cards: list[Card], known: Dictionary = METIS) -> dict[str, Any]:
    return {one.keyword: one.value for one in known.complete(cards)}


def test_whole_numbers_become_doubles_and_comments_get_their_units() -> None:
    [one] = [one for one in METIS.complete([card("ESO DET DIT", 2, "")]) if one.keyword == "ESO DET DIT"]
    assert (one.value, type(one.value), one.comment) == (2.0, float, "[s] detector integration time")


def test_constants_belong_to_a_kind_and_overrule_what_others_say() -> None:
    wheel = card("ESO INS MODE", "LMS", contributor="INS mechanisms")
    labels = [card("ESO DET ID", "IFU"), card("ESO DPR TYPE", "DARK")]
    dark = [one for one in METIS.complete([wheel, *labels]) if one.keyword == "ESO INS MODE"]
    assert [one.value for one in dark] == ["LMS", "IFU_nominal"]
    asked = plan()
    written = lay_out(asked, complete(asked, [wheel, *labels], DAWN_S, DAWN_S, METIS), frame()[1])[0].cards
    assert [one.value for one in written if one.keyword == "ESO INS MODE"] == ["IFU_nominal"]
    assert found([card("ESO DET ID", "GEO")])["ESO INS MODE"] == "IMG_N"


def test_the_periscope_out_takes_the_calibration_unit_out_of_a_flat_but_not_of_a_dark() -> None:
    unit = [card(f"ESO INS OPTI{n} NAME", "X") for n in (1, 18, 19, 20)]
    out = card("ESO INS OPTI17 NAME", "OUT")
    flat, dark = card("ESO DPR TYPE", "FLAT,TWILIGHT"), card("ESO DPR TYPE", "DARK")

    def wheels(*cards: Card) -> list[int]:
        return [n for n in range(1, 21) if f"ESO INS OPTI{n} NAME" in found([*unit, *cards])]

    assert wheels(out, flat) == [1]
    assert wheels(out, dark) == [1, 19, 20]
    assert wheels(card("ESO INS OPTI17 NAME", "IN"), flat) == [1, 17, 18, 19, 20]
    assert wheels(card("ESO INS OPTI2 NAME", "OUT"), flat) == [1, 18, 19, 20]


def test_with_the_periscope_in_there_is_no_telescope() -> None:
    sky = ["ESO TEL ALT", "ESO TEL AIRM START", "RA", "DEC", "EQUINOX", "RADESYS"]
    cards = [*(card(name, 1.0) for name in sky), card("RADIUS", 1.0), card("ESO INS LAMP1 ST", True)]
    pointed = [*sky, "AIRMASS", "RADIUS"]

    def left(position: str) -> list[str]:
        kept = found([*cards, card("ESO INS OPTI17 NAME", position), card("ESO DPR TYPE", "FLAT,TWILIGHT")])
        return [name for name in [*pointed, "ESO INS LAMP1 ST", "ESO SEQ WCU LAMP NAME"] if name in kept]

    assert left("OUT") == pointed
    assert left("IN") == ["RADIUS", "ESO INS LAMP1 ST", "ESO SEQ WCU LAMP NAME"]


def test_constants_and_repeats_of_chips_stand_in_the_header_of_each() -> None:
    cards = [card("ESO DET ID", "GEO"), *(card("CRPIX1", 10.0 * n, extension=n) for n in (1, 2))]
    written = [one for one in METIS.complete(cards) if one.keyword in ("CRPIX1D", "CDELT1D")]
    assert {(one.keyword, one.value, one.extension) for one in written} == {
        ("CRPIX1D", 10.0, 1), ("CRPIX1D", 20.0, 2), ("CDELT1D", 0.018, 1), ("CDELT1D", 0.018, 2)
    }  # fmt: skip


def test_a_card_with_no_part_in_a_dark_is_left_out() -> None:
    cards = [card("ESO TEL ALT", 40.0), card("ESO DPR TYPE", "DARK")]
    assert "ESO TEL ALT" not in found(cards)
    assert (
        METIS.problems([{"ESO TEL ALT": 40.0, "ESO DPR TYPE": "DARK"}]).count(
            "ESO TEL ALT: has no part in such a frame"
        )
        == 1
    )


def test_problems_of_a_file_name_strangers_and_cards_in_the_wrong_header() -> None:
    problems = METIS.problems([{"ESO FOO BAR": 1, "EXTNAME": "DET1.DATA"}, {"EXTNAME": "DET1.DATA"}])
    assert "ESO FOO BAR: is not in the dictionary" in problems
    assert "EXTNAME: belongs into the header of each chip" in problems
    assert "INSTRUME: is missing (from the instrument file)" in problems
