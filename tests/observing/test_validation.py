"""Validation says everything that is wrong with an OB, at once, at its line, and moves nothing."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.clock import parse_utc
from sequencer.config.search import known_names
from sequencer.observing import compose_ob, load_ob, load_signatures, validate

from .blocks import DUSK_S, MORNING_S, block, check, check_one, surroundings, texts

FLAT = "METIS_all_cal_TwilightFlat"
DARK = "METIS_all_cal_Dark"
DEPLOYMENTS = {"METIS": "metis-sim", "MEGARA": "megara-sim", "OPTICAM": "opticam-sim"}
ONE_DARK = {"DET1.DIT": 0.2, "SEQ.NEXPO2": 0, "SEQ.NEXPO3": 0}
LP = {"SEQ.CAMERA": ["LM"], "SEQ.DIT.FILT.LIST": ["Lp"], "SEQ.LEVEL.LIST": []}


@pytest.mark.parametrize("name", known_names("obs"))
def test_every_packaged_block_is_right(name):
    ob = load_ob(name)
    start_s = DUSK_S if ob.instrument == "OPTICAM" else MORNING_S
    found = check(ob, DEPLOYMENTS[ob.instrument], start_s)
    assert found.problems == []
    assert found.warnings == []
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
    assert [line for line, _ in lines] == [7, 7, 7, 8, 9, 10, 13, 15, 16, 17, 17]
    text = "\n".join(text for _, text in lines)
    for words in (
        "must not be 'Lpp'; did you mean Lp",
        "must not be 'N1'",
        "names no filter of camera LM",
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
    assert "did you mean METIS?" in texts(check(compose_ob("x", "METS", [(DARK, ONE_DARK)])).problems)[0]


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
            "DET1.NDIT: 10001 is above 10000, the most that LM averages",
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
    assert texts(missing.problems) == [f"{DARK}: DET3.DIT: is required: SEQ.NEXPO3 is above 0"]
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


def flat_warnings(filters: list[str], **more) -> tuple[list[str], list[str]]:
    camera = "N" if filters[0].startswith("N") else "LM"
    parameters = {"SEQ.CAMERA": [camera], "SEQ.DIT.FILT.LIST": filters, "SEQ.LEVEL.LIST": [], **more}
    found = check_one(FLAT, parameters)
    return texts(found.problems), texts(found.warnings)


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


def test_the_night_must_hold_the_twilight():
    # Armazones, 20 March 2027: the Sun rises through -18 deg at 09:28:31 and through -9 deg at 10:08:24 UTC
    def problems(start: str, until: str | None = None, **more) -> list[str]:
        end_s = parse_utc(until) if until else None
        return texts(check_one(FLAT, {**LP, **more}, start_s=parse_utc(start), until_s=end_s).problems)

    assert problems("2027-03-20T09:15:00") == []
    assert problems("2027-03-20T09:15:00", "2027-03-20T10:00:00") == []
    [early] = problems("2027-03-20T08:00:00")
    assert "SEQ.TWILIGHT.WAIT: would wait 89 min" in early
    assert "more than the 60 min allowed: the next morning twilight is from 2027-03-20T09:" in early
    assert problems("2027-03-20T08:00:00", **{"SEQ.TWILIGHT.WAIT": 7200}) == []
    [ends] = problems("2027-03-20T08:45:00", "2027-03-20T09:15:00")
    assert "no twilight between 2027-03-20T08:45:00 and 2027-03-20T09:15:00 UTC" in ends
    [late] = problems("2027-03-20T10:30:00")
    assert "would wait" in late
    assert "2027-03-21T09:" in late
    assert problems("2027-03-20T23:00:00", **{"SEQ.TWILIGHT": "EVENING"}) == []
    assert problems("2027-03-20T23:00:00", **{"SEQ.TWILIGHT": "NEXT"}) == []
    assert problems("2027-03-20T09:15:00", "2027-03-20T09:15:00") == [
        "the end (--until) is not after the start"
    ]
    assert problems("2027-03-20T09:15:00", **{"SEQ.SUNALT.MIN": -9, "SEQ.SUNALT.MAX": -18})[0].endswith(
        "SEQ.SUNALT.MIN: -9 deg must be below SEQ.SUNALT.MAX -18 deg"
    )


def test_the_next_twilight_is_told_to_the_second():
    [problem] = texts(check_one(FLAT, LP, start_s=parse_utc("2027-03-20T08:00:00")).problems)
    assert problem.endswith(
        "would wait 89 min, more than the 60 min allowed: "
        "the next morning twilight is from 2027-03-20T09:28:31 to 2027-03-20T10:08:24 UTC"
    )


def test_a_template_of_another_instrument_is_told_so_and_nothing_else_of_it():
    found = check_one(FLAT, LP, "OPTICAM", deployment="opticam-sim", start_s=DUSK_S)
    assert texts(found.problems) == [f"{FLAT}: is a template of METIS, not of OPTICAM"]
    assert found.warnings == []


def test_the_optical_camera_is_estimated_at_the_middle_of_its_twilight():
    found = check_one(
        "OPTICAM_TwilightFlat", {"SEQ.DARK": False}, "OPTICAM", deployment="opticam-sim", start_s=DUSK_S
    )
    rate = 5.2 * 1.1 + 2.49e9 * 10 ** (-0.4 * (11.84 + 2 * 1.518 - 4 * 0.057))  # V, the Sun at -7 deg
    dit_s = 5.05e4 / rate
    assert found.duration_s == pytest.approx(120 + 10 + 10 * (dit_s + 4), rel=0.01)
    assert found.warnings == []


def test_where_the_sun_never_gets_so_low_there_is_no_twilight():
    [problem] = texts(check_one(FLAT, {**LP, "SEQ.SUNALT.MIN": -90, "SEQ.SUNALT.MAX": -89}).problems)
    assert "SEQ.TWILIGHT: no morning twilight at Armazones: the Sun stays above -89 deg" in problem


def test_a_start_given_is_used_instead_of_now():
    where, instrument = surroundings("metis-sim")
    ob = compose_ob("x", "METIS", [(FLAT, LP)])
    assert validate(ob, where, instrument, start_s=MORNING_S, now_s=DUSK_S).problems == []
    assert validate(ob, where, instrument, start_s=DUSK_S, now_s=MORNING_S).problems != []


def test_a_plan_too_long_for_its_twilight_is_a_warning():
    _, [warning] = flat_warnings(["Lp"], **{"SEQ.NEXPO": 1000, "SEQ.DARK": False})
    assert "not everything will fit" in warning
    # 3 airmasses of 1000 exposures of 0.2 s and 1 s overhead: an hour and the presets; the twilight is 40 min
    assert "needs about 66 min of sky" in warning
    found = check_one(FLAT, {**LP, "SEQ.NEXPO": 10}, until_s=parse_utc("2027-03-20T09:32:00"))
    assert "not everything will fit" in texts(found.warnings)[0]


def test_a_dark_is_estimated_exactly():
    found = check_one(
        DARK,
        {"DET1.DIT": 2, "DET1.NDIT": 3, "SEQ.NEXPO1": 10, "DET2.DIT": 1, "SEQ.NEXPO2": 5, "SEQ.NEXPO3": 0},
    )
    assert found.frames == 15
    assert found.duration_s == pytest.approx(10 * (6 + 1.0))
    image = -(-2048 * 2048 * 4 // 2880) * 2880
    assert found.disk_bytes == 15 * (image + 2 * 6 * 2880)
    ifu = check_one(DARK, {"DET3.DIT": 1.3, "SEQ.NEXPO1": 0, "SEQ.NEXPO2": 0})
    assert ifu.disk_bytes == 4 * image + 5 * 6 * 2880
    megara = check_one("MegaraDarkImage", {"EXPTIME": 100, "NEXPO": 2}, "MEGARA", deployment="megara-sim")
    assert megara.frames == 2
    assert megara.duration_s == pytest.approx(2 * 160)
    assert 2 * 4196 * 4212 * 2 < megara.disk_bytes < 2 * (4196 * 4212 * 2 + 40_000)


def test_a_window_saves_disk():
    where, instrument = surroundings("metis-sim")
    small = msgspec.structs.replace(where, window_px=(512, 512))
    ob = compose_ob("x", "METIS", [(DARK, ONE_DARK)])
    assert (
        validate(ob, small, instrument, now_s=MORNING_S).disk_bytes
        == -(-512 * 512 * 4 // 2880) * 2880 + 12 * 2880
    )


def flat_estimate(**more):
    return check_one(FLAT, {**LP, "SEQ.DARK": False, **more})


def test_twilight_flats_are_estimated_from_the_priors():
    """Counted anew: filters x airmasses x exposures, the ladder's rungs, a series of darks for every DIT."""
    assert flat_estimate().frames == 3 * 10
    assert flat_estimate(**{"SEQ.NCYCLES": 2}).frames == 3 * 20
    assert (
        flat_estimate(**{"SEQ.DIT.FILT.LIST": ["Lp", "short-L"], "SEQ.LEVEL.LIST": [0.3, 0.6]}).frames
        == 60 + 20
    )
    assert flat_estimate(**{"SEQ.MODE": "LADDER", "SEQ.LEVEL.LIST": [0.3, 0.6]}).frames == 3 * 2 * 10
    # a ladder is taken in pairs of passes, up and down
    assert flat_estimate(**{"SEQ.NEXPO": 3, "SEQ.LEVEL.LIST": [0.3, 0.6]}).frames == 3 * 3 + 2 * 4
    assert flat_estimate(**{"SEQ.DARK": True}).frames == 30 + 10
    assert (
        flat_estimate(**{"SEQ.DARK": True, "SEQ.MODE": "AIRMASS", "SEQ.DARK.NEXPO": 4}).frames == 30 + 3 * 4
    )
    # one DIT of 0.19 s: the middle airmass 2.0 reads half a well, 5.08e4 e- at 2.66e5 e-/s
    dit_s = 5.077e4 / 2.661e5
    base = flat_estimate().duration_s
    assert base == pytest.approx(3 * 120 + 3 * (10 * (dit_s + 1.0) + 10), rel=1e-3)
    assert flat_estimate(**{"DET1.NDIT": 100}).duration_s - base == pytest.approx(30 * 99 * dit_s, rel=0.01)
    assert flat_estimate(**{"SEQ.TIME": 100 * dit_s}).duration_s - base == pytest.approx(
        30 * 99 * dit_s, rel=0.01
    )
    darks = flat_estimate(**{"SEQ.DARK": True, "SEQ.DARK.WAIT": 50})
    assert darks.duration_s - base == pytest.approx(50 + 10 * (dit_s + 1.0), rel=0.01)
    weaker = flat_estimate(**{"INS.OPTI11.NAME": "ND_OD1"}).duration_s - base
    assert weaker == pytest.approx(30 * 9 * dit_s, rel=0.01)
    both = {"SEQ.CAMERA": ["LM", "N"], "SEQ.DIT.FILT.LIST": ["Lp", "N1"]}
    assert flat_estimate(**both).frames == 60
    assert flat_estimate(**both).duration_s == pytest.approx(base)


def test_absurd_plans_are_refused():
    many = check_one(
        DARK, {**ONE_DARK, "SEQ.NEXPO1": 100_000, "DET1.DIT": 0.04, "SEQ.NEXPO2": 1, "DET2.DIT": 1}
    )
    assert "asks for 100001 frames, more than 100000" in texts(many.problems)
    long = check_one(DARK, {**ONE_DARK, "SEQ.NEXPO1": 25, "DET1.DIT": 3600})
    assert texts(long.problems) == ["would take 25 h, more than 24 h"]
    billion = check_one(DARK, {**ONE_DARK, "DET1.NDIT": 10**9})
    assert texts(billion.problems) == [
        f"{DARK}: DET1.NDIT: 1000000000 is above 10000, the most that LM averages",
        "would take 55556 h, more than 24 h",
    ]
    assert check_one(DARK, {**ONE_DARK, "SEQ.NEXPO1": 23, "DET1.DIT": 3600}).problems == []


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
    assert bool(first.problems) or first.frames > 0


def test_an_altitude_limit_just_at_the_pointing_is_no_warning():
    where, instrument = surroundings("metis-sim")
    telescope = msgspec.structs.replace(
        instrument.telescope, altitude_deg=(20.0, 85.0)
    )  # airmass 1.0 points at 85 deg
    high = msgspec.structs.replace(instrument, telescope=telescope)
    assert validate(compose_ob("x", "METIS", [(FLAT, LP)]), where, high, now_s=MORNING_S).warnings == []
