"""Validation says everything that is wrong with an OB, at once, at its line, and moves nothing."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.config.search import known_names
from sequencer.observing import compose_ob, load_ob, load_signatures, validate

from .blocks import DARK, DUSK_S, FLAT, LP, MORNING_S, ONE_DARK, block, check, check_one, surroundings, texts

DEPLOYMENTS = {"METIS": "metis-sim", "MEGARA": "megara-sim", "OPTICAM": "opticam-sim"}


@pytest.mark.parametrize("name", known_names("obs"))
def test_every_packaged_block_is_right(name):
    ob = load_ob(name)
    start_s = DUSK_S if ob.instrument == "OPTICAM" else MORNING_S
    found = check(ob, DEPLOYMENTS[ob.instrument], start_s)
    assert found.problems == []
    # that a filter will be above the target is worth knowing, and no fault
    assert [
        text for text in texts(found.warnings) if not text.endswith("above the target: it is taken")
    ] == []
    assert found.frames > 0


def test_everything_wrong_is_said_at_once_and_in_order():
    found = check(
        block("""name: x
instrument: METIS
templates:
  - template: METIS_all_cal_TwilightFlat
    parameters:
      SEQ.CAMERA: [LM]
      SEQ.DIT.FILT.LIST: [Lpp, N1]
      SEQ.NEXPO: 0
      INS.OPTI11.NAME: ND9
      DET1.DIT: 0.01
  - template: METIS_all_cal_Dark
    parameters:
      SEQ.NEXP1: 1
      DET1.DIT: 0.2
      DET2.DIT: 30
      DET3.DIT: 1
  - template: MegaraDarkImage
""")
    )
    lines = [(problem.line, problem.text.split(": ", 1)[1]) for problem in found.problems]
    assert [line for line, _ in lines] == [7, 7, 8, 9, 10, 13, 15, 16, 17, 17]
    text = "\n".join(text for _, text in lines)
    for words in (
        "must not be 'Lpp'; did you mean Lp",
        "must not be 'N1'",
        "SEQ.NEXPO: must be at least 1, not 0",
        "INS.OPTI11.NAME: must not be 'ND9'",
        "DET1.DIT: 0.01 s is below the minimum DIT 0.04 s of read-out mode fast of LM",
        "unknown parameter 'SEQ.NEXP1'; did you mean SEQ.NEXPO1",
        "DET2.DIT: 30 s saturates on the dark current alone",
        "DET3.DIT: 1 s is below the minimum DIT 1.3 s",
        "EXPTIME is missing",
        "is a template of MEGARA, not of METIS",
    ):
        assert words in text
    assert (found.frames, found.disk_bytes, found.duration_s) == (0, 0, 0.0)


def test_an_ob_of_another_instrument_is_told_so():
    found = check(compose_ob("x", "METIS", [(DARK, ONE_DARK)]), "megara-sim")
    assert texts(found.problems) == ["instrument: METIS is not the deployment's MEGARA"]
    [other_case] = texts(check(compose_ob("x", "metis", [(DARK, ONE_DARK)])).problems)
    assert other_case == "instrument: must be written METIS, not metis"
    assert "did you mean METIS?" in texts(check(compose_ob("x", "METS", [(DARK, ONE_DARK)])).problems)[0]


def test_a_template_of_another_instrument_is_told_so_and_nothing_else_of_it():
    found = check_one(FLAT, LP, "OPTICAM", deployment="opticam-sim", start_s=DUSK_S)
    assert texts(found.problems) == [f"{FLAT}: is a template of METIS, not of OPTICAM"]
    assert found.warnings == []


def test_absurd_plans_are_refused():
    many = check_one(
        DARK, {**ONE_DARK, "SEQ.NEXPO1": 100_000, "DET1.DIT": 0.04, "SEQ.NEXPO2": 1, "DET2.DIT": 1}
    )
    assert "asks for 100001 frames, more than 100000" in texts(many.problems)
    long = check_one(DARK, {**ONE_DARK, "SEQ.NEXPO1": 25, "DET1.DIT": 3600})
    assert texts(long.problems) == ["would take 25 h, more than 24 h"]
    billion = check_one(DARK, {**ONE_DARK, "DET1.NDIT": 10**9})
    assert texts(billion.problems) == [
        f"{DARK}: DET1.NDIT: NDIT 1000000000 is not within 1 and 10000, what read-out mode fast averages of LM",
        "would take 55556 h, more than 24 h",
    ]
    assert check_one(DARK, {**ONE_DARK, "SEQ.NEXPO1": 23, "DET1.DIT": 3600}).problems == []


def test_the_largest_plan_is_allowed():
    most = check_one(
        DARK, {**ONE_DARK, "SEQ.NEXPO1": 60_000, "DET1.DIT": 0.04, "SEQ.NEXPO2": 40_000, "DET2.DIT": 1}
    )
    assert (most.problems, most.frames) == ([], 100_000)
    # 24 exposures of 3599 s with 1 s of overhead each
    day = check_one(DARK, {**ONE_DARK, "SEQ.NEXPO1": 24, "DET1.DIT": 3599})
    assert (day.problems, day.duration_s) == ([], 86_400)


def test_validation_changes_nothing_it_was_given():
    ob = compose_ob("x", "METIS", [(FLAT, {"SEQ.CAMERA": ["LM"], "SEQ.DIT.FILT.LIST": ["L'"]})])
    before = msgspec.structs.asdict(ob) | {
        "templates": [msgspec.structs.asdict(call) for call in ob.templates]
    }
    check(ob)
    after = msgspec.structs.asdict(ob) | {
        "templates": [msgspec.structs.asdict(call) for call in ob.templates]
    }
    assert before == after


_NAMES = sorted({name for signature in load_signatures().values() for name in signature.parameters})


_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 5000),
    st.floats(-10, 4000),
    st.floats(),
    st.text(max_size=4),
    st.sampled_from(
        [
            "Lp",
            "L'",
            "N1",
            "LM",
            "N",
            "ND1",
            "fast",
            "low_capacity",
            "FIXED",
            "LADDER",
            "LEVEL",
            "NEXT",
            "open",
        ]
    ),
    st.lists(st.floats(0, 4) | st.sampled_from(["Lp", "N1", "LM", "N", "open", "Mp"]), max_size=4),
)


_CALLS = st.lists(
    st.tuples(
        st.sampled_from([*load_signatures(), "nonsense", 5]),
        st.dictionaries(
            st.sampled_from([*_NAMES, "SEQ.CAMERA", "SEQ.DIT.FILT.LIST", "X"]), _VALUES, max_size=8
        ),
    ),
    max_size=3,
)


@settings(max_examples=30, deadline=None)
@given(
    calls=_CALLS,
    deployment=st.sampled_from(["metis-sim", "megara-sim", "opticam-sim"]),
    hours=st.floats(-20, 20),
)
def test_any_block_gets_a_verdict_and_always_the_same(calls, deployment, hours):
    where, instrument = surroundings(deployment)

    def verdict():
        ob = compose_ob("x", instrument.name, calls)
        return validate(ob, where, instrument, now_s=MORNING_S, until_s=MORNING_S + 3600 * hours)

    first, second = verdict(), verdict()
    assert first.problems == second.problems == sorted(first.problems)
    assert first.warnings == second.warnings
    assert (first.frames, first.disk_bytes, first.duration_s) == (
        second.frames,
        second.disk_bytes,
        second.duration_s,
    )
    assert first.problems or first.warnings or first.frames > 0
