"""What twilight flats ask for, measured against cameras, filters, levels and airmasses."""

from __future__ import annotations

import re

import msgspec
import pytest

from sequencer.observing import compose_ob, validate

from .blocks import (
    FLAT,
    LP,
    MORNING_S,
    check_one,
    flat_warnings,
    surroundings,
    texts,
)


def test_limits_of_the_sun_not_given_are_those_of_the_cameras():
    def limits(cameras: list[str], filters: list[str], template: str = "TwilightFlat") -> tuple[float, float]:
        resolved = (
            check_one(template, {"SEQ.CAMERA": cameras, "SEQ.DIT.FILT.LIST": filters})
            .ob.templates[0]
            .parameters
        )
        return resolved["SEQ.SUNALT.MIN"], resolved["SEQ.SUNALT.MAX"]

    assert limits(["N"], ["N1"]) == (-18, -6)
    assert limits(["LM", "N"], ["Lp", "N1"]) == (-18, -9)
    assert limits(["N"], ["N1"], FLAT) == (-18, -9)


@pytest.mark.parametrize(
    ("given", "mode", "problems"),
    [
        ({}, "FIXED", 0),
        ({"SEQ.DIT.ADJUST": True}, "AIRMASS", 0),
        ({"SEQ.DIT.ADJUST": False}, "FIXED", 0),
        ({"SEQ.DIT.ADJUST": "T"}, "AIRMASS", 0),
        ({"SEQ.DIT.ADJUST": True, "SEQ.MODE": "AIRMASS"}, "AIRMASS", 0),
        ({"SEQ.DIT.ADJUST": False, "SEQ.MODE": "LEVEL"}, "LEVEL", 1),
        ({"SEQ.DIT.ADJUST": True, "SEQ.MODE": "FIXED"}, "FIXED", 1),
    ],
)
def test_dit_adjust_is_another_name_of_two_modes(given, mode, problems):
    found = check_one(FLAT, {**LP, **given})
    assert found.ob.templates[0].parameters["SEQ.MODE"] == mode
    assert len(found.problems) == problems
    assert all("contradicts SEQ.MODE" in text for text in texts(found.problems))


def test_a_filter_above_the_target_at_the_minimum_dit_is_taken_with_a_warning():
    for name in ("Mp", "N2"):
        problems, [warning] = flat_warnings([name])
        assert problems == []
        assert warning.endswith(", above the target: it is taken")
    assert flat_warnings(["Lp", "N1"][:1]) == ([], [])
    told = re.search(
        r"Mp of LM reaches (\d+)% of full well at the minimum DIT 0.04 s", flat_warnings(["Mp"])[1][0]
    )
    signal = 1.9284e6 * 0.04 / 1e5  # tabulated rate at airmass 2.5
    assert told is not None
    assert int(told[1]) == pytest.approx(100 * signal * (1 - 0.03 * signal), abs=1)


def test_a_filter_over_the_limit_is_left_out_unless_a_neutral_density_is_allowed():
    problems, [warning] = flat_warnings(["Lp", "M_spec"])
    assert problems == []
    assert warning.endswith(
        "M_spec of LM reaches 100% of full well at the minimum DIT 0.04 s: it is left out; "
        "INS.OPTI11.NAME may allow a neutral density"
    )
    problems, warning = flat_warnings(["Lp", "M_spec"], **{"INS.OPTI11.NAME": "ND1"})
    assert (problems, warning) == ([], [])
    [problem], _ = flat_warnings(["M_spec", "open"])
    assert problem.endswith(
        "nothing left to expose in camera LM: every filter is over SEQ.LEVEL.MAX at the minimum DIT"
    )
    assert flat_warnings(["N_spec"])[0]
    # through ND_OD1 the limit holds as well: a limit of 10 % forbids M_spec again
    low = {"INS.OPTI11.NAME": "ND_OD1", "SEQ.LEVEL.MAX": 0.1, "SEQ.LEVEL.TARGET": 0.05}
    assert flat_warnings(["M_spec"], **low)[1][0].endswith("it is left out")


def test_a_camera_without_neutral_densities_is_held_to_the_limit_too():
    where, instrument = surroundings("metis-sim")
    bare = msgspec.structs.replace(instrument.cameras["LM"], nd_keyword="")
    without = msgspec.structs.replace(instrument, cameras={**instrument.cameras, "LM": bare})
    flat = {"SEQ.CAMERA": ["LM"], "SEQ.DIT.FILT.LIST": ["M_spec", "Lp"], "SEQ.LEVEL.LIST": []}
    found = validate(compose_ob("x", "METIS", [(FLAT, flat)]), where, without, now_s=MORNING_S)
    [warning] = texts(found.warnings)
    assert warning.endswith(
        "M_spec of LM reaches 100% of full well at the minimum DIT 0.04 s: it is left out"
    )


def test_levels_stay_under_the_limit():
    assert flat_warnings(["Lp"], **{"SEQ.LEVEL.TARGET": 0.86})[0] == [
        f"{FLAT}: SEQ.LEVEL.TARGET: 0.86 is above SEQ.LEVEL.MAX 0.85"
    ]
    assert flat_warnings(["Lp"], **{"SEQ.LEVEL.TARGET": 0.85})[0] == []
    assert flat_warnings(["Lp"], **{"SEQ.LEVEL.LIST": [0.5, 0.9]})[0] == [
        f"{FLAT}: SEQ.LEVEL.LIST: 0.9 is above SEQ.LEVEL.MAX 0.85"
    ]
    assert flat_warnings(["Lp"], **{"SEQ.MODE": "LADDER"})[0] == [
        f"{FLAT}: SEQ.LEVEL.LIST: must not be empty in SEQ.MODE LADDER"
    ]


def test_the_ladder_wants_one_filter_a_camera_and_rungs_in_reach():
    both = check_one(
        FLAT,
        {
            "SEQ.CAMERA": ["LM", "N"],
            "SEQ.DIT.FILT.LIST": ["Lp", "N1"],
            "SEQ.LEVEL.FILT": ["Lp", "N1"],
            "SEQ.LEVEL.LIST": [0.3, 0.5],
        },
    )
    assert (both.problems, both.warnings) == ([], [])
    two = flat_warnings(["Lp"], **{"SEQ.LEVEL.FILT": ["Lp", "short-L"]})
    assert two[0] == [
        f"{FLAT}: SEQ.LEVEL.FILT: names 2 filters of camera LM: one ladder a camera",
        f"{FLAT}: SEQ.LEVEL.FILT: short-L is not in SEQ.DIT.FILT.LIST",
    ]
    # CO_ref reads 37 % at 0.04 s and airmass 1: three of the five rungs are within reach
    assert flat_warnings(["CO_ref"], **{"SEQ.LEVEL.LIST": [0.1, 0.3, 0.5, 0.7, 0.85]}) == (
        [],
        [f"{FLAT}: SEQ.LEVEL.LIST: 2 of 5 rungs are out of reach of the DIT in CO_ref of LM"],
    )
    assert flat_warnings(["CO_ref", "Lp"], **{"SEQ.LEVEL.LIST": [0.1, 0.3]}) == ([], [])
    assert flat_warnings(["CO_ref"], **{"SEQ.LEVEL.LIST": [0.1], "SEQ.MODE": "LEVEL"}) == ([], [])


def test_an_airmass_out_of_reach_is_a_warning_that_says_what_happens():
    _, [warning] = flat_warnings(["Lp"], **{"SEQ.AIRMASS.LIST": [1.0, 3.0]})
    assert warning == (
        f"{FLAT}: SEQ.AIRMASS.LIST: 3 is below the altitude limit of 20 deg: "
        "the highest reachable is 2.92, taken unless already listed"
    )
    assert flat_warnings(["Lp"], **{"SEQ.AIRMASS.LIST": [1.0, 2.9]})[1] == []
    where, instrument = surroundings("metis-sim")
    telescope = msgspec.structs.replace(instrument.telescope, altitude_deg=(30.1, 80.0))
    low = msgspec.structs.replace(instrument, telescope=telescope)
    found = validate(compose_ob("x", "METIS", [(FLAT, LP)]), where, low, now_s=MORNING_S)
    instead = (
        "is below the altitude limit of 30.1 deg: the highest reachable is 1.99, taken unless already listed"
    )
    assert [text.split("SEQ.AIRMASS.LIST: ")[1] for text in texts(found.warnings)] == [
        "1 is above the altitude limit of 80 deg, airmass 1.0154",
        f"2 {instead}",
        f"2.5 {instead}",
    ]


def test_an_altitude_limit_just_at_the_pointing_is_no_warning():
    where, instrument = surroundings("metis-sim")
    telescope = msgspec.structs.replace(
        instrument.telescope, altitude_deg=(20.0, 85.0)
    )  # airmass 1.0 points at 85 deg
    high = msgspec.structs.replace(instrument, telescope=telescope)
    assert validate(compose_ob("x", "METIS", [(FLAT, LP)]), where, high, now_s=MORNING_S).warnings == []


def test_a_tolerance_as_wide_as_the_level_itself_is_refused() -> None:
    problems, _ = flat_warnings(["Lp"], **{"SEQ.LEVEL.TOL": 1.0})
    assert problems == [f"{FLAT}: SEQ.LEVEL.TOL: 1 must be below 1: it would allow no light at all"]
    assert flat_warnings(["Lp"], **{"SEQ.LEVEL.TOL": 0.99})[0] == []
