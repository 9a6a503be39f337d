"""Every raw frame of METIS, MEGARA and OPTICAM against its keyword dictionary, rule by rule, read by astropy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from astropy.io import fits

from sequencer.acquisition.classify import FrameFile, raw_types
from sequencer.acquisition.recipes import load_recipes
from sequencer.config.keywords import Keyword, load_keywords, pattern
from tests.fitsverify import fitsverify

from .raw_frames import BYTES, Frame, dictionary

TYPES = {"string": str, "time": str, "integer": int, "double": float, "logical": bool}
INSTRUMENTS = ("metis", "megara", "opticam")


def rules() -> Iterator[Any]:
    for name in INSTRUMENTS:
        for keyword, entry in load_keywords(name).keywords.items():
            yield pytest.param(name, keyword, entry, id=f"{name}-{keyword}")


@pytest.mark.parametrize(("instrument", "keyword", "entry"), list(rules()))
def test_every_frame_keeps_the_rule_of_a_keyword(
    runs: dict[str, list[Frame]], instrument: str, keyword: str, entry: Keyword
) -> None:
    for frame in runs[instrument]:
        kinds = dictionary(instrument).kinds(frame.primary)
        places = (frame.headers[1:] or frame.headers) if entry.chip else frame.headers[:1]
        for number, header in enumerate(frame.headers):
            found = {key: value for key, value in header.items() if keyword in (key, pattern(key))}
            if any(header is place for place in places):
                assert found or kinds.isdisjoint(entry.required), f"{frame.path.name} HDU {number}"
            if found:
                assert any(header is place for place in places)
                assert kinds.isdisjoint(entry.absent)
            known = dictionary(instrument).keywords.keywords
            exact = {key: value for key, value in found.items() if key == keyword or key not in known}
            for value in exact.values():
                assert type(value) is TYPES[entry.type]
                assert value in entry.values or not entry.values
                lowest, highest = entry.range
                assert lowest is None or value >= lowest
                assert highest is None or value <= highest


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_no_frame_has_a_card_the_dictionary_does_not_know(
    runs: dict[str, list[Frame]], instrument: str
) -> None:
    assert [dictionary(instrument).problems(frame.headers) for frame in runs[instrument]] == [
        [] for _ in runs[instrument]
    ]


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_units_stand_in_front_of_comments(runs: dict[str, list[Frame]], instrument: str) -> None:
    for frame in runs[instrument]:
        with fits.open(frame.path) as hdus:
            cards = [card for hdu in hdus for card in hdu.header.cards if card.keyword not in BYTES]
        for card in cards:
            entry = dictionary(instrument).entry(card.keyword)
            assert entry is not None
            if entry.unit and len(str(card).rstrip()) < 80:
                assert card.comment.startswith(f"[{entry.unit}] "), card


def test_fitsverify_finds_nothing(runs: dict[str, list[Frame]]) -> None:
    fitsverify(*(frame.path for frames in runs.values() for frame in frames))


def test_each_frame_is_of_exactly_one_raw_type_and_the_instrument_dark_of_none(
    runs: dict[str, list[Frame]],
) -> None:
    found = {
        (frame.primary["ESO DPR TYPE"], frame.primary.get("ESO DET ID")): raw_types(
            FrameFile(frame.path, frame.primary, len(frame.headers) - 1), load_recipes(instrument)
        )
        for instrument in ("metis", "megara")
        for frame in runs[instrument]
    }
    assert found == {
        ("FLAT,TWILIGHT", "2RG"): ["LM_FLAT_TWILIGHT_RAW"],
        ("FLAT,TWILIGHT", "GEO"): ["N_FLAT_TWILIGHT_RAW"],
        ("DARK", "2RG"): ["DARK_2RG_RAW"],
        ("DARK", "GEO"): ["DARK_GEO_RAW"],
        ("DARK", "IFU"): ["DARK_IFU_RAW"],
        ("DARK,INS", "2RG"): [],
        ("DETLIN", "2RG"): ["DETLIN_2RG_RAW"],
        ("DETLIN", "GEO"): ["DETLIN_GEO_RAW"],
        ("DETLIN", "IFU"): ["DETLIN_IFU_RAW"],
        ("DARK,WCUOFF", "2RG"): ["LM_WCU_OFF_RAW"],
        ("DARK,WCUOFF", "GEO"): ["N_WCU_OFF_RAW"],
        ("DARK,WCUOFF", "IFU"): ["IFU_WCU_OFF_RAW"],
        ("OTHER", "2RG"): [],
        ("MegaraBiasImage", "CCD231-84"): ["MegaraBiasImage"],
        ("MegaraDarkImage", "CCD231-84"): ["MegaraDarkImage"],
    }


def test_both_spellings_are_there_and_say_the_same(runs: dict[str, list[Frame]]) -> None:
    for frame in runs["metis"]:
        cards = frame.primary
        wheels = [
            key.removesuffix(" NAME")
            for key in cards
            if key.startswith("ESO INS OPTI") and key.endswith(" NAME")
        ]
        assert len(wheels) >= 4
        for stem in wheels:
            assert cards[f"{stem} POSNAME"] == cards[f"{stem} NAME"]
            assert cards[f"{stem} STAT"] == "Standstill"
        assert cards["EXPTIME"] == cards["ESO DET DIT"]
        adjusted = {"FIXED": False, "AIRMASS": True}.get(cards.get("ESO SEQ MODE", ""))
        assert cards.get("ESO SEQ DIT ADJUST") is adjusted


def test_optics_out_of_the_beam_have_no_cards(runs: dict[str, list[Frame]]) -> None:
    """Of the calibration unit a dark says how it was closed; with the periscope in there is no telescope instead."""
    sky = ("ESO TEL ", "ESO SEQ AIRM", "RA", "DEC", "EQUINOX", "AIRMASS")
    for frame in runs["metis"]:
        cards, kind = frame.primary, frame.primary["ESO DPR TYPE"]
        picked_off = 4 if kind not in ("DETLIN", "DARK,WCUOFF", "OTHER") else 2
        out = [f"ESO INS OPTI{n} " for n in (2, picked_off, 6, 15, 16)]
        unit = {n: cards.get(f"ESO INS OPTI{n} NAME") for n in (17, 19, 20)}
        if kind == "FLAT,TWILIGHT":
            assert unit == {17: None, 19: None, 20: None}
            assert not [key for key in cards if key.startswith(("ESO INS LAMP", "ESO SEQ WCU"))]
        else:
            out += sky
            closed = {17: None, 19: "CLOSED", 20: "ALIGNMENT"}
            assert unit == (
                closed if kind in ("DARK", "DARK,INS") else {17: "IN", 19: "OPEN", 20: "flatfield"}
            )
        assert not [key for key in cards if key.startswith(tuple(out))], frame.path.name


WHEELS = {"2RG": (10, 11, 9), "GEO": (13, 14, 12), "IFU": (None, None, 5)}
"""Of each detector OPTIi of its filter, neutral density and mask (METIS_Pipeline 3805eaa, keywords.py)."""


def test_what_recipes_match_on_are_other_names_of_positions(runs: dict[str, list[Frame]]) -> None:
    """The aliases of the newest vocabulary: a card says what the wheels say, whatever the type of the frame."""
    for frame in runs["metis"]:
        cards = frame.primary
        wheel, density, mask = WHEELS[cards["ESO DET ID"]]
        names = [cards[f"ESO INS OPTI{n} NAME"] for n in (1, 3, mask)]
        assert cards["ESO DRS MASK"] == ",".join(names)
        if wheel is None:
            assert cards["ESO DRS FILTER"] == ("closed" if names[-1] == "DARK" else "open")
            assert (cards["ESO DRS IFU"], cards["ESO INS MODE"]) == ("OUT", "IFU_nominal")
            continue
        assert cards["ESO DRS FILTER"] == cards["ESO INS FILT1 NAME"] == cards[f"ESO INS OPTI{wheel} NAME"]
        assert cards["ESO DRS NDFILTER"] == cards[f"ESO INS OPTI{density} NAME"]
        assert cards["ESO DRS PUPIL"] == "OUT", "the pupil lens; not the mask"
    assert {frame.primary["ESO DET READOUT"] for frame in runs["metis"]} == {"CDS"}


def test_exposures_are_numbered_within_their_template_or_script(runs: dict[str, list[Frame]]) -> None:
    """So that a pipeline that groups by TPL START finds each number once, up to the sum."""
    templates: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for frame in [frame for name in INSTRUMENTS for frame in runs[name]]:
        cards = {key.removeprefix("ESO "): value for key, value in frame.primary.items()}
        if "TPL START" in cards:
            templates.setdefault((cards["TPL ID"], cards["TPL START"]), []).append(cards)
    assert len(templates) >= 5
    for (name, _), frames in templates.items():
        numbers = [cards["TPL EXPNO"] for cards in sorted(frames, key=lambda cards: cards["TPL EXPNO"])]
        assert numbers == list(range(1, len(frames) + 1)), name
        last = max(frames, key=lambda cards: cards["TPL EXPNO"])
        assert last["TPL NEXP"] == len(frames), name
        assert all(cards["TPL EXPNO"] <= cards["TPL NEXP"] for cards in frames)
    darks = [frames for (name, _), frames in templates.items() if name == "METIS_all_cal_Dark"]
    assert {cards["TPL NEXP"] for frames in darks for cards in frames} == {3}, "of all detectors, from the first on"


def test_darks_say_that_every_source_was_read_back_off(runs: dict[str, list[Frame]]) -> None:
    darks = [frame.primary for frame in runs["metis"] if frame.primary["ESO DPR TYPE"].startswith("DARK")]
    for cards in darks:
        names = [cards[f"ESO INS LAMP{n} NAME"] for n in range(1, 6)]
        assert names == ["bb", "laser1", "laser2", "laser3", "lamp"]
        assert [cards[f"ESO INS LAMP{n} ST"] for n in range(1, 6)] == [False] * 5


def test_a_derotator_is_said_to_stand_still_only_where_it_is_stopped(runs: dict[str, list[Frame]]) -> None:
    """In field or pupil mode it turns, or may; how, and at which angle, no device says."""
    assert not [
        key for frame in runs["metis"] for key in frame.primary if key.startswith("ESO INS CFO_DROT POS")
    ]
    found = {
        (frame.primary["ESO INS CFO_DROT MODE"], frame.primary.get("ESO INS CFO_DROT STAT"))
        for frame in runs["metis"]
    }
    assert found == {("FIELD", None), ("STOPPED", "Standstill")}


def test_an_integral_field_frame_has_its_four_chips(runs: dict[str, list[Frame]]) -> None:
    chips = [
        [header["EXTNAME"] for header in frame.headers[1:]]
        for frame in runs["metis"]
        if frame.primary["ESO DET ID"] == "IFU"
    ]
    assert len(chips) > 1
    assert all(names == ["DET1.DATA", "DET2.DATA", "DET3.DATA", "DET4.DATA"] for names in chips)


def test_cards_stand_in_the_order_of_the_interface_document(runs: dict[str, list[Frame]]) -> None:
    order = ["DPR", "OBS", "TPL", "GEN", "TEL", "INS", "DET", "SEQ", "DRS", "OCS"]
    standard = ["ORIGIN", "TELESCOP", "INSTRUME", "OBJECT", "EXPTIME", "RA", "DEC", "EQUINOX", "RADESYS", "DATE",
                "DATE-OBS", "MJD-OBS", "LST", "UTC", "ARCFILE"]  # fmt: skip
    for frame in [frame for frames in runs.values() for frame in frames]:
        keys = list(frame.primary)
        places = [order.index(key.split()[1].rstrip("0123456789")) for key in keys if key.startswith("ESO ")]
        assert places == sorted(places)
        assert [key for key in keys if key in standard] == [key for key in standard if key in keys]
        first = next(number for number, key in enumerate(keys) if key.startswith("ESO "))
        assert all(key.startswith("ESO ") for key in keys[first:])
