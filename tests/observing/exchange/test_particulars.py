"""What a block may say beside its templates: read with meaning, refused with line and words, all at once."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from sequencer.config import ConfigErrors
from sequencer.config.problems import shown
from sequencer.config.yaml_reader import parse_yaml
from sequencer.observing.block import read_ob
from sequencer.observing.exchange.checking import check_block, keyword_problem
from sequencer.observing.exchange.particulars import Particulars, read_particulars
from sequencer.observing.exchange.status import NEXT, RUNNABLE, STATUS, cannot_follow, not_runnable
from sequencer.observing.exchange.texts import respelled
from sequencer.observing.exchange.yaml_form import block_yaml

from .samples import full, located

CORE = "name: x\ninstrument: METIS\ntemplates: [{template: METIS_img_lm_cal_TwilightFlat}]\n"


def told(text: str) -> list[str]:
    return [
        str(problem) for problem in check_block(parse_yaml((CORE + text).encode(), "ob.yaml", lenient=True))
    ]


def test_a_block_with_everything_is_sound_and_read() -> None:
    assert check_block(located(full())) == []
    found, problems = read_particulars(parse_yaml(block_yaml(full()).encode(), "ob.yaml"))
    assert problems == []
    assert (found.id, found.status, found.observer) == (1234567, "+", "E. Halley")
    assert (found.target.name, found.target.ra, found.target.pm_dec_arcsec_yr) == (
        "NGC 253",
        "00:47:33.120",
        -0.5,
    )
    assert found.constraints.sky_transparency == "Variable, thin cirrus"
    assert found.constraints.times[1].before == "2027-03-21T10:00:00"
    assert found.constraints.other["waterVapour"] == 5.0


def test_a_block_that_says_nothing_of_it_is_sound_too() -> None:
    assert told("") == []
    assert read_particulars(parse_yaml(CORE.encode(), "ob.yaml")) == (Particulars(), [])


def test_a_target_may_be_a_name_alone() -> None:
    assert told("target: {name: dome}\n") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("observr: X\n", "unknown key 'observr'; did you mean observer?"),
        ("observer: ''\n", "observer: must not be empty"),
        ("observer: 5\n", "observer: must be text, not 5"),
        ('pi: "Hall\\ney"\n', "pi: must be one line of text, not 'Hall\\ney'"),
        ('pi: "\\u0301"\n', "pi: must not be empty: nothing of it is left in plain ASCII"),
        ("id: 0\n", "id: must be from 1 to 2147483647, not 0"),
        ("status: plus\n", "status: must not be 'plus': one of P (partially defined), D"),
        ("status: ''\n", "status: must not be ''"),
        ("target: NGC 253\n", "target: must be a mapping, not 'NGC 253'"),
        ("target: {ra: '00:00:00', dec: '00:00:00'}\n", "target: name is missing"),
        ("target: {name: ' '}\n", "target.name: must not be empty"),
        ("target: {name: X, ra: 10.68}\n", "target.ra: must be text, not 10.68"),
        ("target: {name: X, ra: 12:30:00}\n", "target.ra: must not be alone"),
        ("target: {name: X, ra: 12:30:00, dec: 95:00:00}\n", "target.dec: must be +90 deg at most"),
        ("target: {name: X, epoch: 1000}\n", "target.epoch: must be a year"),
        ("target: {name: X, pm_ra_arcsec_yr: 21}\n", "target.pm_ra_arcsec_yr: must be at most 20"),
        ("target: {name: X, raj: 3}\n", "target: unknown key 'raj'; did you mean ra?"),
        ("constraints: {sky_transparency: clear}\n", "must not be 'clear'; did you mean Clear?"),
        ("constraints: {airmass: 0.9}\n", "constraints.airmass: must be from 1 to 5, not 0.9"),
        ("constraints: {moon_distance_deg: 200}\n", "constraints.moon_distance_deg: must be from 0 to 180"),
        ("constraints: {moon: 0.5}\n", "constraints: unknown key 'moon'"),
        ("constraints: {other: {fli: 0.5}}\n", "constraints.other: fli is moon_illumination here"),
        ("constraints: {other: {atm: [1]}}\n", "constraints.other.atm: must be"),
        (
            f"constraints: {{other: {{atm: {'x' * 10000}}}}}\n",
            "'atm' must be at most 200 characters, not 10000",
        ),
        ("constraints: {times: [{after: now, before: then}]}\n", "is not two UTC times"),
        ("constraints: {times: [{after: 2027-01-02, before: 2027-01-01}]}\n", "before it begins"),
    ],
)
def test_what_is_wrong_is_said_at_its_line(text: str, words: str) -> None:
    (problem,) = told(text)
    assert problem.startswith("ob.yaml:4: ")
    assert words in problem


TEXTS = {
    "name": "ESO OBS NAME",
    "programme": "ESO OBS PROG ID",
    "observer": "ESO OBS OBSERVER",
    "pi": "ESO OBS PI-COI NAME",
    "target.name": "ESO OBS TARG NAME",
}


@pytest.mark.parametrize(("letter", "columns"), [("x", 1), ("'", 2)])
@pytest.mark.parametrize("key", TEXTS)
def test_a_text_too_long_for_its_card_is_refused_with_the_length_it_may_have(
    key: str, letter: str, columns: int
) -> None:
    """A card has 80 columns, a quote is written twice."""
    room = 80 - len(f"HIERARCH {TEXTS[key]} = ''")
    longest = room // columns
    assert not with_text(key, letter * longest)
    (problem,) = with_text(key, letter * (longest + 1))
    assert re.search(rf"^ob.yaml:\d+: {key}: .* {TEXTS[key]} has room for {room} characters", problem)


def with_text(key: str, text: str) -> list[str]:
    """What is wrong with a block that has a text at a key."""
    problems = read_ob(parse_yaml(yaml.safe_dump(block_with(key, text)).encode(), "ob.yaml")).problems
    return [str(problem) for problem in problems if "card" in problem.text]


def block_with(key: str, text: str) -> dict[str, Any]:
    block: dict[str, Any] = {
        "name": "x",
        "instrument": "METIS",
        "programme": "x",
        "templates": [{"template": "Dark"}],
    }
    place = block.setdefault("target", {}) if "." in key else block
    place[key.rpartition(".")[2]] = text
    return block


def test_everything_wrong_is_said_at_once_also_across_kinds() -> None:
    text = "id: none\ntarget: {name: X, epoch: 0}\nconstraints:\n  airmass: 9\nstatus: Q\nseeing: 1\n"
    assert [problem.split(":")[1] for problem in told(text)] == ["4", "5", "7", "8", "9"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "constraints: {twilight_minutes: abc, airmass: 0.5, moon_distance_deg: 400}\n",
            ["airmass: must be from 1 to 5", "moon_distance_deg: must be from", "twilight_minutes: must be a number"],
        ),
        (
            "target: {name: 5, ra: 10.68, dec: '-95:00:00', epoch: 1}\n",
            ["dec: must be +90 deg", "epoch: must be a year", "target.name: must be text", "ra: must be text"],
        ),
        ("target: {ra: 25:00:00}\n", ["target.ra: must be below 24 h", "target.ra: must not be alone", "target: name"]),
        (
            "constraints: {sky_transparency: clear, airmass: high, moon: 1}\n",
            ["airmass: must be", "sky_transparency: must not be 'clear'", "unknown key 'moon'"],
        ),
        (
            "constraints:\n  {times: [{after: 3, before: x}, {after: 2027-02-01, before: 2027-01-01}], "
            "other: {a: [1], fli: 1}}\n",
            ["other.a: must be", "other: fli is", "times[0].after: must be text", "times[1]: ends (2027-01-01) before"],
        ),
        ("constraints: {times: 3, other: [], airmass: 6}\n", ["airmass: must be", "other: must be", "times: must be"]),
    ],
)  # fmt: skip
def test_a_wrong_type_hides_no_wrong_value_beside_it(text: str, words: list[str]) -> None:
    found = told(text)
    assert len(found) == len(words), found
    assert all(sum(word in problem for problem in found) == 1 for word in words), found


@pytest.mark.parametrize("key", TEXTS)
def test_text_for_people_is_taken_as_it_is_written_and_the_header_told_of(key: str) -> None:
    """The length is that of the header's spelling."""
    room = 80 - len(f"HIERARCH {TEXTS[key]} = ''")
    for text, plain in (("für M31", "fur M31"), ("é" * room, "e" * room)):
        assert not with_text(key, text)
        (warning,) = respelled(located(block_with(key, text)))
        assert warning.text == f"{key}: header cards are plain ASCII: they will say {shown(plain)}"
    (problem,) = with_text(key, "°" * (room // 3 + 1))
    assert f"this has {3 * (room // 3 + 1)}" in problem
    assert respelled(located(block_with(key, "plain"))) == []


@pytest.mark.parametrize(
    ("keyword", "words"),
    [
        ("INS.WCU_BB_TEMP", "longer than 8"),
        ("ins.filt", "A-Z"),
        ("", "A-Z"),
        ("INS..X", "A-Z"),
        ("INS.Ä", "A-Z"),
    ],
)
def test_what_is_no_keyword(keyword: str, words: str) -> None:
    assert words in keyword_problem(keyword)
    assert keyword_problem("INS.CFO_DROT.MODE") == ""


def test_the_life_of_a_block() -> None:
    assert NEXT.keys() == STATUS.keys()
    assert {letter for letters in NEXT.values() for letter in letters} <= STATUS.keys()
    for path in ("PD+SXC", "PD-PD+SAM", "PD+SMSXC", "PD+SAF"):
        assert not any(cannot_follow(one, other) for one, other in pairwise(path)), path
    assert [letter for letter in STATUS if not cannot_follow("C", letter)] == ["C"]
    assert not any(cannot_follow("", letter) for letter in STATUS)
    assert cannot_follow("C", "S") == "after C (completed) comes nothing, not S (started)"
    assert cannot_follow("P", "yes").startswith("'yes' is no status")
    reached, todo = {"P"}, ["P"]
    while todo:
        todo += [letter for letter in NEXT[todo.pop()] if letter not in reached and not reached.add(letter)]
    assert reached == STATUS.keys()


def test_only_blocks_that_are_ready_may_run() -> None:
    assert [letter for letter in STATUS if not not_runnable(letter)] == ["D", "+", "M"]
    assert not_runnable("") == ""
    assert not_runnable("C") == "has status C (completed); only D, +, M may run"
    assert all(not cannot_follow(letter, "S") for letter in RUNNABLE)


def test_the_document_lists_the_letters_as_they_are() -> None:
    text = (Path(__file__).parents[3] / "docs/how-to/observing-blocks-from-outside.md").read_text(
        encoding="utf-8"
    )
    rows = re.findall(r"^\| (.) \| (.+?) \|(.*)\|$", text, re.MULTILINE)
    assert {letter: "".join(following.split()) for letter, _, following in rows} == NEXT
    assert {letter for letter, meaning, _ in rows if "may run" in meaning} == set(RUNNABLE)


@pytest.mark.parametrize(
    "data", [[], "x", None, {"templates": [{"template": ["a"]}]}, {"target": 1, "templates": {}}]
)
def test_nonsense_is_refused_and_nothing_breaks(data: Any) -> None:
    if isinstance(data, dict):
        assert check_block(located(data))
    else:
        with pytest.raises(ConfigErrors):
            check_block(located(data))
