"""The Phase-2 JSON form as the API gives it, and what is wrong with a bad one: each at its line, all at once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.config import ConfigErrors
from sequencer.observing.exchange.located_json import parse_json
from sequencer.observing.exchange.phase2_read import read_phase2
from sequencer.observing.exchange.phase2_write import phase2_text

from .samples import full, line_of, located

FOREIGN: dict[str, Any] = {
    "obId": 100000000,
    "itemType": "OB",
    "name": "Darks",
    "obStatus": "P",
    "userPriority": 1,
    "runId": "60.A-9253(M)",
    "instrument": "METIS",
    "ipVersion": "98.09",
    "exposureTime": 0,
    "executionTime": 600,
    "target": {
        "name": "HD 10",
        "ra": "0:5:26.020",
        "dec": "-12 04 35.6",
        "equinox": "J2000",
        "epoch": 2000.0,
        "properMotionRa": 0.0,
        "properMotionDec": 0.01,
        "differentialRa": 0.0,
    },
    "constraints": {
        "name": "",
        "airmass": 2.0,
        "skyTransparency": "Clear",
        "fli": 0.7,
        "seeing": None,
        "atm": "50%",
    },
    "absoluteTimeConstraints": [{"from": "2027-03-20T09:00:00Z", "to": "2027-03-20T10:00:00Z"}],
    "siderealTimeConstraints": [],
    "templates": [
        {
            "templateId": 1,
            "templateName": "METIS_gen_cal_dark",
            "type": "calib",
            "parameters": [
                {"name": "DET1.DIT", "type": "number", "value": 0.2},
                {"name": "DET2.DIT", "type": "number", "value": "0.02"},
                {"name": "DET3.DIT", "type": "number", "value": None},
                {"name": "SEQ.NEXPO3", "type": "integer", "value": 0},
            ],
        }
    ],
}


def told(text: str) -> list[str]:
    with pytest.raises(ConfigErrors) as errors:
        read_phase2(text.encode(), "ob.json")
    return [str(problem) for problem in errors.value.problems]


def ours() -> str:
    return phase2_text(located(full()))


def test_what_the_api_gives_is_read_and_what_is_not_kept_is_said() -> None:
    text = json.dumps(FOREIGN, indent=1)
    found = read_phase2(text.encode(), "ob.json")
    assert found.block == {
        "id": 100000000,
        "status": "P",
        "name": "Darks",
        "instrument": "METIS",
        "programme": "60.A-9253(M)",
        "target": {"name": "HD 10", "ra": "00:05:26.020", "dec": "-12:04:35.6", "pm_dec_arcsec_yr": 0.01},
        "constraints": {
            "other": {"name": "", "atm": "50%"},
            "airmass": 2.0,
            "sky_transparency": "Clear",
            "moon_illumination": 0.7,
            "times": [{"after": "2027-03-20T09:00:00Z", "before": "2027-03-20T10:00:00Z"}],
        },
        "templates": [
            {
                "template": "METIS_gen_cal_dark",
                "parameters": {"DET1.DIT": 0.2, "DET2.DIT": 0.02, "SEQ.NEXPO3": 0},
            }
        ],
    }
    assert [str(note) for note in found.notes] == [
        f"ob.json:{line_of(text, key)}: {key}: {value} is not kept"
        for key, value in (("userPriority", "1"), ("ipVersion", "'98.09'"), ("executionTime", "600"))
    ]


def test_minified_and_tabbed_documents_say_the_same() -> None:
    block = read_phase2(json.dumps(FOREIGN).encode(), "a").block
    assert read_phase2(json.dumps(FOREIGN, separators=(",", ":")).encode(), "a").block == block
    assert read_phase2(b"\xef\xbb\xbf" + json.dumps(FOREIGN, indent="\t").encode(), "a").block == block


def test_a_block_without_a_target_is_a_calibration_block() -> None:
    assert json.loads(ours())["itemType"] == "OB"
    block = full()
    del block["target"]
    assert json.loads(phase2_text(located(block)))["itemType"] == "CB"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"ra": "00:47:33.120"', '"ra": "00:47:63.120"', "target.ra: must have minutes and seconds below 60"),
        ('"ra": "00:47:33.120"', '"ra": 11.888', "target.ra: must be text, not 11.888"),
        ('"dec": "-25:17:17.60"', '"dec": "-91:00:00"', "target.dec: must be +90 deg at most"),
        ('"dec": "-25:17:17.60"', '"dec": null', "target.ra: must not be alone"),
        ('"equinox": "J2000"', '"equinox": "B1950"', "the equinox must be J2000"),
        ('"equinox": "J2000"', '"equinoxe": "J2000"', "unknown key 'target.equinoxe'; did you mean target.equinox"),
        ('"obStatus": "+"', '"obStatus": "Z"', "status: must not be 'Z'"),
        ('"obId": 1234567', '"obId": "1234567"', "id: must be a whole number"),
        ('"itemType": "OB"', '"itemType": "Group"', "itemType: must be OB or CB, not 'Group'"),
        ('"itemType": "OB"', '"itemtype": "OB"', "unknown key 'itemtype'; did you mean itemType"),
        ('"skyTransparency": "Variable, thin cirrus"', '"skyTransparency": "Cloudy"',
         "constraints.sky_transparency: must not be 'Cloudy'"),
        ('"fli": 0.5', '"fli": 50', "constraints.moon_illumination: must be from 0 to 1, not 50"),
        ('"waterVapour": 5.0', '"waterVapour": [5]', "waterVapour: must be"),
        ('"to": "2027-03-20T10:00:00"', '"to": "2027-03-20T08:00:00"', "before it begins"),
        ('"to": "2027-03-20T10:00:00"', '"to": "2027-03-22T08:00:00"', "overlaps"),
        ('"to": "2027-03-20T10:00:00"', '"until": "2027-03-20T10:00:00"', "must be an object with from and to"),
        ('"name": "SEQ.TIME"', '"name": "SEQ.TIMES"', "unknown parameter 'SEQ.TIMES'; did you mean SEQ.TIME"),
        ('"name": "SEQ.TIME"', '"name": "SEQ.DARK"', "SEQ.DARK: is given twice"),
        ('"name": "SEQ.TIME"', '"name": "SEQ.WCU_BB_TEMP"', "longer than 8 characters"),
        ('"name": "SEQ.TIME"', '"nom": "SEQ.TIME"', "a parameter must be an object with name and value"),
        ('"value": 0.1', '"value": -1', "SEQ.TIME: must be at least 0 s"),
        ('"value": 0.1', '"value": 1e999', "'1e999' is not a finite number"),
        ('"value": 0.1', '"value": NaN', "'NaN' is not a finite number"),
        ('"templateName": "METIS_img_n_cal_TwilightFlat"', '"templateName": "METIS_img_n_cal_Twilight"',
         "unknown template"),
        ('"templates": [', '"templates": 3, "x": [', "templates: must be a list, not 3"),
        ('"name": "L-band flats"', '"name": "\u0301"', "name: must not be empty: nothing of it is left"),
        ('"observer": "E. Halley"', '"observer": "' + "x" * 10000 + '"', "observer: does not fit its header card"),
        ('"observer": "E. Halley"', '"observer": "E.\\nHalley"', "observer: must be one line of text"),
        ('"observer": "E. Halley"', '"observer": "\\ud800"', "observer: must be one line of text"),
        ('"observer": "E. Halley"', '"observr": "E. Halley"', "did you mean sequencer.observer"),
        ('"obId": 1234567', '"name": "twin"', "duplicate key 'name'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(old: str, new: str, words: str) -> None:
    text = ours()
    assert text.count(old) == 1, old
    found = told(text.replace(old, new))
    assert [problem for problem in found if words in problem], found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"ra": "00:47:33.120"', '"ra": "25:47:33.120"'),
        ('"value": 0.1', '"value": -1'),
        ('"fli": 0.5', '"fli": 50'),
        ('"observer": "E. Halley"', '"observer": "Hall\\ney"'),
        ('"from": "2027-03-20T09:00:00"', '"from": "yesterday"'),
    ],
)
def test_a_problem_names_the_line(old: str, new: str) -> None:
    text = ours().replace(old, new)
    (problem,) = told(text)
    line = line_of(text, new) - (1 if "from" in old else 0)
    assert problem.startswith(f"ob.json:{line}: ")


def test_two_acquisition_templates_are_refused() -> None:
    document = json.loads(ours())
    acquisitions = [{"templateName": f"METIS_img_{camera}_acq", "parameters": []} for camera in ("lm", "n")]
    document["templates"] = acquisitions + document["templates"]
    found = told(json.dumps(document))
    assert any("METIS_img_n_acq: is a second acquisition template" in problem for problem in found)


@pytest.mark.parametrize(
    "extra", [{"siderealTimeConstraints": [{"from": "01:00", "to": "02:00"}]}, {"itemType": "CB"}]
)
def test_what_would_be_lost_silently_is_refused(extra: dict[str, Any]) -> None:
    assert told(json.dumps({**json.loads(ours()), **extra}))


NO_BLOCKS = ["", "{", "[]", "3", "null", '{"a": 1}', "[" * 100_000, '{"obId": ' + "9" * 5000 + "}"]


@pytest.mark.parametrize("text", NO_BLOCKS)
def test_what_is_no_block_is_refused(text: str) -> None:
    assert told(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=4), inside, max_size=3),
    max_leaves=12,
)


@given(data=JSON, ascii_only=st.booleans())
def test_json_is_read_with_the_line_of_every_value(data: Any, ascii_only: bool) -> None:
    """One value a line is how `json.dumps` indents; so each value's text stands in the line named for it."""
    text = json.dumps(data, indent=1, ensure_ascii=ascii_only)
    found = parse_json(text.encode(errors="replace"), "a")
    lines = text.split("\n")

    def look(value: Any, path: tuple[Any, ...]) -> None:
        if isinstance(value, dict | list):
            for key, item in value.items() if isinstance(value, dict) else enumerate(value):
                look(item, (*path, key))
            return
        assert json.dumps(value, ensure_ascii=ascii_only) in lines[found.line(path) - 1]

    assert found.data == data
    look(data, ())


def test_a_coordinate_that_is_a_number_does_not_hide_what_is_wrong_with_the_other() -> None:
    found = told(json.dumps({**FOREIGN, "target": {"name": "M 31", "ra": 10.5, "dec": "abc"}}))
    assert [problem.partition(": ")[2] for problem in found] == [
        "target.dec: must be +DD:MM:SS.ss, not 'abc'",
        "target.ra: must be text, not 10.5",
    ]
