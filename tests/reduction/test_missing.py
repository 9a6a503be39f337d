"""Which darks a run still wants: those its good flats were read out like, as many as asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from sequencer.reduction import MissingDark, missing_darks, missing_darks_of_run
from sequencer.reduction.frames import read_frame
from sequencer.reduction.set_up import Readout
from tests.reduction.night import Night, instrument

SIZE = 32
WINDOW = (1, 1, SIZE, SIZE)


def missing(night: Night, wanted: int = 5) -> list[MissingDark]:
    return missing_darks((read_frame(path, instrument(size=SIZE)) for path in night.frames), wanted)


def test_every_read_out_of_a_good_flat_wants_its_own_darks(tmp_path: Path) -> None:
    """Of five: none at 0.2 s x1, two at 0.2 s x4, all at 0.1 s; instrument darks and darks not good do not count."""
    night = Night(tmp_path, size=SIZE)
    for dit_s, ndit in ((0.2, 1), (0.2, 4), (0.1, 1)):
        night.flats([2e5], dit_s=dit_s, n=2, ndit=ndit)
    night.darks(0.1, 5)
    night.darks(0.2, 3, ndit=4)
    night.darks(0.2, 5, DPR_TYPE="DARK,INS")
    night.darks(0.2, 1, SEQ_VERDICT="unstable")
    night.darks(0.3, 5)
    found = missing(night)
    assert found == [
        MissingDark(Readout("LM", "fast", WINDOW, 0.2, 1, 4.0, (1, 1), 40.0), 5),
        MissingDark(Readout("LM", "fast", WINDOW, 0.2, 4, 4.0, (1, 1), 40.0), 2),
    ]
    assert str(found[1]) == "2 darks LM fast 32x32 0.2 s x4"
    assert missing_darks_of_run(tmp_path, instrument(size=SIZE), 5) == found


def test_modes_and_windows_are_read_outs_of_their_own(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SIZE)
    for cards in ({}, {"DET_NCORRS_NAME": "slow"}, {"DET_WIN_STRX": 3, "DET_WIN_STRY": 3, "DET_WIN_NX": 32,
                                                    "DET_WIN_NY": 32}):  # fmt: skip
        night.expose(2e5, 0.2, DRS_FILTER="Lp", SEQ_KIND="flat", **cards)
    night.darks(0.2, 5)
    assert {(one.readout.mode, one.readout.window) for one in missing(night)} == {
        ("slow", WINDOW),
        ("fast", (3, 3, SIZE, SIZE)),
    }


def test_ladders_want_darks_and_frames_that_are_no_flats_do_not(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SIZE)
    night.ladder(2e5, [0.1, 0.3], n=1)
    for verdict in ("thermal-only", "saturated", "low"):
        night.expose(2e5, 0.5, DRS_FILTER="Lp", SEQ_KIND="flat", SEQ_VERDICT=verdict)
    assert [(one.readout.dit_s, one.wanted) for one in missing(night, 2)] == [(0.1, 2), (0.3, 2)]


def test_a_file_that_is_no_frame_changes_nothing(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SIZE)
    night.flats([2e5], n=1)
    (tmp_path / "raw" / "METIS.x.fits").write_bytes(b"rubbish")
    assert [one.readout.dit_s for one in missing_darks_of_run(tmp_path, instrument(size=SIZE))] == [0.2]


def test_no_flats_want_nothing_and_none_wanted_is_refused(tmp_path: Path) -> None:
    night = Night(tmp_path, size=SIZE)
    night.darks(0.2, 1)
    assert missing(night) == []
    with pytest.raises(ValueError, match="0 darks wanted"):
        missing(night, 0)
