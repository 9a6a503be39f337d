"""From a planned exposure to a file: stored once, acknowledged when durable, whatever comes twice or is cancelled."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy.time import Time

from sequencer.acquisition import (
    Levels,
    PlanError,
)
from tests.fitsverify import fitsverify

from .bench import Bench, on_bench
from .support import DAWN_S, card, frame, plan, read_raw


def test_a_planned_frame_becomes_a_file_and_only_then_is_acknowledged(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        bench.acquisition.plan(plan())
        assert bench.files() == [f"{plan().file_name}.part"]
        await bench.sender.submit(*frame())
        await bench.settle()
        assert bench.sender.waiting == 1
        stored = await bench.acquisition.store(plan().exposure, [card("ESO TEL AIRM END", 1.99)], 10.0)
        await bench.settle()
        assert bench.sender.waiting == 0
        assert bench.files() == [plan().file_name] == [stored.file]
        assert stored.path == bench.raw / stored.file
        assert stored.sha256 == hashlib.sha256(stored.path.read_bytes()).hexdigest()
        assert stored.size_bytes == stored.path.stat().st_size
        assert (stored.start_s, stored.end_s) == (DAWN_S, DAWN_S + 1.0)
        assert stored.levels.level_e == pytest.approx(4 * 5000, abs=4 * 1)
        fitsverify(stored.path)
        header, chips = read_raw(stored.path)
        assert np.array_equal(chips[0], frame()[1][0])
        assert (header["ESO TEL AIRM END"], header["EXPTIME"], header["ESO GEN SIM"]) == (1.99, 0.2, True)
        assert (header["ARCFILE"], header["DATE-OBS"]) == (stored.file, "2027-03-20T09:31:12.345")
        assert header["MJD-OBS"] == round(Time(header["DATE-OBS"], scale="utc").mjd, 8)

    on_bench(tmp_path, work)


def test_the_judge_sees_the_levels_and_its_cards_are_in_the_file(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        def judge(levels: Levels) -> list[Any]:
            return [card("ESO SEQ VERDICT", "low" if levels.level_e < 3e4 else "good")]

        bench.acquisition.plan(plan())
        await bench.sender.submit(*frame())
        stored = await bench.acquisition.store(plan().exposure, [], 10.0, judge)
        assert fits.getheader(stored.path)["ESO SEQ VERDICT"] == "low"

    on_bench(tmp_path, work, required={"all": ["ESO SEQ VERDICT"]})


def test_storing_twice_gives_the_same_frame(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        bench.acquisition.plan(plan())
        await bench.sender.submit(*frame())
        once = await bench.acquisition.store(plan().exposure, [], 10.0)
        assert await bench.acquisition.store(plan().exposure, [], 10.0) is once

    on_bench(tmp_path, work)


def test_a_frame_sent_again_is_acknowledged_again_without_a_second_file(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        bench.acquisition.plan(plan())
        await bench.sender.submit(*frame())
        await bench.acquisition.store(plan().exposure, [], 10.0)
        await bench.settle()
        await bench.sender.submit(*frame())
        await bench.settle()
        assert bench.sender.waiting == 0
        assert bench.files() == [plan().file_name]
        assert bench.told == []

    on_bench(tmp_path, work)


def test_a_new_acquisition_gets_what_the_old_one_did_not_store(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        bench.acquisition.plan(plan())
        await bench.sender.submit(*frame())
        await bench.settle()
        await bench.acquisition.close()
        assert bench.files() == []
        bench.acquisition = bench.new_acquisition()
        bench.acquisition.plan(plan())
        await bench.attach()
        stored = await bench.acquisition.store(plan().exposure, [], 10.0)
        assert bench.files() == [stored.file]

    on_bench(tmp_path, work)


def test_a_probe_is_measured_acknowledged_and_not_written(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        bench.acquisition.plan(plan(file_name=""))
        await bench.sender.submit(*frame())
        with pytest.raises(PlanError, match="off the record"):
            await bench.acquisition.store(plan().exposure, [], 10.0)
        levels = await bench.acquisition.level_only(plan().exposure, 10.0)
        await bench.settle()
        assert levels.median_adu == pytest.approx(5000, abs=1)
        assert (bench.sender.waiting, bench.files()) == (0, [])

    on_bench(tmp_path, work)


@pytest.mark.parametrize("arrives_first", [True, False])
def test_a_discarded_exposure_leaves_nothing(tmp_path: Path, arrives_first: bool) -> None:
    async def work(bench: Bench) -> None:
        bench.acquisition.plan(plan())
        if arrives_first:
            await bench.sender.submit(*frame())
            await bench.settle()
        bench.acquisition.discard(plan().exposure)
        if not arrives_first:
            await bench.sender.submit(*frame())
        await bench.settle()
        assert (bench.sender.waiting, bench.files(), bench.told) == (0, [], [])
        with pytest.raises(PlanError, match="given up"):
            await bench.acquisition.store(plan().exposure, [], 1.0)
        with pytest.raises(PlanError, match="known already"):
            bench.acquisition.plan(plan())

    on_bench(tmp_path, work)


def test_three_detectors_at_once(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        names = ["a", "b", "c"]
        for name in names:
            bench.acquisition.plan(plan(name, f"{name}.fits"))
            await bench.sender.submit(*frame(name))
        tasks = [bench.acquisition.store(name, [], 10.0) for name in names]
        stored = [await task for task in tasks]
        assert [one.file for one in stored] == bench.files() == ["a.fits", "b.fits", "c.fits"]

    on_bench(tmp_path, work)


async def cancelled_while_writing(bench: Bench) -> None:
    """Store the planned frame and cancel it from within, when its file is about to be written."""

    def cancel(levels: Levels) -> list[Any]:
        storing.cancel()
        return []

    bench.acquisition.plan(plan())
    await bench.sender.submit(*frame())
    storing = asyncio.ensure_future(bench.acquisition.store(plan().exposure, [], 10.0, cancel))
    with pytest.raises(asyncio.CancelledError):
        await storing


def test_a_cancelled_store_leaves_a_whole_file_that_a_second_store_returns(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        await cancelled_while_writing(bench)
        stored = await bench.acquisition.store(plan().exposure, [], 10.0)
        await bench.settle()
        assert (bench.files(), bench.sender.waiting) == ([stored.file], 0)
        read_raw(stored.path)

    on_bench(tmp_path, work)


def test_closing_finishes_the_file_being_written(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        await cancelled_while_writing(bench)
        await bench.acquisition.close()
        assert bench.files() == [plan().file_name]
        read_raw(bench.raw / plan().file_name)

    on_bench(tmp_path, work)


def test_the_same_exposure_gives_the_same_file_bit_for_bit(tmp_path: Path) -> None:
    hashes = []

    async def work(bench: Bench) -> None:
        bench.acquisition.plan(plan())
        await bench.sender.submit(*frame())
        hashes.append((await bench.acquisition.store(plan().exposure, [], 10.0)).sha256)

    on_bench(tmp_path / "one", work)
    on_bench(tmp_path / "two", work)
    assert hashes[0] == hashes[1]
