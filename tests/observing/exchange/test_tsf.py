"""Signatures as `.tsf`: every template the program has is written, and comes back with what the form can say."""

from __future__ import annotations

import msgspec
import pytest

from sequencer.config import ConfigErrors
from sequencer.observing import ParameterSpec, load_signatures
from sequencer.observing.exchange.tsf import tsf_text
from sequencer.observing.exchange.tsf_read import read_tsf

from .samples import WRITTEN, line_of

FLAT = "METIS_img_n_cal_TwilightFlat"


def told(text: str) -> list[str]:
    with pytest.raises(ConfigErrors) as errors:
        read_tsf(text.encode(), "x.tsf")
    return [str(problem) for problem in errors.value.problems]


def sayable(spec: ParameterSpec, fixed: bool) -> ParameterSpec:
    """The parameter without what the form has no word for; a constant has no default beside its value."""
    forgotten = {"choices_of": "", "aliases": {}, "min_items": 0}
    if fixed:
        forgotten |= {"default": None, "required": False}
    elif spec.default == []:
        forgotten |= {"default": None}
    return msgspec.structs.replace(spec, **forgotten)


@pytest.mark.parametrize("name", sorted(load_signatures()))
def test_every_signature_comes_back(name: str) -> None:
    signature = load_signatures()[name]
    found = read_tsf(tsf_text(signature, WRITTEN).encode(), "x.tsf")
    assert (found.name, found.summary, found.procedure) == (name, signature.summary, signature.procedure)
    assert found.instruments == signature.instruments
    assert found.fixed == signature.fixed
    expected = {key: sayable(spec, key in signature.fixed) for key, spec in signature.parameters.items()}
    assert found.parameters == expected


def test_the_words_of_the_form() -> None:
    lines = tsf_text(load_signatures()[FLAT], WRITTEN).splitlines()
    for line in (
        'PAF.TYPE                      "Template Signature";',
        'TPL.INSTRUM                   "METIS"',
        f'TPL.ID                        "{FLAT}"',
        'TPL.TYPE                      "calib"',
        'TPL.PARAM                     "SEQ.NEXPO"',
        'SEQ.NEXPO.TYPE                "integer"',
        'SEQ.NEXPO.RANGE               "1..10000"',
        'SEQ.NEXPO.DEFAULT             "10"',
        'DET1.NDIT.RANGE               "1.."',
        'SEQ.CAMERA.VALUE              "N"',
        'SEQ.MODE.RANGE                "FIXED AIRMASS LADDER LEVEL"',
        'SEQ.PROTECT.RANGE             "T F"',
        'SEQ.TIME.LABEL                "SEQ.TIME [s]"',
        'SEQ.PRESET.HIDE               "T"',
    ):
        assert line in lines
    dark = tsf_text(load_signatures()["MegaraDarkImage"], WRITTEN).splitlines()
    assert 'EXPTIME.DEFAULT               "NODEFAULT"' in dark


def test_ranges_we_have_no_word_for_are_left_out() -> None:
    text = tsf_text(load_signatures()[FLAT], WRITTEN).replace('"1..10000"', '"-9999 0..359.99"')
    assert read_tsf(text.encode(), "x.tsf").parameters["SEQ.NEXPO"].range is None


def test_wrong_signatures_are_refused_with_lines() -> None:
    text = tsf_text(load_signatures()[FLAT], WRITTEN)
    wrong = text.replace('SEQ.NEXPO.TYPE                "integer"', 'SEQ.NEXPO.TYPE "complex"')
    (problem,) = told(wrong)
    assert problem.startswith(f"x.tsf:{line_of(wrong, 'complex')}: SEQ.NEXPO.TYPE: must be one of number, ")
    orphan = text.replace('TPL.PARAM                     "SEQ.NEXPO"', "")
    assert "'SEQ.NEXPO.TYPE' belongs to no parameter" in told(orphan)[0]
    assert "TPL.ID: is missing" in told(text.replace("TPL.ID ", "TPL.MODE "))[0]
    assert "cut off" in told(text[:-20])[0]


def test_a_keyword_over_eight_characters_is_not_written() -> None:
    signature = load_signatures()[FLAT]
    spec = ParameterSpec(type="keyword", meaning="black body")
    long = msgspec.structs.replace(signature, parameters={"SEQ.WCU_BB_TEMP": spec})
    with pytest.raises(ConfigErrors, match=r"SEQ.WCU_BB_TEMP: the keyword has 'WCU_BB_TEMP'"):
        tsf_text(long, WRITTEN)
