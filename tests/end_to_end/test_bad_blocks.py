"""Bad blocks in each form they come in: what is wrong at its line, exit code 2, and nothing written or begun."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.cli.main import main
from sequencer.config.problems import ConfigErrors
from sequencer.config.yaml_reader import parse_yaml
from sequencer.observing.block import read_ob
from sequencer.observing.exchange.formats import export_text
from sequencer.observing.exchange.yaml_form import block_yaml
from tests.observing.exchange.samples import WRITTEN, full, located

NAMES = {"yaml": "ob.yaml", "p2json": "ob.json", "obd": "ob.obd"}
LONG = "x" * 10_000
ACQUISITION = {
    "yaml": "\n- template: METIS_img_lm_acq\n- template: METIS_img_n_acq",
    "p2json": '"templates": [{"templateName": "METIS_img_lm_acq", "parameters": []},\n'
    '{"templateName": "METIS_img_n_acq", "parameters": []},',
    "obd": 'TPL.ID "METIS_img_lm_acq"\nTPL.NAME "a"\nTPL.ID "METIS_img_n_acq"\nTPL.NAME "b"\nTPL.ID',
}


def text_of(form: str) -> str:
    """A block with everything, in a form."""
    if form == "yaml":
        return block_yaml(full())
    return export_text(located(full()), "obd" if form == "obd" else "p2json", WRITTEN)


def put(old: str, new: str) -> Callable[[str], tuple[str, str]]:
    """The text with its only `old` made `new`, and the line of it."""

    def change(text: str) -> tuple[str, str]:
        assert text.count(old) == 1, (old, text.count(old))
        return text.replace(old, new), str(text[: text.index(old)].count("\n") + 1)

    return change


def cut(before: str) -> Callable[[str], tuple[str, str]]:
    """The text as far as the only `before`; the line it ends in may be one off: there is nothing more to read."""

    def change(text: str) -> tuple[str, str]:
        assert text.count(before) == 1, before
        return text[: text.index(before)], r"\d+"

    return change


CASES: dict[str, dict[str, tuple[Callable[[str], tuple[str, str]], str]]] = {
    "cut off": {
        "yaml": (cut(", short-L"), "is no valid YAML"),
        "p2json": (cut('"SEQ.TIME"'), "is cut off"),
        "obd": (cut("SEQ.TIME"), "is cut off"),
    },
    "unknown column": {
        "yaml": (put("SEQ.TIME:", "SEQ.TIMES:"), "unknown parameter 'SEQ.TIMES'; did you mean SEQ.TIME"),
        "p2json": (put('"SEQ.TIME"', '"SEQ.TIMES"'), "unknown parameter 'SEQ.TIMES'; did you mean SEQ.TIME"),
        "obd": (put("SEQ.TIME ", "SEQ.TIMES "), "unknown parameter 'SEQ.TIMES'; did you mean SEQ.TIME"),
    },
    "wrong coordinate": {
        "yaml": (put("-25:17:17.60", "-95:17:17.60"), "target.dec: must be +90 deg at most"),
        "p2json": (put("-25:17:17.60", "-95:17:17.60"), "target.dec: must be +90 deg at most"),
        "obd": (put("-251717.60", "-951717.60"), "TEL.TARG.DELTA: must be +90 deg at most"),
    },
    "non-ASCII": {
        "yaml": (put("FLAT,TWILIGHT", "FLAT,TWÏLIGHT"), "DPR.TYPE: must not be 'FLAT,TWÏLIGHT'"),
        "p2json": (put("FLAT,TWILIGHT", "FLAT,TWÏLIGHT"), "DPR.TYPE: must not be 'FLAT,TWÏLIGHT'"),
        "obd": (put("FLAT,TWILIGHT", "FLAT,TWÏLIGHT"), "has 'Ï', which is not printable ASCII"),
    },
    "a text of which plain ASCII leaves nothing": {
        "yaml": (
            put("E. Halley", '"\u0301"'),
            "observer: must not be empty: nothing of it is left in plain ASCII",
        ),
        "p2json": (
            put("E. Halley", "\u0301"),
            "observer: must not be empty: nothing of it is left in plain ASCII",
        ),
        "obd": (put("E. Halley", "E. Hallé"), "has 'é', which is not printable ASCII"),
    },
    "10 000 characters": {
        form: (
            put("60.A-9999(A)", LONG),
            "programme: does not fit its header card: ESO OBS PROG ID has room for 51",
        )
        for form in NAMES
    },
    "keyword over 8 characters": {
        "yaml": (put("SEQ.TIME:", "SEQ.EXPOSURES:"), "SEQ.EXPOSURES"),
        "p2json": (put('"SEQ.TIME"', '"SEQ.EXPOSURES"'), "'EXPOSURES', which is longer than 8 characters"),
        "obd": (put("SEQ.TIME ", "SEQ.EXPOSURES "), "'EXPOSURES', which is longer than 8 characters"),
    },
    "value that fits no card": {
        form: (
            put("NGC 253", "NGC 253 " + 50 * "x"),
            "target.name: does not fit its header card: ESO OBS TARG NAME",
        )
        for form in ("yaml", "p2json")
    }
    | {
        "obd": (
            lambda text: (text.replace("NGC 253", 58 * "x"), r"\d+"),
            "target.name: does not fit its header card",
        )
    },
}


def refused(folder: Path, form: str, text: str, line: str, expected: str) -> None:
    """Each command that reads the form refuses it."""
    path = folder / NAMES[form]
    path.write_text(text, encoding="utf-8")
    run = [
        "run",
        str(path),
        "-d",
        "metis-sim",
        "--out",
        str(folder / "runs"),
        "--start",
        "2027-03-20T09:15:00",
    ]
    validate = ["validate", str(path), "-d", "metis-sim", "--start", "2027-03-20T09:15:00"]
    out = str(folder / "out")
    commands = {
        "yaml": [validate, run, ["export", str(path), "--form", "obd", "--out", out]],
        "p2json": [["import", str(path), "--out", out]],
        "obd": [["import", str(path), "--out", out]],
    }
    for words in commands[form]:
        told = CliRunner().invoke(main, words)
        assert told.exit_code == 2, told.output
        assert isinstance(told.exception, SystemExit)
        lines = told.output.splitlines()
        assert all(one.startswith(("error: ", "warning: ", "note: ")) for one in lines)
        at_its_line = [one for one in lines if one.startswith(f"error: {path}:") and expected in one]
        assert at_its_line, (expected, lines)
        if line != r"\d+":
            assert any(one.startswith(f"error: {path}:{line}: ") for one in at_its_line), (line, at_its_line)
        assert max(map(len, lines)) < 700
        assert [one.name for one in folder.iterdir()] == [path.name]


@pytest.mark.parametrize("form", NAMES)
@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_said_and_nothing_is_half_written(tmp_path: Path, case: str, form: str) -> None:
    change, expected = CASES[case][form]
    text, line = change(text_of(form))
    refused(tmp_path, form, text, line, expected)


@pytest.mark.parametrize("form", NAMES)
def test_two_acquisition_templates_are_refused(tmp_path: Path, form: str) -> None:
    old = {"yaml": "templates:", "p2json": '"templates": [', "obd": "TPL.ID"}[form]
    text = text_of(form)
    new = old + ACQUISITION[form] if form == "yaml" else ACQUISITION[form]
    text = text.replace(old, new, 1)
    line = text[: text.index("METIS_img_n_acq")].count("\n") + 1
    refused(tmp_path, form, text, str(line), "METIS_img_n_acq: is a second acquisition template")


@pytest.mark.parametrize("form", ["p2json", "obd"])
@pytest.mark.parametrize("verb", ["validate", "run", "plan"])
def test_a_block_in_a_form_outside_is_named_with_the_command_that_takes_it_over(
    tmp_path: Path, verb: str, form: str
) -> None:
    path = tmp_path / NAMES[form]
    path.write_text(text_of(form))
    told = CliRunner().invoke(main, [verb, str(path), "-d", "metis-sim"])
    assert told.exit_code == 2
    assert f"sequencer import {path} --out NAME.yaml" in told.output
    assert len(told.output.splitlines()) == 1


SOUND = text_of("yaml")
SIGNS = ["- ", ": ", "{", "]", '"', "\n", "\t", "null", "templates:", "&a", "!!x"]
SCRAPS = st.text(max_size=6) | st.sampled_from(SIGNS)


@given(cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), SCRAPS), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_any_damage_to_a_yaml_block_gives_a_block_or_problems(cuts: list[tuple[float, int, str]]) -> None:
    text = SOUND
    for share, length, scrap in cuts:
        start = int(share * len(text))
        text = text[:start] + scrap + text[start + length :]
    read_or_refused(text)


@given(text=st.text(max_size=80))
@settings(deadline=None)
def test_any_text_gives_a_block_or_problems(text: str) -> None:
    read_or_refused(text)


def read_or_refused(text: str) -> None:
    try:
        found = read_ob(parse_yaml(text.encode("utf-8", "surrogatepass"), "ob.yaml", lenient=True))
    except ConfigErrors as errors:
        assert errors.problems
        assert all(len(str(problem)) < 700 for problem in errors.problems)
    else:
        assert found.templates or found.problems
