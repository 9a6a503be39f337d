"""Sexagesimal coordinates: astropy understands what we write as what was meant; wrong ones are refused in words."""

from __future__ import annotations

import pytest
from astropy.coordinates import Angle
from hypothesis import given
from hypothesis import strategies as st

from sequencer.observing.exchange.coordinates import declination, degrees, packed, right_ascension, unpacked

from .samples import angles


@given(text=angles(False))
def test_a_right_ascension_is_kept_through_the_packed_form(text: str) -> None:
    assert right_ascension(text) == (text, "")
    assert unpacked(packed(text), signed=False) == (text, "")


@given(text=angles(True))
def test_a_declination_is_kept_through_the_packed_form(text: str) -> None:
    assert declination(text) == (text, "")
    assert unpacked(packed(text), signed=True) == (text, "")


@given(
    whole=st.integers(0, 23),
    minutes=st.integers(0, 59),
    seconds=st.integers(0, 59),
    blank=st.sampled_from(": "),
)
def test_short_numbers_mean_what_astropy_takes_them_for(
    whole: int, minutes: int, seconds: int, blank: str
) -> None:
    written = f" {whole}{blank}{minutes}{blank}{seconds}.5"
    for read, unit in ((right_ascension, "hourangle"), (declination, "deg")):
        text, why = read(written)
        assert why == ""
        assert Angle(text, unit=unit).deg == pytest.approx(Angle(written, unit=unit).deg, abs=1e-9)


def test_the_declination_just_south_of_the_equator_keeps_its_sign() -> None:
    assert declination("-0:0:1") == ("-00:00:01", "")
    assert unpacked("-000001.5", signed=True) == ("-00:00:01.5", "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("24:00:00", "must be below 24 h"),
        ("-01:00:00", "must be HH:MM:SS.sss without a sign"),
        ("12:60:00", "minutes and seconds below 60"),
        ("12:00:60", "minutes and seconds below 60"),
        ("187.7", "must be HH:MM:SS.sss, not '187.7'"),
        ("12h30m00s", "must be HH:MM:SS.sss"),
        ("١٢:30:00", "must be HH:MM:SS.sss"),
        ("", "must be HH:MM:SS.sss"),
        ("1" * 10000, "must be HH:MM:SS.sss"),
    ],
)
def test_wrong_right_ascensions_are_refused(text: str, words: str) -> None:
    value, why = right_ascension(text)
    assert value == ""
    assert words in why
    assert len(why) < 120


@pytest.mark.parametrize("text", ["+90:00:00.1", "91:00:00", "\N{MINUS SIGN}10:00:00", "--10:00:00", "10:00"])
def test_wrong_declinations_are_refused(text: str) -> None:
    assert declination(text)[0] == ""
    assert declination(text)[1]


@pytest.mark.parametrize("text", ["10.68", "4733.120", "0047331.20", "24:00:00"])
def test_a_packed_coordinate_must_have_its_six_digits(text: str) -> None:
    assert unpacked(text, signed=False)[1]


def test_the_poles_are_on_the_sky() -> None:
    assert declination("+90:00:00.00") == ("+90:00:00.00", "")
    assert declination("-90 0 0") == ("-90:00:00", "")


@given(ra=angles(False), dec=angles(True))
def test_in_degrees_it_is_what_astropy_makes_of_it(ra: str, dec: str) -> None:
    assert degrees(ra, hours=True) == pytest.approx(Angle(ra, unit="hourangle").deg, abs=1e-9)
    assert degrees(dec, hours=False) == pytest.approx(Angle(dec, unit="deg").deg, abs=1e-9)
