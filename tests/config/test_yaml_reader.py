"""The hardened YAML reader: what it reads, what it refuses, and that each refusal names file and line."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sequencer.config.problems import ConfigErrors
from sequencer.config.yaml_reader import MAX_BYTES, MAX_DEPTH, parse_yaml, read_yaml


def parse(text: str):
    return parse_yaml(text.encode(), "x.yaml")


def refusals(text: str | bytes) -> list[tuple[int, str]]:
    raw = text.encode() if isinstance(text, str) else text
    with pytest.raises(ConfigErrors) as caught:
        parse_yaml(raw, "x.yaml")
    assert all(problem.file == "x.yaml" for problem in caught.value.problems)
    return [(problem.line, problem.text) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("12", 12),
        ("-3", -3),
        ("+4", 4),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775807", -(2**63) + 1),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("-2.5E-3", -0.0025),
        (".5", 0.5),
        ("2.", 2.0),
        ("0.5", 0.5),
        ("0e0", 0.0),
        ("off", "off"),
        ("no", "no"),
        ("True", "True"),
        ("yes", "yes"),
        ("15:35:17", "15:35:17"),
        ("05:35:17.3", "05:35:17.3"),
        ("2027-03-20", "2027-03-20"),
        ("1_000", "1_000"),
        ("Lp", "Lp"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("'nan'", "nan"),
        ("'010'", "010"),
        ("0a", "0a"),
        ("1.2.3", "1.2.3"),
    ],
)
def test_a_scalar_means_what_people_expect(text, value):
    read = parse(f"a: {text}").data["a"]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize("text", ["010", "-07", "0x1F", "0o17", "0b1", "00", "01.5", "0_1"])
def test_a_number_that_could_be_octal_is_refused(text):
    [(line, words)] = refusals(f"b: 1\na: {text}")
    assert line == 2
    assert "ambiguous" in words


@pytest.mark.parametrize(
    "text", [".nan", ".NaN", "nan", "NaN", ".inf", "-.inf", "+inf", "Infinity", "1e999", "-1e999"]
)
def test_what_is_not_finite_is_refused(text):
    [(line, words)] = refusals(f"\na: [1, {text}]")
    assert line == 2
    assert "finite" in words


@pytest.mark.parametrize("text", ["9223372036854775808", "-9223372036854775808", "9" * 24, "9" * 5000])
def test_an_integer_beyond_64_bits_is_refused(text):
    [(line, words)] = refusals(f"a: {text}")
    assert (line, "too large" in words) == (1, True)


def test_duplicate_keys_are_refused_with_both_lines():
    assert refusals("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n") == [(5, "duplicate key 'c', first given in line 3")]


def test_every_problem_is_said_at_once():
    found = refusals("a: 010\nb: .nan\na: 2\nc: &x [1]\nd: *x\ne: !!python/name:os.system x\n")
    assert [line for line, _ in found] == [1, 2, 3, 4, 5, 6]


def test_anchors_aliases_merge_keys_and_tags_are_refused():
    assert "anchors" in refusals("a: &x 1")[0][1]
    assert "anchors" in refusals("&x a: 1")[0][1]
    assert [line for line, _ in refusals("a: &x {b: 1}\nc:\n  <<: *x\n")] == [1, 3, 3]
    assert "merge keys" in refusals("a:\n  <<: {b: 1}\n")[0][1]
    assert parse("'<<': 1").data == {"<<": 1}
    for text in ("a: !!str 1", "a: !x {b: 1}", "a: !x [1]", "!x a: 1"):
        assert "tags" in refusals(text)[0][1]


def test_an_alias_bomb_is_refused_quickly_and_by_name():
    bomb = "a: &a [x, x]\n" + "".join(
        f"{name}: &{name} [*{last}, *{last}]\n" for last, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert all("anchors" in words for _, words in refusals(bomb))


def test_depth_size_and_number_of_values_have_caps():
    assert parse("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)).data
    assert refusals("a: " + "[" * MAX_DEPTH + "x" + "]" * MAX_DEPTH) == [
        (1, f"is nested deeper than {MAX_DEPTH} levels")
    ]
    assert "nest" in refusals("[" * 3000)[0][1]
    assert len(parse(f"[{'1,' * 19_999}]").data) == 19_999  # with the list itself 20000 values
    assert refusals(f"[{'1,' * 20_000}]") == [(1, "holds over 20000 values")]
    assert parse_yaml(b"a: 1\n#" + b"x" * (MAX_BYTES - 6), "x").data == {"a": 1}
    assert refusals(b"#" * (MAX_BYTES + 1)) == [(0, f"is larger than {MAX_BYTES} bytes")]


def test_binary_garbage_and_broken_yaml_are_refused():
    assert refusals(b"a: 1\nb: \xff\xfe") == [(2, "is not UTF-8 text")]
    assert refusals(b"\n\xff") == [(2, "is not UTF-8 text")]
    assert refusals(b"a: \x00")[0][1].startswith("is no valid YAML")
    line, words = refusals("a: 1\nb: [1, 2\nc: 3")[0]
    assert line == 3
    assert words.startswith("is no valid YAML")
    assert refusals("a: 1\n---\nb: 2") == [(2, "only one YAML document is allowed in a file")]
    assert refusals("? [a]\n: 1")[0] == (1, "a key must be plain text")
    for half in ("\\ud800", "\\udfff", "\\ud83d\\ude00"):
        line, words = refusals(f'a: 1\nb: "{half}"')[0]
        assert (line, "Unicode" in words) == (2, True)
    assert refusals('a: "\\Uffffffff"')[0][1].startswith("is no valid YAML")


def test_a_byte_order_mark_and_an_empty_file_are_read():
    assert parse_yaml(b"\xef\xbb\xbfa: 1", "x").data == {"a": 1}
    assert parse("").data is None
    assert parse("# only a comment\n").data is None


def test_lines_are_known_for_keys_items_and_what_is_missing():
    located = parse("a: 1\nb:\n  - x\n  - c: 2\n    d:\n      5\n")
    assert located.line() == 1
    assert located.line(("b",)) == 2
    assert located.line(("b", 1)) == 4
    assert located.line(("b", 1, "d")) == 5
    assert located.line(("b", 1, "missing")) == 4
    assert located.line(("b", 1, "missing", "deeper")) == 4
    assert str(located.problem(("b", 0), "wrong")) == "x.yaml:3: wrong"


def test_a_file_that_cannot_be_read_is_a_config_error(tmp_path: Path):
    for path in (tmp_path / "none.yaml", tmp_path, Path("a\x00b")):
        with pytest.raises(ConfigErrors) as caught:
            read_yaml(path)
        assert "cannot be read" in caught.value.problems[0].text
    good = tmp_path / "good.yaml"
    good.write_text("a: [1]")
    assert read_yaml(good).data == {"a": [1]}
    assert read_yaml(good).file == str(good)


_SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=8) | st.floats(-1e6, 1e6)
)
_DATA = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(data=_DATA)
def test_what_pyyaml_writes_without_anchors_is_read_back(data):
    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data):
            return True

    text = yaml.dump(data, Dumper=Plain, allow_unicode=False, default_style='"', width=10_000)
    if "!!" in text:
        return  # with every scalar quoted, PyYAML marks what is no text with a tag
    assert parse(text).data == data


@given(number=st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**62), 2**62))
def test_every_number_python_writes_is_read_back(number):
    assert parse(f"a: {number!r}").data["a"] == number


@given(
    raw=st.binary(max_size=60) | st.text("abAB01:-?&*!|>'\"%@`{}[],#\n .~<=\\", max_size=60).map(str.encode)
)
def test_garbage_is_read_or_refused_and_never_anything_else(raw):
    try:
        located = parse_yaml(raw, "x")
    except ConfigErrors as errors:
        assert errors.problems
        assert errors.problems == sorted(errors.problems)
    else:
        assert _is_plain(located.data)


def _is_plain(data) -> bool:
    if isinstance(data, dict):
        return all(isinstance(key, str) and _is_plain(value) for key, value in data.items())
    if isinstance(data, list):
        return all(_is_plain(item) for item in data)
    return (
        data is None
        or isinstance(data, str | bool | int)
        or (isinstance(data, float) and math.isfinite(data))
    )


def test_a_lenient_reader_keeps_what_it_could_read_but_never_broken_yaml():
    located = parse_yaml(b"a: .nan\nb: 2\nb: 3\n", "x", lenient=True)
    assert located.data == {"a": None, "b": 2}
    assert [problem.line for problem in located.problems] == [1, 3]
    assert parse("a: 1").problems == ()
    for broken in (b"a: .nan\nb: [", b"a: 1\n---\nb: 1", b"[" * 30):
        with pytest.raises(ConfigErrors):
            parse_yaml(broken, "x", lenient=True)
