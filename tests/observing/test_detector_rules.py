"""DIT, NDIT and read-out mode of a block stay inside what the detectors can."""

from __future__ import annotations

import pytest

from .blocks import (
    DARK,
    ONE_DARK,
    check_one,
    texts,
)


@pytest.mark.parametrize(
    ("dit", "told"),
    [
        (
            {"DET1.DIT": 0.0399},
            "DET1.DIT: 0.0399 s is below the minimum DIT 0.04 s of read-out mode fast of LM",
        ),
        ({"DET1.DIT": 0.04}, ""),
        (
            {"DET1.DIT": 0.04, "DET1.NCORRS.NAME": "slow"},
            "below the minimum DIT 1.3 s of read-out mode slow of LM",
        ),
        ({"DET1.DIT": 3600}, ""),
        ({"DET1.DIT": 3600.1}, "DET1.DIT: 3600.1 s is above the maximum DIT 3600 s"),
        (
            {"DET2.DIT": 28},
            "DET2.DIT: 28 s saturates on the dark current alone, which fills the well of read-out mode "
            "high_capacity of N in 28 s",
        ),
        ({"DET2.DIT": 27.9}, ""),
        ({"DET2.DIT": 1.8, "DET2.NCORRS.NAME": "low_capacity"}, "low_capacity of N in 1.8 s"),
        ({"DET2.DIT": 1.79, "DET2.NCORRS.NAME": "low_capacity"}, ""),
        ({"DET3.DIT": 1.2}, "DET3.DIT: 1.2 s is below the minimum DIT 1.3 s of read-out mode nominal of IFU"),
        ({"DET1.DIT": 10, "DET1.NDIT": 4320}, ""),
        (
            {"DET1.DIT": 10, "DET1.NDIT": 4321},
            "DET1.NDIT: DIT x NDIT is 43210 s, longer than a night of 43200 s",
        ),
        ({"DET1.DIT": 0.1, "DET1.NDIT": 10_000}, ""),
        (
            {"DET1.DIT": 0.1, "DET1.NDIT": 10_001},
            "DET1.NDIT: NDIT 10001 is not within 1 and 10000, what read-out mode fast averages of LM",
        ),
    ],
)
def test_dit_and_ndit_of_a_dark_stay_inside_what_the_read_out_mode_can(dit, told):
    index = next(iter(dit))[3]
    others = {f"SEQ.NEXPO{i}": 0 for i in "123" if i != index}
    found = check_one(DARK, {**dit, **others})
    if told:
        [text] = texts(found.problems)
        assert told in text
    else:
        assert found.problems == []


def test_a_dit_is_required_exactly_where_there_are_exposures():
    missing = check_one(DARK, {"DET1.DIT": 0.2, "SEQ.NEXPO2": 0})
    nobody = "SEQ.NEXPO3 is 1 by default; SEQ.NEXPO3: 0 leaves IFU out"
    assert texts(missing.problems) == [f"{DARK}: DET3.DIT: is required: {nobody}"]
    asked = check_one(DARK, {"DET1.DIT": 0.2, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 5})
    assert texts(asked.problems) == [f"{DARK}: DET3.DIT: is required: SEQ.NEXPO3 is 5"]
    assert check_one(DARK, ONE_DARK).problems == []
    unused = check_one(DARK, {**ONE_DARK, "DET2.DIT": 30})
    assert unused.problems == []
    assert texts(unused.warnings) == [f"{DARK}: DET2.DIT: is not used: SEQ.NEXPO2 is 0"]
    nothing = check_one(DARK, {f"SEQ.NEXPO{i}": 0 for i in (1, 2, 3)})
    assert texts(nothing.problems) == [f"{DARK}: SEQ.NEXPO1: no detector has an exposure to take"]


def test_a_wrong_dit_is_not_told_twice():
    assert len(check_one(DARK, {**ONE_DARK, "DET1.DIT": "x"}).problems) == 1


def test_megara_takes_any_time_its_detector_can_and_a_bias_none():
    def problems(template: str, parameters: dict) -> list[str]:
        return texts(check_one(template, parameters, "MEGARA", deployment="megara-sim").problems)

    assert problems("MegaraDarkImage", {"EXPTIME": 1800, "VPH": "LR-U", "INSMODE": "MOS"}) == []
    assert "EXPTIME: must be at least 0.001 s" in problems("MegaraDarkImage", {"EXPTIME": 0})[0]
    assert "above the maximum DIT 7200 s" in problems("MegaraDarkImage", {"EXPTIME": 7201})[0]
    assert (
        "VPH: must not be 'LR-Y'; did you mean LR-"
        in problems("MegaraDarkImage", {"EXPTIME": 1, "VPH": "LR-Y"})[0]
    )
    assert "must not be 'IFU'" in problems("MegaraDarkImage", {"EXPTIME": 1, "INSMODE": "IFU"})[0]
    assert problems("MegaraBiasImage", {}) == []
    assert "EXPTIME: must be at most 0 s" in problems("MegaraBiasImage", {"EXPTIME": 1})[0]
