"""From YAML to Structs: every error at once, each with its line and the path of the field."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from sequencer.config.structure import convert, dotted
from sequencer.config.yaml_reader import parse_yaml


class Leaf(Struct):
    number: float
    kind: Literal["a", "b"] = "a"
    pair: tuple[int, int] = (0, 0)
    word: str | None = None
    yes: bool = False


class Root(Struct):
    name: str
    leaves: dict[str, Leaf] = {}
    rows: list[Leaf] = []
    table: dict[str, dict[str, float]] = {}


def errors(text: str) -> list[str]:
    value, problems = convert(parse_yaml(text.encode(), "f"), Root)
    assert (value is None) == bool(problems)
    return [str(problem) for problem in sorted(problems)]


def test_a_right_document_becomes_a_struct():
    text = "name: x\nleaves: {p: {number: 1, pair: [2, 3], kind: b}}\n"
    text += "rows: [{number: 2.5}]\ntable: {q: {r: 1}}\n"
    value, problems = convert(parse_yaml(text.encode(), "f"), Root)
    assert problems == []
    assert value == Root("x", {"p": Leaf(1.0, "b", (2, 3))}, [Leaf(2.5)], {"q": {"r": 1.0}})
    assert isinstance(value.leaves["p"].number, float)


def test_everything_wrong_is_said_at_once_with_line_and_path():
    text = """leaves:
  p: {nummer: 1}
  q:
    number: one
    kind: c
    pair: [1, x]
    word: 3
    yes: 1
rows:
  - {number: true}
  - 7
table:
  q:
    r: no
"""
    assert errors(text) == [
        "f:1: name is missing",
        "f:2: leaves.p: number is missing",
        "f:2: leaves.p: unknown key 'nummer'; did you mean number?",
        "f:4: leaves.q.number: must be a number, not 'one'",
        "f:5: leaves.q.kind: must be one of a, b, not 'c'",
        "f:6: leaves.q.pair[1]: must be a whole number, not 'x'",
        "f:7: leaves.q.word: must be text or nothing, not 3",
        "f:8: leaves.q.yes: must be true or false, not 1",
        "f:10: rows[0].number: must be a number, not true",
        "f:11: rows[1]: must be a mapping, not 7",
        "f:14: table.q.r: must be a number, not 'no'",
    ]


def test_a_document_that_is_no_mapping_is_refused():
    assert errors("- 1") == ["f:1: must be a mapping, not [1]"]
    assert errors("") == ["f: must be a mapping, not nothing"]


def test_a_list_or_mapping_of_another_type_is_refused():
    assert errors("name: x\nleaves: [1]\nrows: 5") == [
        "f:2: leaves: must be a mapping, not [1]",
        "f:3: rows: must be a list, not 5",
    ]


def test_a_path_is_written_as_people_write_it():
    assert dotted(("a", "b", 2, "c", 0)) == "a.b[2].c[0]"
