"""Figures in messages say which of two is the larger, however near they are."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sequencer.figures import apart, sizes_apart

NUMBERS = st.floats(-1e15, 1e15).map(lambda number: 0.0 if abs(number) < 1e-12 else number)


@pytest.mark.parametrize(
    ("number", "limit", "form", "texts"),
    [
        (120.0004, 120.0, "6g", ("120.0004", "120")),
        (121.0, 120.0, "6g", ("121", "120")),
        (29.96, 30.0, "1f", ("29.96", "30")),
        (12.34, 30.0, "1f", ("12.3", "30")),
        (24.4, 24.0, "0f", ("24.4", "24")),
        (5.0, 5.0, "6g", ("5", "5")),
    ],
)
def test_there_are_as_many_digits_as_it_takes(number, limit, form, texts):
    assert apart(number, limit, form) == texts


@given(NUMBERS, NUMBERS, st.sampled_from(["6g", "4g", "0f", "1f", "2f"]))
def test_the_texts_are_in_the_order_of_the_numbers(number, limit, form):
    assume(abs(number - limit) > 1e-14 * max(abs(number), abs(limit)))
    first, second = map(float, apart(number, limit, form))
    assert (number < limit) == (first < second)


@pytest.mark.parametrize(
    ("needed", "there", "texts"),
    [
        (203e6, 3e6, ("203.0 MB", "3.0 MB")),
        (3.70e9, 34.22e9, ("3.7 GB", "34.2 GB")),
        (3_000_100_000, 3_000_000_000, ("3.0001 GB", "3.0000 GB")),
        (200e6, 0, ("200.0 MB", "0 bytes")),
    ],
)
def test_a_size_comes_in_its_own_unit(needed, there, texts):
    assert sizes_apart(needed, there) == texts
