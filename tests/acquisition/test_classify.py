"""Which frames a recipe takes together, what it lacks, and the file that says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.acquisition.classify import Classified, FrameFile, FrameSet, classify, sof_text
from sequencer.acquisition.recipes import load_recipes, recipes_of

LM: Mapping[str, Any] = {
    "INSTRUME": "METIS", "ESO DPR CATG": "CALIB", "ESO DPR TYPE": "FLAT,TWILIGHT", "ESO DPR TECH": "IMAGE,LM",
    "ESO DET ID": "2RG", "ESO DET NCORRS NAME": "fast", "ESO DET DIT": 0.2, "ESO DET NDIT": 1,
    "ESO DET WIN STRX": 1, "ESO DET WIN STRY": 1, "ESO DET WIN NX": 64, "ESO DET WIN NY": 64,
    "ESO DRS FILTER": "Lp", "ESO DRS NDFILTER": "OPEN", "ESO DRS PUPIL": "SPM-LM", "ESO DRS MASK": "FIELD-11",
    "ESO SEQ VERDICT": "good",
}  # fmt: skip
NAMES = {"dit": "ESO DET DIT", "ndit": "ESO DET NDIT", "mode": "ESO DET NCORRS NAME", "filter": "ESO DRS FILTER",
         "type": "ESO DPR TYPE", "tech": "ESO DPR TECH", "verdict": "ESO SEQ VERDICT"}  # fmt: skip


def raw(name: str, images: int = 1, **changes: Any) -> FrameFile:
    cards = {**LM, **{NAMES.get(key, key): value for key, value in changes.items()}}
    return FrameFile(Path(f"/data/{name}.fits"), cards, images)


def dark(name: str, **changes: Any) -> FrameFile:
    return raw(name, **{"type": "DARK", "filter": "closed", **changes})


MASTER = {"PRIMARY": "", "DET1.SCI": "image", "DET1.ERR": "image", "DET1.DQ": "image"}
CUBES = {"PRIMARY": "", "DET1.SCI": "cube", "DET1.ERR": "cube", "DET1.DQ": "image"}
FORMS = {
    "MASTER_DARK_2RG": MASTER,
    "LINEARITY_2RG": CUBES,
    "GAIN_MAP_2RG": {"PRIMARY": "", "DET1.SCI": "table"},
}
"""In which form the recipes of METIS read a category (schemas of pymetis)."""


def product(category: str, form: Mapping[str, str] | None = None, **changes: Any) -> FrameFile:
    file = raw(category, **changes)
    cards = {**file.cards, "ESO PRO CATG": category}
    return FrameFile(file.path, cards, 3, FORMS[category] if form is None else form)


def sort(*files: FrameFile) -> Classified:
    return classify(files, recipes_of)


frames = st.builds(
    lambda number, dit, ndit, mode, name, kind: raw(
        f"{number:06}", dit=dit, ndit=ndit, mode=mode, filter=name, **{"ESO SEQ KIND": kind}
    ),
    st.integers(0, 999_999),
    st.sampled_from([0.04, 0.1, 0.2, 0.4]),
    st.sampled_from([1, 5]),
    st.sampled_from(["fast", "slow"]),
    st.sampled_from(["Lp", "short-L"]),
    st.sampled_from(["flat", "ladder"]),
)


@given(st.lists(frames, max_size=30, unique_by=lambda file: file.path))
def test_a_set_never_mixes_dits_whatever_the_ladder(files: list[FrameFile]) -> None:
    """The flat recipe does not look: it would average a ladder into one frame."""
    found = sort(*files)
    for one in found.sets:
        for keyword in ("ESO DET DIT", "ESO DET NDIT", "ESO DET NCORRS NAME", "ESO DRS FILTER"):
            assert len({file.cards[keyword] for file in one.frames}) == 1
    assert Counter(file.path for one in found.sets for file in one.frames) == Counter(f.path for f in files)
    assert len({one.name for one in found.sets}) == len(found.sets), "a file name each"
    assert found.left_out == []


def test_raw_types_of_a_pipeline_exclude_each_other() -> None:
    """No two raw types accept the same values of the cards they look at."""
    for name in ("metis", "megara"):
        conditions = [raw_type.when for raw_type in load_recipes(name).raw_types.values()]
        for number, one in enumerate(conditions):
            for other in conditions[:number]:
                assert any(set(one[key]).isdisjoint(other[key]) for key in one.keys() & other.keys())


def test_a_flat_lacks_its_dark_until_one_of_its_own_read_out_is_there() -> None:
    flat = raw("flat")
    other = product("MASTER_DARK_2RG", dit=0.4)
    [alone] = sort(flat, other).sets
    assert alone.missing == ["MASTER_DARK_2RG of the same read-out", "LINEARITY_2RG", "GAIN_MAP_2RG"]
    raws = [dark("d1"), dark("d2"), dark("d3", dit=0.4)]
    with_raws = {one.tag: one for one in sort(flat, *raws).sets}["LM_FLAT_TWILIGHT_RAW"]
    assert (
        with_raws.missing[0] == "MASTER_DARK_2RG of the same read-out (to be made of DARK_2RG_RAW_fast_0.2_1)"
    )
    rest = [product(category) for category in ("MASTER_DARK_2RG", "LINEARITY_2RG", "GAIN_MAP_2RG")]
    [whole] = sort(flat, *rest).sets
    assert (whole.missing, list(whole.calibrations)) == (
        [],
        ["MASTER_DARK_2RG", "LINEARITY_2RG", "GAIN_MAP_2RG"],
    )
    assert sof_text(whole) == (
        "/data/flat.fits LM_FLAT_TWILIGHT_RAW\n"
        "/data/MASTER_DARK_2RG.fits MASTER_DARK_2RG\n"
        "/data/LINEARITY_2RG.fits LINEARITY_2RG\n"
        "/data/GAIN_MAP_2RG.fits GAIN_MAP_2RG\n"
    )


def test_darks_of_two_dits_are_two_sets_whatever_filter_stood_in_the_beam() -> None:
    found = sort(dark("a", dit=0.2), dark("b", dit=0.2, filter="Mp"), dark("c", dit=0.4)).sets
    assert [(one.name, len(one.frames)) for one in found] == [
        ("DARK_2RG_RAW_fast_0.2_1", 2),
        ("DARK_2RG_RAW_fast_0.4_1", 1),
    ]
    assert found[1].missing == ["frames: 1 of at least 2", "PERSISTENCE_MAP", "LINEARITY_2RG"]


def rungs(name: str, number: int, *dits_s: float, **changes: Any) -> list[FrameFile]:
    """`number` frames of a linearity ladder at each DIT, in this filter."""
    cards = {"type": "DETLIN", "filter": name, **changes}
    return [raw(f"{name}{dit}-{n}", **{**cards, "dit": dit}) for dit in dits_s for n in range(number)]


def linearity(*files: FrameFile) -> FrameSet:
    [one] = [one for one in sort(*files).sets if one.tag == "DETLIN_2RG_RAW"]
    return one


DITS_S = (0.1, 0.2, 0.3)


def test_a_linearity_set_holds_all_dits_with_light_and_behind_a_closed_filter() -> None:
    lit, unlit = rungs("Lp", 2, *DITS_S), rungs("closed", 2, *DITS_S)
    found = linearity(*lit, *unlit, *rungs("closed", 1, 0.4))
    assert (found.missing, len(found.frames)) == ([], 13), "the recipe passes over what has no partner with light"
    assert set(sof_text(found).splitlines()) >= {f"{file.path} DETLIN_2RG_RAW" for file in (*lit, *unlit)}


def test_a_linearity_set_lacks_pairs_with_and_without_light_at_every_dit() -> None:
    """What metis_det_lingain leaves out with a warning, and then fits all the same."""
    lit, unlit = rungs("Lp", 2, *DITS_S), rungs("closed", 2, *DITS_S)
    nothing = [f"frames without light at {dit} s: 0 of at least 2" for dit in DITS_S]
    assert linearity(*lit).missing == nothing
    assert linearity(*lit, *rungs("closed", 2, *DITS_S, type="DARK,WCUOFF")).missing == nothing, "not of its type"
    assert linearity(*lit, *rungs("closed", 2, 0.1001, 0.2001, 0.3001)).missing == nothing, "to the last digit"
    assert linearity(*lit[:5], *unlit).missing == ["frames with light at 0.3 s: 1 of at least 2"]
    assert linearity(*lit[:4], *unlit).missing == ["DITs with light: 2 of at least 3"]
    assert linearity(*unlit).missing == ["DITs with light: 0 of at least 3"]
    five = rungs("Lp", 2, *DITS_S, ndit=5) + rungs("closed", 2, *DITS_S, ndit=5)
    assert linearity(*five).missing == [
        "frames of NDIT 1: the recipe takes noise of NDIT 5 for that of a single DIT"
    ]


def test_dits_are_alike_that_are_the_same_step_of_the_grid() -> None:
    """As the reduction groups them: a server may read back 0.20000001 s of a grid of 0.1 ms."""
    near = raw("near", dit=0.20000001)
    [one] = sort(raw("flat"), near).sets
    assert (one.name, len(one.frames)) == ("LM_FLAT_TWILIGHT_RAW_Lp_OPEN_fast_0.2_1", 2)
    [alone] = sort(near, product("MASTER_DARK_2RG")).sets
    assert list(alone.calibrations) == ["MASTER_DARK_2RG"]
    assert len(sort(raw("flat"), raw("next", dit=0.2001)).sets) == 2


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (raw("x", type="DARK,INS"), "no recipe of METIS takes CALIB / DARK,INS / IMAGE,LM"),
        (raw("x", type="FLAT,SKY"), "no recipe of METIS takes CALIB / FLAT,SKY / IMAGE,LM"),
        (raw("x", tech="IMAGE"), "no recipe of METIS takes CALIB / FLAT,TWILIGHT / IMAGE"),
        (raw("x", verdict="saturated"), "it was judged saturated"),
        (dark("x", images=2, tech="IFU"), "it has 2 images, DARK_IFU_RAW has 4"),
        (raw("x", INSTRUME="OPTICAM"), "no recipes are known of OPTICAM"),
    ],
)
def test_what_no_recipe_takes_is_left_out_with_the_reason(file: FrameFile, why: str) -> None:
    found = sort(file)
    assert (found.sets, found.left_out) == ([], [(file, why)])


def test_sets_that_differ_in_what_the_name_does_not_say_get_names_of_their_own() -> None:
    found = sort(raw("a"), raw("b", **{"ESO DRS PUPIL": "PPS-LM"})).sets
    assert sorted(one.name for one in found) == [
        "LM_FLAT_TWILIGHT_RAW_Lp_OPEN_fast_0.2_1",
        "LM_FLAT_TWILIGHT_RAW_Lp_OPEN_fast_0.2_1~2",
    ]


def test_a_path_with_a_blank_cannot_stand_in_a_set_of_frames() -> None:
    [one] = sort(FrameFile(Path("/my data/x.fits"), LM, 1)).sets
    with pytest.raises(ValueError, match="cannot name a path with blanks"):
        sof_text(one)
