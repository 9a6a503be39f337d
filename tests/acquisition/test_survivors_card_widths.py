"""A card that fills its 80 columns exactly is written, whatever its kind; one column more is refused."""

from __future__ import annotations

from typing import Any

import pytest
from astropy.io import fits

from sequencer.acquisition import plain_ascii
from sequencer.acquisition.cards import card_problem
from sequencer.acquisition.fits import BLOCK, Hdu, header_bytes

from .support import card


def keyword_of(columns: int) -> str:
    """An ESO keyword of so many columns, of words of at most eight characters."""
    text, left = "ESO", columns - len("ESO")
    while left:
        taken = min(9, left if left - 9 != 1 else left - 2)
        text, left = f"{text} {'W' * (taken - 1)}", left - taken
    assert len(text) == columns
    return text


@pytest.mark.parametrize(
    ("value", "columns"), [("x", 10), ("x" * 8, 10), ("x" * 9, 11), (True, 1), (5, 20), (0.5, 20)]
)
def test_the_last_column_is_used_and_no_more(value: Any, columns: int) -> None:
    room = 80 - len("HIERARCH ") - len(" = ") - columns
    assert card_problem(card(keyword_of(room), value)) is None
    problem = card_problem(card(keyword_of(room + 1), value))
    assert problem is not None
    assert "81 columns" in problem


@pytest.mark.parametrize("sign", ["\u00b5", "\u03bc"])
def test_both_micro_signs_are_a_u(sign: str) -> None:
    assert plain_ascii(f"{sign}m") == "um"


@pytest.mark.parametrize(("sign", "spelled"), [("\u2013", "-"), ("\u2014", "-"), ("\u2019", "'")])
def test_other_signs_are_spelled(sign: str, spelled: str) -> None:
    assert plain_ascii(sign) == spelled


def test_a_header_that_fills_its_block_has_no_second_one() -> None:
    """SIMPLE, BITPIX, NAXIS, CHECKSUM, DATASUM and END leave room for 30 cards in 36."""
    for n, blocks in ((30, 1), (31, 2)):
        cards = [card(f"KEY{i}", i) for i in range(n)]
        raw = header_bytes(Hdu(cards), primary=True, extend=False, date="2027-03-20T09:31:14.000")
        assert len(raw) == blocks * BLOCK
        assert len(fits.Header.fromstring(raw)) == n + 5
