"""Names in a block are those of its instrument; other spellings become the canonical ones."""

from __future__ import annotations

from .blocks import (
    FLAT,
    LP,
    check_one,
    texts,
)


def test_other_spellings_become_canonical_names():
    parameters = {
        "SEQ.CAMERA": ["LM", "N"],
        "SEQ.DIT.FILT.LIST": ["L'", "[NeII]", "shortL"],
        "INS.OPTI11.NAME": "ND1",
        "SEQ.LEVEL.FILT": ["L'"],
        "INS.OPTI12.NAME": "open",
        "INS.CFO_DROT.MODE": "pupil",
    }
    found = check_one(FLAT, parameters)
    assert found.problems == []
    resolved = found.ob.templates[0].parameters
    assert resolved["SEQ.DIT.FILT.LIST"] == ["Lp", "Ne_II", "short-L"]
    assert resolved["SEQ.LEVEL.FILT"] == ["Lp"]
    assert resolved["INS.OPTI11.NAME"] == "ND_OD1"
    assert resolved["INS.OPTI12.NAME"] == "OPEN"
    assert resolved["INS.CFO_DROT.MODE"] == "PUPIL"
    twice = check_one(FLAT, {**LP, "SEQ.DIT.FILT.LIST": ["Lp", "L'"]})
    assert texts(twice.problems) == [f"{FLAT}: SEQ.DIT.FILT.LIST: names a value twice"]


def test_names_are_those_of_the_camera_the_mechanism_and_the_detector():
    for wrong in (
        {"SEQ.CAMERA": ["IFU"]},
        {"SEQ.DIT.FILT.LIST": ["Lp", "Ne_II"]},
        {"INS.OPTI11.NAME": "DARK"},
        {"INS.OPTI9.NAME": "SPM-N"},
        {"INS.OPTI1.NAME": "DARK"},
        {"DET1.NCORRS.NAME": "high_capacity"},
        {"INS.OPTI3.NAME": "SLIT-A"},
        {"INS.CHOP.MODE": "CHOP"},
    ):
        [name] = wrong
        found = check_one(FLAT, {**LP, **wrong})
        assert any(text.startswith(f"{FLAT}: {name}: must not be") for text in texts(found.problems)), wrong


def test_without_a_filter_list_the_filter_wheels_parameter_holds():
    both = check_one(FLAT, {"SEQ.CAMERA": ["LM", "N"], "INS.OPTI10.NAME": "L'"})
    assert both.problems == []
    assert both.ob.templates[0].parameters["SEQ.DIT.FILT.LIST"] == ["Lp", "N1"]
    generic = check_one("TwilightFlat", {"SEQ.CAMERA": ["LM"]})
    assert texts(generic.problems) == ["TwilightFlat: SEQ.DIT.FILT.LIST: names no filter of camera LM"]
