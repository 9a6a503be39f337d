"""Which frames meet in which product."""

from __future__ import annotations

from pathlib import Path

from sequencer.reduction.frames import read_frame
from sequencer.reduction.plan import plan
from tests.reduction.night import Night, instrument

SMALL = 64


def test_groups_are_kept_apart_by_everything_that_matters(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SMALL)
    variants = [
        {},
        {"DRS_FILTER": "short-L"},
        {"DRS_NDFILTER": "ND_OD1"},
        {"DRS_PUPIL": "RLS-LM"},
        {"DRS_MASK": "FIELD-3"},
        {"DET_NCORRS_NAME": "slow"},
        {"DET_WIN_STRX": 3, "DET_WIN_STRY": 3, "DET_WIN_NX": 64, "DET_WIN_NY": 64},
    ]
    for cards in variants:
        night.expose(2.4e5, 0.2, **{"DRS_FILTER": "Lp", "SEQ_KIND": "flat", **cards})
    frames = [read_frame(path, instrument(size=SMALL)) for path in night.frames]
    tasks = plan(frames)
    assert len(tasks) == len(variants)
    assert len({task.stem for task in tasks}) == len(variants)
    assert {"master_flat_LM_Lp_fast", "master_flat_LM_Lp_fast_2", "master_flat_LM_Lp_ND_OD1_fast"} <= {
        task.stem for task in tasks
    }


def test_levels_and_dits_of_one_filter_meet_in_one_flat_but_darks_stay_apart(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SMALL)
    night.flats([2.0e5, 2.5e5], n=1)
    night.flats([2.0e5], n=1, dit_s=0.25)
    for dit, ndit in ((0.2, 1), (0.25, 1), (0.2, 2)):
        night.darks(dit, 1, ndit=ndit)
    night.darks(0.2, 1, DPR_TYPE="DARK,INS")
    night.darks(0.2, 1, OBS_TPLNO=2)
    tasks = {
        task.stem: len(task.frames)
        for task in plan(read_frame(path, instrument(size=SMALL)) for path in night.frames)
    }
    assert tasks == {
        "master_flat_LM_Lp_fast": 3,
        "master_dark_LM_fast_0.2s_x1": 1,
        "master_dark_LM_fast_0.25s_x1": 1,
        "master_dark_LM_fast_0.2s_x2": 1,
        "ins_dark_LM_fast_0.2s_x1": 1,
        "master_dark_LM_fast_0.2s_x1_2": 1,
    }
