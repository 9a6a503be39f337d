"""The acquisition with a real frame sender on a real socket: what is stored, refused, kept aside."""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq.asyncio
from astropy.io import fits
from astropy.time import Time

from sequencer.acquisition import (
    Acquisition,
    AcquisitionError,
    CardErrors,
    DiskFull,
    FrameMissing,
    FrameRefused,
    Levels,
    MissingCards,
    PlanError,
    read_raw,
)
from sequencer.clock import VirtualClock, parse_utc
from sequencer.config.models import Chip
from sequencer.wire.frames import FrameSender

from .support import card, fitsverify, frame, instrument, plan

EPOCH_S = parse_utc("2027-03-20T09:31:12.345")


class Bench:
    """One detector's frame sender and one acquisition on virtual time."""

    def __init__(self, folder: Path, clock: VirtualClock, context: Any, **options: Any) -> None:
        self.clock = clock
        self.context = context
        self.raw = folder / "raw"
        self.told: list[tuple[str, str]] = []
        self.sender = FrameSender("inproc://frames", clock, context=context)
        self.acquisition = self.new_acquisition(**options)

    def new_acquisition(
        self, required: dict[str, list[str]] | None = None, layout: str = "extensions"
    ) -> Acquisition:
        return Acquisition(
            self.raw,
            self.clock,
            instrument(required, layout),
            context=self.context,
            on_unplanned=lambda header, text: self.told.append((header.exposure, text)),
        )

    async def attach(self, acquisition: Acquisition | None = None) -> None:
        await (acquisition or self.acquisition).attach_endpoint("detector LM", self.sender.endpoint)

    async def settle(self) -> None:
        """Let every message under way arrive."""
        await self.clock.sleep(1.0, "test")

    def files(self) -> list[str]:
        return sorted(path.name for path in self.raw.iterdir())


def on_bench(folder: Path, work: Callable[[Bench], Awaitable[None]], **options: Any) -> None:
    clock = VirtualClock(EPOCH_S)

    async def main() -> None:
        with zmq.asyncio.Context() as context:
            bench = Bench(folder, clock, context, **options)
            await bench.sender.start()
            await bench.attach()
            try:
                await work(bench)
            finally:
                await bench.acquisition.close()
                await bench.sender.stop()

    clock.run(main())


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
        assert (stored.start_s, stored.end_s) == (EPOCH_S, EPOCH_S + 1.0)
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

        bench.acquisition.plan(plan(promised=("ESO SEQ VERDICT",)))
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
        assert bench.clock.now() == EPOCH_S + 5.0
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


def test_planning_names_every_bad_card_and_leaves_nothing(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        bad = [
            card("ESO OBS OBSERVATION", 1),
            card("OBJECT", "Sk\u00fd"),
            card("ESO DET1 CHIP ID", 1, extension=2),
        ]
        with pytest.raises(CardErrors) as caught:
            bench.acquisition.plan(plan(start_cards=bad))
        assert len(caught.value.problems) == 3
        assert bench.files() == []
        bench.acquisition.plan(plan())

    on_bench(tmp_path, work)


def test_planning_names_missing_cards_and_who_owes_them(tmp_path: Path) -> None:
    required = {
        "all": ["EXPTIME", "DATE-OBS", "ARCFILE", "ESO OBS NAME"],
        "twilight_flat": ["ESO TEL ALT", "ESO TEL AIRM END", "ESO SEQ VERDICT"],
        "dark": ["ESO INS NEVER"],
    }

    async def work(bench: Bench) -> None:
        asked = {"procedure": "twilight_flat", "promised": ("ESO SEQ VERDICT",)}
        with pytest.raises(MissingCards) as caught:
            bench.acquisition.plan(plan(**asked))
        assert caught.value.missing == (
            ("ESO OBS NAME", "the observing block"),
            ("ESO TEL ALT", "the telescope"),
        )
        assert "ESO TEL ALT (from the telescope)" in str(caught.value)
        cards = [*plan().start_cards, card("ESO OBS NAME", "x"), card("ESO TEL ALT", 40.0)]
        bench.acquisition.plan(plan(start_cards=cards, **asked))
        await bench.sender.submit(*frame())
        with pytest.raises(MissingCards) as late:
            await bench.acquisition.store(plan().exposure, [card("ESO SEQ VERDICT", "good")], 10.0)
        assert late.value.missing == (("ESO TEL AIRM END", "the telescope"),)
        ends = [card("ESO SEQ VERDICT", "good"), card("ESO TEL AIRM END", 1.5)]
        stored = await bench.acquisition.store(plan().exposure, ends, 10.0)
        assert bench.files() == [stored.file]

    on_bench(tmp_path, work, required=required)


def test_a_taken_name_is_refused_before_the_exposure(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        bench.acquisition.plan(plan("a"))
        with pytest.raises(PlanError, match="taken"):
            bench.acquisition.plan(plan("b"))
        (bench.raw / "old.fits").touch()
        with pytest.raises(PlanError, match="not overwritten"):
            bench.acquisition.plan(plan("b", "old.fits"))
        with pytest.raises(PlanError, match="known already"):
            bench.acquisition.plan(plan("a", "new.fits"))
        assert bench.files() == [f"{plan().file_name}.part", "old.fits"]

    on_bench(tmp_path, work)


@pytest.mark.parametrize(("layout", "pixel_bytes", "headers"), [("extensions", 4, 2), ("megara", 2, 1)])
def test_the_space_of_the_whole_file_is_reserved(
    tmp_path: Path, layout: str, pixel_bytes: int, headers: int
) -> None:
    async def work(bench: Bench) -> None:
        bench.acquisition.plan(plan(layout=layout))
        reserved = (bench.raw / f"{plan().file_name}.part").stat().st_size
        blocks = math.ceil(48 * 64 * pixel_bytes / 2880)
        assert reserved == 2880 * (blocks + 20 * headers)

    on_bench(tmp_path, work, layout=layout)


def test_a_full_disk_is_found_before_the_exposure(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        with pytest.raises(DiskFull):
            bench.acquisition.plan(plan(expected_shape=(10**7, 10**7)))
        assert bench.files() == []
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


def test_a_cancelled_store_leaves_a_whole_file_that_a_second_store_returns(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        def cancel(levels: Levels) -> list[Any]:
            storing.cancel()
            return []

        bench.acquisition.plan(plan())
        await bench.sender.submit(*frame())
        storing = asyncio.ensure_future(bench.acquisition.store(plan().exposure, [], 10.0, cancel))
        with pytest.raises(asyncio.CancelledError):
            await storing
        stored = await bench.acquisition.store(plan().exposure, [], 10.0)
        await bench.settle()
        assert (bench.files(), bench.sender.waiting) == ([stored.file], 0)
        read_raw(stored.path)

    on_bench(tmp_path, work)


def test_closing_finishes_the_file_being_written(tmp_path: Path) -> None:
    async def work(bench: Bench) -> None:
        def cancel(levels: Levels) -> list[Any]:
            storing.cancel()
            return []

        bench.acquisition.plan(plan())
        await bench.sender.submit(*frame())
        storing = asyncio.ensure_future(bench.acquisition.store(plan().exposure, [], 10.0, cancel))
        with pytest.raises(asyncio.CancelledError):
            await storing
        await bench.acquisition.close()
        assert bench.files() == [plan().file_name]
        read_raw(bench.raw / plan().file_name)

    on_bench(tmp_path, work)


def test_megara_frames_carry_the_keywords_of_its_pipeline(tmp_path: Path) -> None:
    pixels = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) * 21
    cards = [
        card("INSTRUME", "MEGARA"),
        card("ESO TPL ID", "MegaraDarkImage"),
        card("ESO DET DIT", 1800.0, "[s] integration time"),
        card("ESO TPL NEXP", 5),
        card("ESO TPL EXPNO", 2),
        card("ESO INS COVER ST", "CLOSED"),
        card("ESO INS SHUT ST", "CLOSED"),
        card("ESO DET1 CHIP GAIN", 1.73, "[e/adu] gain", extension=1),
    ]
    names = [
        "OBSMODE",
        "EXPTIME",
        "DARKTIME",
        "UUID",
        "BLCKUUID",
        "COVER",
        "COVER1",
        "COVER2",
        "SHUTTER",
        "NNREP",
    ]

    async def work(bench: Bench) -> None:
        dark = plan("run/00/00001/LM", "1.fits", layout="megara", start_cards=cards)
        bench.acquisition.plan(dark)
        other = plan(
            "run/00/00002/LM", "2.fits", layout="megara", start_cards=[*cards, card("COVER1", "PARKED")]
        )
        bench.acquisition.plan(other)
        await bench.sender.submit(*frame("run/00/00001/LM", chips=[pixels]))
        await bench.sender.submit(*frame("run/00/00002/LM", chips=[pixels]))
        stored = await bench.acquisition.store(dark.exposure, [], 10.0)
        header, chips = read_raw(stored.path)
        assert np.array_equal(chips[0], pixels)
        assert chips[0].dtype == np.uint16
        assert (header["OBSMODE"], header["EXPTIME"], header["DARKTIME"]) == (
            "MegaraDarkImage",
            1800.0,
            1800.0,
        )
        assert (header["COVER"], header["COVER1"], header["COVER2"]) == (0, "INPLACE", "INPLACE")
        assert (header["SHUTTER"], header["NNREP"], header["NNSEC"]) == ("CLOSED", 5, 2)
        assert (header["EXPID"], header["ESO DET1 CHIP GAIN"]) == ("run/00/00001/LM", 1.73)
        assert header["DATE-OBS"] == "2027-03-20T09:31:12.345"
        fitsverify(stored.path)
        second = fits.getheader((await bench.acquisition.store(other.exposure, [], 10.0)).path)
        assert second["COVER1"] == "PARKED", "a card given outright wins over another name for a general one"
        assert second["UUID"] != header["UUID"]
        assert second["BLCKUUID"] == header["BLCKUUID"]

    on_bench(tmp_path, work, required={"all": names}, layout="megara")


def test_the_same_exposure_gives_the_same_file_bit_for_bit(tmp_path: Path) -> None:
    hashes = []

    async def work(bench: Bench) -> None:
        bench.acquisition.plan(plan())
        await bench.sender.submit(*frame())
        hashes.append((await bench.acquisition.store(plan().exposure, [], 10.0)).sha256)

    on_bench(tmp_path / "one", work)
    on_bench(tmp_path / "two", work)
    assert hashes[0] == hashes[1]


def test_chips_of_one_detector_share_a_file(tmp_path: Path) -> None:
    chips = [np.full((48, 64), 100.0 * n, np.float32) for n in range(4)]

    async def work(bench: Bench) -> None:
        bench.acquisition.plan(plan(chips=[Chip(f"DET3.DATA{n}") for n in range(4)]))
        await bench.sender.submit(*frame(chips=chips))
        stored = await bench.acquisition.store(plan().exposure, [], 10.0)
        _, read = read_raw(stored.path)
        assert all(np.array_equal(a, b) for a, b in zip(read, chips, strict=True))
        assert len(read) == 4
        assert stored.levels.median_adu == 100.0, "nearest rank below the middle of 0, 100, 200, 300"

    on_bench(tmp_path, work)


def test_every_error_is_an_acquisition_error() -> None:
    for kind in (CardErrors, MissingCards, PlanError, FrameRefused, FrameMissing, DiskFull):
        assert issubclass(kind, AcquisitionError)
