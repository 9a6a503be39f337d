"""One slip, one message: what follows from a refused value is not worth a word until it is mended."""

from __future__ import annotations

import pytest

from .blocks import DARK, DUSK_S, FLAT, LP, block, check, check_one, texts

OPTICAL = "OPTICAM_TwilightFlat"
CO_REF = {"SEQ.DIT.FILT.LIST": ["CO_ref"], "SEQ.LEVEL.LIST": [0.1, 0.85]}


@pytest.mark.parametrize(
    ("template", "parameters", "told"),
    [
        ("TwilightFlat", {"SEQ.DIT.FILT.LIST": ["Lpp"]}, "SEQ.DIT.FILT.LIST: must not be 'Lpp'"),
        ("TwilightFlat", {"SEQ.DIT.FILT.LIST": "Lp"}, "SEQ.DIT.FILT.LIST: must be a list"),
        ("TwilightFlat", {"SEQ.DIT.FILT.LST": ["Lp"]}, "unknown parameter 'SEQ.DIT.FILT.LST'"),
        (FLAT, {"INS.OPTI10.NAME": "Lpp"}, "INS.OPTI10.NAME: must not be 'Lpp'"),
        (
            FLAT,
            {"SEQ.DIT.FILT.LIST": ["Lpp"], "SEQ.LEVEL.FILT": ["Lp"]},
            "SEQ.DIT.FILT.LIST: must not be 'Lpp'",
        ),
        (FLAT, {"SEQ.CAMERA": ["LM", "M"], "SEQ.DIT.FILT.LIST": ["Lp", "N1"]}, "SEQ.CAMERA: must not be 'M'"),
        (FLAT, {"SEQ.MODE": "LADER", "SEQ.DIT.ADJUST": True}, "SEQ.MODE: must not be 'LADER'"),
        (FLAT, {"SEQ.SUNALT.MIN": "low", "SEQ.SUNALT.MAX": -20}, "SEQ.SUNALT.MIN: must be a number"),
        (FLAT, {"SEQ.SUNALT.MIN": -8, "SEQ.SUNALT.MAX": "high"}, "SEQ.SUNALT.MAX: must be a number"),
        (FLAT, {"SEQ.TWILIGHT": "EVENNING"}, "SEQ.TWILIGHT: must not be 'EVENNING'"),
        (FLAT, {"SEQ.LEVEL.TARGET": 0.94, "SEQ.LEVEL.MAX": "T"}, "SEQ.LEVEL.MAX: must be a number"),
        (FLAT, {"SEQ.LEVEL.TARGET": "T", "SEQ.LEVEL.MAX": 0.4}, "SEQ.LEVEL.TARGET: must be a number"),
        (FLAT, {"SEQ.LEVEL.LIST": [0.2, 2], "SEQ.LEVEL.MAX": 0.6}, "SEQ.LEVEL.LIST: item 2 must be at most"),
        (FLAT, {"SEQ.DIT.FILT.LIST": ["M_spec"], "SEQ.LEVEL.MAX": 2}, "SEQ.LEVEL.MAX: must be at most"),
        (
            FLAT,
            {"SEQ.DIT.FILT.LIST": ["M_spec"], "INS.OPTI11.NAME": "ND7"},
            "INS.OPTI11.NAME: must not be 'ND7'",
        ),
        (
            FLAT,
            {"SEQ.DIT.FILT.LIST": ["M_spec"], "SEQ.AIRMASS.LIST": [0.5]},
            "SEQ.AIRMASS.LIST: item 1 must be",
        ),
        (
            FLAT,
            {"SEQ.DIT.FILT.LIST": ["Mp"], "DET1.NCORRS.NAME": "slwo"},
            "DET1.NCORRS.NAME: must not be 'slwo'",
        ),
        (FLAT, {**CO_REF, "DET1.NCORRS.NAME": "slwo"}, "DET1.NCORRS.NAME: must not be 'slwo'"),
        (FLAT, {**CO_REF, "SEQ.MODE": "LEVL"}, "SEQ.MODE: must not be 'LEVL'"),
        (FLAT, {**CO_REF, "SEQ.LEVEL.FILT": ["Lpp"]}, "SEQ.LEVEL.FILT: must not be 'Lpp'"),
    ],
)
def test_a_flat_with_one_slip_gets_one_message(template, parameters, told):
    found = check_one(
        template, {**LP, **parameters} if template == FLAT else {"SEQ.CAMERA": ["LM"], **parameters}
    )
    [text] = texts(found.problems)
    assert told in text
    assert found.warnings == []


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"DET1.DIT": 5000, "DET1.NCORRS.NAME": "fsat"}, "DET1.NCORRS.NAME: must not be 'fsat'"),
        ({"DET1.DIT": 1, "DET1.NDIT": 10_001, "DET1.NCORRS.NAME": "fsat"}, "DET1.NCORRS.NAME: must not be"),
        ({"DET1.DIT": 1, "SEQ.NEXPO2": "none"}, "SEQ.NEXPO2: must be a whole number"),
        ({"DET1.DIT": "x"}, "DET1.DIT: must be a number"),
        ({"SEQ.NEXPO1": -1}, "SEQ.NEXPO1: must be at least 0"),
        ({"DET1.DTI": 1}, "unknown parameter 'DET1.DTI'; did you mean DET1.DIT or"),
    ],
)
def test_a_dark_with_one_slip_gets_one_message(parameters, told):
    [text] = texts(check_one(DARK, {"SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0, **parameters}).problems)
    assert told in text


def test_filters_left_are_not_told_to_be_none_while_one_is_misspelt():
    found = check_one(FLAT, {**LP, "SEQ.DIT.FILT.LIST": ["M_spec", "Lpp"]})
    [text] = texts(found.problems)
    assert "must not be 'Lpp'" in text
    [warning] = texts(found.warnings)
    assert "M_spec of LM reaches 100% of full well" in warning


def test_a_ladder_without_levels_is_not_told_where_the_levels_were_refused():
    parameters = {"SEQ.MODE": "LADDER", "SEQ.LEVEL.LIST": [7], "SEQ.DIT.FILT.LIST": ["V"]}
    found = check_one(OPTICAL, parameters, "OPTICAM", deployment="opticam-sim", start_s=DUSK_S)
    assert len(found.problems) == 1


def test_a_longest_wait_refused_refuses_no_wait():
    found = check_one(FLAT, {**LP, "SEQ.TWILIGHT.WAIT": "long"}, start_s=DUSK_S)
    assert [text.split(": ")[1] for text in texts(found.problems)] == ["SEQ.TWILIGHT.WAIT"]


def test_a_misspelt_required_parameter_is_not_missing_as_well():
    found = check_one(FLAT, {"SEQ.CAMRA": ["LM"], "SEQ.DIT.FILT.LIST": ["Lp"]})
    [text] = texts(found.problems)
    assert text.startswith(f"{FLAT}: unknown parameter 'SEQ.CAMRA'; did you mean SEQ.CAMERA")
    # a name that is near to nothing hides nothing
    assert len(check_one(FLAT, {"FOO": 1, "SEQ.DIT.FILT.LIST": ["Lp"]}).problems) == 2


def test_one_slip_keeps_no_other_secret():
    found = check(
        block("""name: x
instrument: METIS
templates:
  - template: METIS_all_cal_TwilightFlat
    parameters:
      SEQ.CAMERA: [LM, N]
      SEQ.DIT.FILT.LIST: [Lpp]
      SEQ.LEVEL.TARGET: 0.9
      SEQ.SUNALT.MIN: -8
      DET1.NCORRS.NAME: fsat
      DET1.DIT: 10
      DET1.NDIT: 5000
      DET2.DIT: 30
""")
    )
    assert [problem.line for problem in found.problems] == [7, 8, 9, 10, 12, 13]
