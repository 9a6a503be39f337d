"""Frames nobody planned, frames that are not the planned ones, frames that do not come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sequencer.acquisition import (
    AcquisitionError,
    CardErrors,
    DiskFull,
    FrameMissing,
    FrameRefused,
    MissingCards,
    PlanError,
)
from sequencer.config.models import Chip
from sequencer.wire.frames import FrameSender
from tests.fitsverify import fitsverify

from .bench import Bench, on_bench
from .support import DAWN_S, frame, plan, read_raw


def test_a_frame_nobody_planned_is_kept_aside_and_told(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        await bench.sender.submit(*frame("stranger"))
        await bench.settle()
        kept = tmp_path / "unplanned" / "detector-LM.stranger.fits"
        assert bench.told == [("stranger", f"kept as {kept}")]
        assert bench.sender.waiting == 0
        header, chips = read_raw(kept)
        assert header["ESO SEQ EXPID"] == "stranger"
        assert np.array_equal(chips[0], frame()[1][0])
        fitsverify(kept)

    on_bench(tmp_path, work)


def test_an_unplanned_frame_that_cannot_be_kept_stays_with_the_detector(tmp_path: Path) -> None:
    (tmp_path / "unplanned").mkdir()
    (tmp_path / "unplanned" / "detector-LM.stranger.fits.part").touch()

    async def work(bench: Bench) -> None:
        await bench.sender.submit(*frame("stranger"))
        await bench.settle()
        assert [exposure for exposure, text in bench.told if text.startswith("not kept")] == ["stranger"]
        assert bench.sender.waiting == 1

    on_bench(tmp_path, work)


def test_no_frame_in_time_is_named_and_a_late_one_can_still_be_stored(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        bench.acquisition.plan(plan())
        with pytest.raises(FrameMissing, match=r"run/00/00001/LM: no frame within 5 s"):
            await bench.acquisition.store(plan().exposure, [], 5.0)
        assert bench.clock.now() == DAWN_S + 5.0
        await bench.sender.submit(*frame())
        stored = await bench.acquisition.store(plan().exposure, [], 5.0)
        assert bench.files() == [stored.file]

    on_bench(tmp_path, work)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"chips": [np.zeros((48, 63), np.float32)]}, r"chips are \(48, 63\)"),
        ({"chips": [np.zeros((48, 64), np.uint16)]}, "pixels are uint16, planned was float32"),
        ({"chips": [np.zeros((48, 64), np.float32)] * 2}, "2 chips"),
        ({"shape": (64, 64)}, r"chips are \(3072,\)"),
        ({"device": "detector N"}, "comes from detector N"),
        ({"crc32": [1]}, "chip 1 arrived damaged"),
        ({"crc32": []}, "1 chips but 0 checksums"),
        ({"chips": [np.full((48, 64), np.nan, np.float32)]}, "3072 pixels that are not numbers"),
        ({"chips": [np.full((48, 64), np.inf, np.float32)]}, "3072 pixels that are not numbers"),
        ({"chips": [np.full((48, 64), -np.inf, np.float32)]}, "3072 pixels that are not numbers"),
    ],
)
def test_a_frame_that_is_not_the_planned_one_is_refused_and_stays_with_the_detector(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    async def work(bench: Bench) -> None:
        bench.acquisition.plan(plan())
        await bench.sender.submit(*frame(**changes))
        with pytest.raises(FrameRefused, match=reason):
            await bench.acquisition.store(plan().exposure, [], 10.0)
        assert bench.sender.waiting == 1
        assert bench.files() == [f"{plan().file_name}.part"]

    on_bench(tmp_path, work)


@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_of_four_chips_no_fewer_and_no_more_are_taken(tmp_path: Path, number: int) -> None:
    """The dark recipe makes a master of two chips from a frame that has two, without a word."""
    mosaic = [Chip(f"DET{n}.DATA") for n in (1, 2, 3, 4)]
    pixels = [np.zeros((48, 64), np.float32)] * 5

    async def work(bench: Bench) -> None:
        bench.acquisition.plan(plan(chips=mosaic))
        await bench.sender.submit(*frame(chips=pixels[:number]))
        with pytest.raises(FrameRefused, match=f"has {number}, planned were 4"):
            await bench.acquisition.store(plan().exposure, [], 10.0)
        assert bench.files() == [f"{plan().file_name}.part"]

    on_bench(tmp_path, work)


def test_a_refused_frame_may_come_again_in_good_order(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        bench.acquisition.plan(plan())
        await bench.sender.submit(*frame(crc32=[1]))
        with pytest.raises(FrameRefused):
            await bench.acquisition.store(plan().exposure, [], 10.0)
        second = FrameSender("inproc://again", bench.clock, context=bench.context)
        await second.start()
        await bench.acquisition.attach_endpoint("detector LM", second.endpoint)
        await second.submit(*frame())
        await bench.settle()
        stored = await bench.acquisition.store(plan().exposure, [], 10.0)
        await bench.settle()
        assert (second.waiting, bench.files()) == (0, [stored.file])
        await second.stop()

    on_bench(tmp_path, work)


def test_every_error_is_an_acquisition_error() -> None:
    for kind in (CardErrors, MissingCards, PlanError, FrameRefused, FrameMissing, DiskFull):
        assert issubclass(kind, AcquisitionError)
