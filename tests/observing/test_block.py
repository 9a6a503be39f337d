"""Reading an observing block: strict keys, names with suggestions, everything at once, at its line."""

from __future__ import annotations

import pytest

from sequencer.config import ConfigErrors
from sequencer.observing import compose_ob, load_ob

from .blocks import block

GOOD = """name: L-band twilight flats
instrument: METIS
programme: 60.A-9999(A)
templates:
  - template: METIS_all_cal_TwilightFlat
    parameters:
      SEQ.CAMERA: [LM]
      SEQ.DIT.FILT.LIST: [short-L, Lp, Br_alpha]
      SEQ.NEXPO: 10
      SEQ.TIME: 5
  - template: METIS_img_n_cal_TwilightFlat
"""


def told(text: str) -> list[str]:
    return [str(problem) for problem in block(text).problems]


def test_a_block_is_read_with_every_parameter_resolved():
    ob = block(GOOD)
    assert ob.problems == []
    assert (ob.name, ob.instrument, ob.programme, ob.file) == (
        "L-band twilight flats",
        "METIS",
        "60.A-9999(A)",
        "ob.yaml",
    )
    first, second = ob.templates
    assert (first.name, first.line, first.index) == ("METIS_all_cal_TwilightFlat", 5, 0)
    assert first.given == {"SEQ.CAMERA", "SEQ.DIT.FILT.LIST", "SEQ.NEXPO", "SEQ.TIME"}
    assert first.parameters["SEQ.DIT.FILT.LIST"] == ["short-L", "Lp", "Br_alpha"]
    assert first.parameters["SEQ.AIRMASS.LIST"] == [1.0, 2.0, 2.5]
    assert first.parameters["SEQ.TIME"] == 5.0
    assert isinstance(first.parameters["SEQ.TIME"], float)
    assert first.parameters.keys() == first.signature.parameters.keys()
    assert (second.line, second.index, second.given) == (11, 1, frozenset())
    assert second.parameters["SEQ.CAMERA"] == ["N"]


def test_everything_wrong_is_said_at_once_in_order_of_lines():
    text = """name: x
instrument: METIS
program: 60.A
templates:
  - template: METIS_all_cal_TwilightFlatt
  - template: METIS_all_cal_TwilightFlat
    parameters:
      SEQ.CAMERA: LM
      SEQ.NEXP: 3
      SEQ.NEXPO: true
      SEQ.AIRMASS.LIST: [0.9, x]
      SEQ.TWILIGHT: MORNNG
    paramters: {}
  - 5
  - {parameters: {}}
  - {template: [1], parameters: 3}
  - template: MegaraDarkImage
"""
    assert told(text) == [
        "ob.yaml:3: unknown key 'program'; did you mean programme?",
        "ob.yaml:5: unknown template 'METIS_all_cal_TwilightFlatt'; did you mean METIS_all_cal_TwilightFlat "
        "or METIS_img_lm_cal_TwilightFlat?",
        "ob.yaml:8: METIS_all_cal_TwilightFlat: SEQ.CAMERA: must be a list, not 'LM': write [LM]",
        "ob.yaml:9: METIS_all_cal_TwilightFlat: unknown parameter 'SEQ.NEXP'; did you mean SEQ.NEXPO or "
        "SEQ.DARK.NEXPO?",
        "ob.yaml:10: METIS_all_cal_TwilightFlat: SEQ.NEXPO: must be a whole number, not true",
        "ob.yaml:11: METIS_all_cal_TwilightFlat: SEQ.AIRMASS.LIST: item 1 must be at least 1, not 0.9; "
        "item 2 must be a number, not 'x'",
        "ob.yaml:12: METIS_all_cal_TwilightFlat: SEQ.TWILIGHT: must not be 'MORNNG'; did you mean MORNING? "
        "(one of MORNING, EVENING, NEXT)",
        "ob.yaml:13: unknown key 'paramters'; did you mean parameters?",
        "ob.yaml:14: a template must be a mapping, not 5",
        "ob.yaml:15: template: is missing",
        "ob.yaml:16: parameters: must be a mapping, not 3",
        "ob.yaml:16: unknown template [1]; `sequencer templates` lists them",
        "ob.yaml:17: MegaraDarkImage: EXPTIME is missing: exposure time of every frame",
    ]


def test_a_wrong_value_leaves_the_default_and_the_block_stays_whole():
    ob = block("name: x\ninstrument: METIS\ntemplates:\n  - {template: Dark, parameters: {SEQ.NEXPO1: -1}}\n")
    assert ob.templates[0].parameters["SEQ.NEXPO1"] == 1
    assert ob.templates[0].given == {"SEQ.NEXPO1"}


def test_a_template_that_fixes_a_parameter_takes_no_other_value():
    head = "name: x\ninstrument: METIS\ntemplates:\n"
    head += "  - template: METIS_img_n_cal_TwilightFlat\n    parameters:\n"
    assert told(head + "      SEQ.CAMERA: [N]\n") == []
    [problem] = told(head + "      SEQ.CAMERA: [LM]\n")
    assert (
        problem == "ob.yaml:6: METIS_img_n_cal_TwilightFlat: SEQ.CAMERA: is fixed to ['N'] by this template"
    )


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (
            "instrument: METIS\ntemplates: []",
            ["1: name: is missing", "2: templates: must be a list of 1 to 1000 templates"],
        ),
        ("name: x\ninstrument: METIS", ["1: templates: is missing"]),
        (
            "name: 5\ninstrument: [a]\ntemplates: 3",
            [
                "1: name: must be one line of text, not 5",
                "2: instrument: must be one line of text, not ['a']",
                "3: templates: must be a list of 1 to 1000 templates",
            ],
        ),
        (
            'name: "a\\nb"\ninstrument: " "\nprogramme:\ntemplates: [{template: Dark}]',
            [
                "1: name: must be one line of text, not 'a\\nb'",
                "2: instrument: must be one line of text, not ' '",
                "3: programme: must be one line of text, not nothing",
            ],
        ),
    ],
)
def test_what_a_block_must_hold(text, problems):
    assert told(text) == [f"ob.yaml:{problem}" for problem in problems]


def test_what_is_missing_is_empty():
    assert (block("templates: []").name, block("templates: []").instrument) == ("", "")


@pytest.mark.parametrize("text", ["", "- a", "5", "a: [", "\x00"])
def test_what_is_no_mapping_is_one_clear_error(text):
    with pytest.raises(ConfigErrors) as caught:
        block(text)
    assert len(caught.value.problems) == 1


def test_a_block_is_found_by_name_or_path(tmp_path):
    assert load_ob("metis-lband-flats").templates[0].parameters["SEQ.NEXPO"] == 10
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD)
    assert load_ob(path).file == str(path)
    with pytest.raises(ConfigErrors, match="did you mean metis-dark"):
        load_ob("metis-drak")


def test_a_program_can_compose_a_block_and_is_told_the_same():
    ob = compose_ob("script", "METIS", [("METIS_all_cal_Dark", {"DET1.DIT": 0.2, "SEQ.NEXPO1": 5.0})], "60.A")
    assert [str(problem) for problem in ob.problems] == [
        "script: METIS_all_cal_Dark: SEQ.NEXPO1: must be a whole number, not 5.0"
    ]
    assert (ob.templates[0].parameters["DET1.DIT"], ob.programme) == (0.2, "60.A")
    assert compose_ob("script", "METIS", [("Dark", {})]).problems == []


def test_a_value_the_reader_refuses_does_not_hide_the_rest_and_is_told_once():
    text = """name: x
instrument: METIS
templates:
  - template: METIS_all_cal_Dark
    parameters:
      DET1.DIT: .nan
      SEQ.NEXPO1: 010
      SEQ.NEXPO1: 3
      SEQ.NEXP2: 1
"""
    assert told(text) == [
        "ob.yaml:6: .nan is not a finite number",
        "ob.yaml:7: '010' is ambiguous: write a plain decimal number, or quote it as text",
        "ob.yaml:8: duplicate key 'SEQ.NEXPO1', first given in line 7",
        "ob.yaml:9: METIS_all_cal_Dark: unknown parameter 'SEQ.NEXP2'; did you mean SEQ.NEXPO2 or SEQ.NEXPO3?",
    ]
    with pytest.raises(ConfigErrors) as caught:
        block("- .nan")
    assert caught.value.problems[0].text == ".nan is not a finite number"
