"""Every raw frame of a METIS and a MEGARA run against its keyword dictionary, rule by rule, read by astropy."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.io import fits

from sequencer.acquisition.classify import FrameFile, raw_types
from sequencer.acquisition.dictionary import Dictionary
from sequencer.acquisition.recipes import load_recipes
from sequencer.clock import parse_utc
from sequencer.config.keywords import Keyword, load_keywords, pattern
from sequencer.sky.site import Site, horizontal_frame
from tests.end_to_end import rig

from .support import fitsverify

BYTES = {"SIMPLE", "XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "EXTEND", "PCOUNT", "GCOUNT", "BZERO",
         "BSCALE", "CHECKSUM", "DATASUM"}  # fmt: skip
FLATS = {**rig.FLATS, "SEQ.CAMERA": ["LM", "N"], "SEQ.DIT.FILT.LIST": ["Lp", "N1"], "SEQ.NEXPO": 1}
METIS_CALLS = [
    ("METIS_all_cal_TwilightFlat", FLATS),
    ("METIS_all_cal_Dark", {"DET1.DIT": 0.2, "DET2.DIT": 0.02, "DET3.DIT": 1.3}),
    ("METIS_gen_cal_InsDark", {"DET1.DIT": 0.2, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0}),
]
MEGARA_CALLS: list[tuple[str, dict[str, Any]]] = [
    ("MegaraBiasImage", {"NEXPO": 1}),
    ("MegaraDarkImage", {"EXPTIME": 600.0, "NEXPO": 1, "VPH": "LR-U", "INSMODE": "LCB"}),
]
TYPES = {"string": str, "time": str, "integer": int, "double": float, "logical": bool}


@dataclass(frozen=True)
class Frame:
    path: Path
    headers: list[dict[str, Any]]

    @property
    def primary(self) -> dict[str, Any]:
        return self.headers[0]


def frames_of(run_dir: Path) -> list[Frame]:
    found = []
    for path in sorted((run_dir / "raw").iterdir()):
        with fits.open(path, checksum=True) as hdus:
            found.append(
                Frame(path, [{k: v for k, v in hdu.header.items() if k not in BYTES} for hdu in hdus])
            )
    return found


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Frame]]:
    """Raw frames of one run an instrument."""
    folder = tmp_path_factory.mktemp("metis")
    metis = rig.run(folder, rig.write_ob(folder, *METIS_CALLS), start_s=rig.at("2027-03-20T09:24:00"))
    folder = tmp_path_factory.mktemp("megara")
    megara = rig.run(
        folder, rig.write_ob(folder, *MEGARA_CALLS, instrument="MEGARA"), "megara-sim", window_px=None
    )
    assert [ran.result.outcome for ran in (metis, megara)] == ["completed", "completed"]
    return {"metis": frames_of(metis.result.run_dir), "megara": frames_of(megara.result.run_dir)}


@functools.cache
def dictionary(name: str) -> Dictionary:
    return Dictionary(load_keywords(name))


def rules() -> Iterator[Any]:
    for name in ("metis", "megara"):
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


@pytest.mark.parametrize("instrument", ["metis", "megara"])
def test_no_frame_has_a_card_the_dictionary_does_not_know(
    runs: dict[str, list[Frame]], instrument: str
) -> None:
    assert [dictionary(instrument).problems(frame.headers) for frame in runs[instrument]] == [
        [] for _ in runs[instrument]
    ]


@pytest.mark.parametrize("instrument", ["metis", "megara"])
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
            FrameFile(frame.path, frame.primary, 1), load_recipes(instrument)
        )
        for instrument, frames in runs.items()
        for frame in frames
    }
    assert found == {
        ("FLAT,TWILIGHT", "2RG"): ["LM_FLAT_TWILIGHT_RAW"],
        ("FLAT,TWILIGHT", "GEO"): ["N_FLAT_TWILIGHT_RAW"],
        ("DARK", "2RG"): ["DARK_2RG_RAW"],
        ("DARK", "GEO"): ["DARK_GEO_RAW"],
        ("DARK", "IFU"): ["DARK_IFU_RAW"],
        ("DARK,INS", "2RG"): [],
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
        assert cards["ESO DET READOUT"] == cards["ESO DET NCORRS NAME"]
        assert cards["EXPTIME"] == cards["ESO DET DIT"]


def test_optics_out_of_the_beam_have_no_cards_and_darks_no_telescope(runs: dict[str, list[Frame]]) -> None:
    for frame in runs["metis"]:
        cards, dark = frame.primary, frame.primary["ESO DPR TYPE"].startswith("DARK")
        assert not [
            key for key in cards if key.startswith(("ESO INS OPTI2 ", "ESO INS OPTI17 ", "ESO INS OPTI15 "))
        ]
        assert not dark or not [
            key for key in cards if key.startswith("ESO TEL ") or key in ("RA", "DEC", "AIRMASS")
        ]
        closed_unit = {cards.get("ESO INS OPTI19 NAME"), cards.get("ESO INS OPTI20 NAME")}
        assert closed_unit == ({"CLOSED", "ALIGNMENT"} if dark else {None})
        if cards["ESO DPR TYPE"] == "DARK":
            assert cards.get("ESO DRS FILTER", cards.get("ESO DRS IFU")) == "closed"


def test_world_coordinates_of_a_window_are_those_of_the_whole_chip(runs: dict[str, list[Frame]]) -> None:
    scale_arcsec = {"2RG": 0.00547, "GEO": 0.00679, "IFU": 0.0082}
    for frame in runs["metis"]:
        chip, cards = frame.headers[1], frame.primary
        assert chip["CRPIX1"] + cards["ESO DET WIN STRX"] - 1 == 1024.5
        assert chip["CDELT1"] * 3600 == pytest.approx(scale_arcsec[cards["ESO DET ID"]], rel=1e-9)
        assert cards["ESO OCS PXSCALE"] == pytest.approx(scale_arcsec[cards["ESO DET ID"]])


def test_an_integral_field_frame_has_its_four_chips(runs: dict[str, list[Frame]]) -> None:
    [frame] = [one for one in runs["metis"] if one.primary["ESO DET ID"] == "IFU"]
    assert [header["EXTNAME"] for header in frame.headers[1:]] == [f"DET{n}.DATA" for n in (1, 2, 3, 4)]


def test_a_telescope_that_stands_still_points_at_another_sky_every_moment(
    runs: dict[str, list[Frame]],
) -> None:
    """RA and DEC are those of the exposure, not of the arrival; the parallactic angle is that of the zenith seen from
    there (the pole of ICRS is 0.15 deg from that of 2027). The sky passes at 14 arcsec a second.
    """
    flats = [frame.primary for frame in runs["metis"] if "RA" in frame.primary]
    assert flats
    for cards in flats:
        site = Site("here", *(cards[f"ESO TEL {word}"] for word in ("GEOLAT", "GEOLON", "GEOELEV")))
        sky = horizontal_frame(parse_utc(cards["DATE-OBS"]), site)
        zenith = SkyCoord(alt=90 * u.deg, az=0 * u.deg, frame=sky).icrs
        pointing = SkyCoord(cards["RA"], cards["DEC"], unit="deg")
        assert pointing.position_angle(zenith).deg == pytest.approx(cards["ESO TEL PARANG START"], abs=0.3)
        seen = pointing.transform_to(sky)
        assert seen.alt.deg == pytest.approx(cards["ESO TEL ALT"], abs=60 / 3600)
        assert seen.az.deg == pytest.approx(cards["ESO TEL AZ"], abs=60 / 3600)


def test_cards_stand_in_the_order_of_the_interface_document(runs: dict[str, list[Frame]]) -> None:
    order = ["DPR", "OBS", "TPL", "GEN", "TEL", "INS", "DET", "SEQ", "DRS", "OCS"]
    standard = ["ORIGIN", "TELESCOP", "INSTRUME", "OBJECT", "EXPTIME", "RA", "DEC", "EQUINOX", "RADESYS", "DATE",
                "DATE-OBS", "MJD-OBS", "UTC", "ARCFILE"]  # fmt: skip
    for frame in [frame for frames in runs.values() for frame in frames]:
        keys = list(frame.primary)
        places = [order.index(key.split()[1].rstrip("0123456789")) for key in keys if key.startswith("ESO ")]
        assert places == sorted(places)
        assert [key for key in keys if key in standard] == [key for key in standard if key in keys]
        first = next(number for number, key in enumerate(keys) if key.startswith("ESO "))
        assert all(key.startswith("ESO ") for key in keys[first:])
