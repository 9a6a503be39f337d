"""Which values a parameter takes: types, ranges, choices, and what is told otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.observing.signature import ParameterSpec
from sequencer.observing.values import MOST_ITEMS, check_value

FLOAT = ParameterSpec("float", "m", unit="s", range=(0.5, 2))
INT = ParameterSpec("int", "m", range=(1, None))
BOOL = ParameterSpec("bool", "m")
NAME = ParameterSpec("keyword", "m", choices=["MORNING", "EVENING"], aliases={"DAWN": "MORNING"})
FLOATS = ParameterSpec("list[float]", "m", range=(1, 3), min_items=1)
SHARES = ParameterSpec("list[float]", "m", range=(0.01, 0.98))
TOO_MUCH = [f"item {i} must be at most 0.98, not {value}" for i, value in ((1, 10.0), (2, 30.0), (3, 50.0))]
NAMES = ParameterSpec("list[keyword]", "m", choices=["LM", "N"])


@pytest.mark.parametrize(
    ("spec", "value", "taken"),
    [
        (FLOAT, 0.5, 0.5),
        (FLOAT, 2, 2.0),
        (INT, 1, 1),
        (INT, 10**9, 10**9),
        (BOOL, True, True),
        (BOOL, False, False),
        (BOOL, "T", True),
        (BOOL, "F", False),
        (NAME, "EVENING", "EVENING"),
        (NAME, "DAWN", "MORNING"),
        (FLOATS, [1, 2.5], [1.0, 2.5]),
        (NAMES, [], []),
        (NAMES, ["N", "LM"], ["N", "LM"]),
        (ParameterSpec("str", "m"), "any", "any"),
        (ParameterSpec("keyword", "m", choices_of="filters"), "Lp", "Lp"),
        (ParameterSpec("float", "m", range=(None, 1)), -1e9, -1e9),
    ],
)
def test_a_right_value_is_taken(spec, value, taken):
    got, error = check_value(spec, value)
    assert error == ""
    assert got == taken
    assert type(got) is type(taken)
    if isinstance(got, list):
        assert [type(item) for item in got] == [type(item) for item in taken]


@pytest.mark.parametrize(
    ("spec", "value", "told"),
    [
        (FLOAT, 0.49, "must be at least 0.5 s, not 0.49"),
        (FLOAT, 2.01, "must be at most 2 s, not 2.01"),
        (SHARES, [10, 0.5], "item 1 must be at most 0.98, not 10.0"),
        (SHARES, [10, 30, 50], f"{'; '.join(TOO_MUCH)}: a fraction is wanted, write [0.1, 0.3, 0.5]"),
        (FLOAT, 5, "must be at most 2 s, not 5.0"),
        (FLOAT, "1.0", "must be a number, not '1.0'"),
        (FLOAT, True, "must be a number, not true"),
        (FLOAT, None, "must be a number, not nothing"),
        (FLOAT, [1.0], "must be a number, not [1.0]"),
        (FLOAT, float("nan"), "must be a finite number"),
        (FLOAT, float("inf"), "must be a finite number"),
        (INT, 0, "must be at least 1, not 0"),
        (INT, 5.0, "must be a whole number, not 5.0"),
        (INT, "5", "must be a whole number, not '5'"),
        (INT, True, "must be a whole number, not true"),
        (BOOL, 1, "must be true or false, not 1"),
        (BOOL, "yes", "must be true or false, not 'yes'"),
        (NAME, "MORNNG", "must not be 'MORNNG'; did you mean MORNING? (one of MORNING, EVENING)"),
        (NAME, 5, "must be a name, not 5"),
        (FLOATS, 1.0, "must be a list, not 1.0: write [1.0]"),
        (FLOATS, "x", "must be a list, not 'x'"),
        (FLOATS, [], "must hold at least 1 value"),
        (FLOATS, [1, "x", 4], "item 2 must be a number, not 'x'; item 3 must be at most 3, not 4.0"),
        (FLOATS, [1, 1.0], "names a value twice"),
        (NAMES, ["LM", "LM"], "names a value twice"),
        (NAMES, ["M"], "item 1 must not be 'M'; did you mean LM? (one of LM, N)"),
    ],
)
def test_a_wrong_value_is_told(spec, value, told):
    assert check_value(spec, value) == (None, told)


def test_a_list_has_a_longest_length():
    spec = ParameterSpec("list[float]", "m")
    assert check_value(spec, list(range(MOST_ITEMS)))[1] == ""
    assert check_value(spec, list(range(MOST_ITEMS + 1)))[1] == f"must hold at most {MOST_ITEMS} values"


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=3), x, max_size=2),
    max_leaves=6,
)


@given(value=_ANY, spec=st.sampled_from([FLOAT, INT, BOOL, NAME, FLOATS, NAMES]))
def test_any_value_is_taken_or_told_and_what_is_taken_is_taken_again(value, spec):
    got, error = check_value(spec, value)
    assert (got is None) == bool(error)
    if not error:
        assert check_value(spec, got) == (got, "")
