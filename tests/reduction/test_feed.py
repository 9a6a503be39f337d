"""The stage contract over real sockets with real processes: nothing is lost, nobody waits, a dead stage is
told.
"""

from __future__ import annotations

import asyncio
import hashlib
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sequencer.clock import Clock, VirtualClock, WallClock, parse_utc
from sequencer.config import load_instrument
from sequencer.reduction import FrameNotice, ReductionFeed, reduce_run
from tests.reduction.night import Night

NOON = parse_utc("2027-03-20T12:00:00")


def night(run_dir: Path, n: int = 3) -> Night:
    """A few flats and their darks on a small window of the real METIS."""
    taken = Night(run_dir, size=64, detector_px=2048)
    taken.flats([2.3e5, 2.6e5], n=n)
    taken.darks(0.2, n)
    return taken


def notices(paths: list[Path], template_index: int = 0, first: int = 1) -> list[FrameNotice]:
    return [
        FrameNotice(
            seq,
            path.name,
            f"run/00/{seq:05d}/LM",
            template_index,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for seq, path in enumerate(paths, first)
    ]


def run(clock: Clock, feed: ReductionFeed, body: Callable[[], Awaitable[None]]) -> None:
    """Run a test's body with the feed started, and close the feed whatever happens."""

    async def main() -> None:
        await feed.start()
        try:
            await body()
        finally:
            await feed.close()

    clock.run(main())


def make_feed(
    run_dir: Path, clock: Clock, command: list[str] | None = None
) -> tuple[ReductionFeed, list[str]]:
    feed = ReductionFeed(run_dir, "metis", clock, command)
    alarms: list[str] = []
    feed.on_alarm = alarms.append
    return feed, alarms


@pytest.mark.parametrize("clock", [WallClock(), VirtualClock(NOON)], ids=["wall", "virtual"])
def test_a_template_is_reduced_by_the_stage_as_by_hand(tmp_path: Path, clock: Clock) -> None:
    frames = night(tmp_path / "run").frames
    feed, alarms = make_feed(tmp_path / "run", clock)

    async def body() -> None:
        for notice in notices(frames):
            feed.offer(notice)
        assert feed.lag == len(frames)
        started_s = clock.now()
        products = await feed.template_ended(0, "METIS_all_cal_TwilightFlat")
        assert [product.category for product in products] == ["MASTER_DARK", "MASTER_FLAT", "LINEARITY_CHECK"]
        assert feed.lag == 0
        if isinstance(clock, VirtualClock):
            assert clock.now() == started_s
            assert clock.holders() == []

    run(clock, feed, body)
    assert alarms == []
    by_stage = {path.name: path.read_bytes() for path in (tmp_path / "run" / "products").iterdir()}
    reduce_run(tmp_path / "run", load_instrument("metis"))
    assert by_stage == {path.name: path.read_bytes() for path in (tmp_path / "run" / "products").iterdir()}


def test_virtual_time_waits_for_notices_under_way(tmp_path: Path) -> None:
    frames = night(tmp_path).frames
    clock = VirtualClock(NOON)
    feed, _ = make_feed(tmp_path, clock)

    async def body() -> None:
        await feed.template_ended(0, "nothing yet")
        for notice in notices(frames):
            feed.offer(notice)
        assert any("notice" in holder for holder in clock.holders())
        await clock.sleep(10.0, "engine")
        assert feed.lag == 0
        assert clock.now() == NOON + 10.0

    run(clock, feed, body)


def test_a_stage_that_was_away_is_offered_what_it_did_not_take(tmp_path: Path) -> None:
    """The stage is stopped before it can take anything, killed, and started again by the feed."""
    frames = night(tmp_path).frames
    clock = WallClock()
    feed, alarms = make_feed(tmp_path, clock)

    async def body() -> None:
        await feed.template_ended(0, "nothing yet")
        process = feed._process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        for notice in notices(frames, 1):
            feed.offer(notice)
        assert feed.lag == len(frames)
        process.kill()
        products = await feed.template_ended(0, "METIS_all_cal_TwilightFlat")
        assert {product.category for product in products} >= {"MASTER_DARK", "MASTER_FLAT"}
        assert feed.lag == 0

    run(clock, feed, body)
    assert len(alarms) == 1
    assert "code -9" in alarms[0]
    assert "started again" in alarms[0]


def test_a_hung_stage_delays_no_offer_and_ends_at_the_deadline(tmp_path: Path) -> None:
    frames = night(tmp_path).frames
    clock = WallClock()
    feed, alarms = make_feed(tmp_path, clock)
    feed.deadline_s = 0.2

    async def body() -> None:
        process = feed._process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        for notice in notices(frames * 20):
            feed.offer(notice)
        assert await feed.template_ended(0, "flat") == []
        assert feed.lag == 20 * len(frames)

    run(clock, feed, body)
    assert alarms == ["reduction of flat: no word for 0.2 s; run `sequencer reduce` later"]


@pytest.mark.parametrize("clock", [WallClock(), VirtualClock(NOON)], ids=["wall", "virtual"])
def test_a_stage_that_cannot_start_is_told_with_its_last_words(tmp_path: Path, clock: Clock) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no such instrument')"]
    feed, alarms = make_feed(tmp_path, clock, command)

    async def body() -> None:
        assert await feed.template_ended(0, "flat") == []
        while feed._process is not None:
            await asyncio.get_running_loop().run_in_executor(None, feed._process.wait)
            await asyncio.sleep(0)
        assert await feed.template_ended(1, "dark") == []
        feed.offer(FrameNotice(1, "a.fits", "e", 0, ""))

    run(clock, feed, body)
    assert "code 1 (no such instrument); it is started again" in alarms[0]
    assert sum("ended with code" in alarm for alarm in alarms) == 4
    assert "run `sequencer reduce` later" in alarms[-1]


def test_a_broken_frame_is_told_and_left_out(tmp_path: Path) -> None:
    frames = night(tmp_path, n=4).frames
    broken = frames[0]
    data = bytearray(broken.read_bytes())
    data[-3000] ^= 4
    broken.write_bytes(data)
    clock = WallClock()
    feed, alarms = make_feed(tmp_path, clock)

    async def body() -> None:
        for notice in notices(frames):
            feed.offer(notice)
        products = await feed.template_ended(0, "flat")
        flat = next(product for product in products if product.category == "MASTER_FLAT")
        assert broken.name not in flat.inputs
        assert frames[1].name in flat.inputs

    run(clock, feed, body)
    assert len(alarms) == 1
    assert broken.name in alarms[0]
    assert "CHECKSUM" in alarms[0]


def test_a_frame_that_is_not_the_one_announced_is_left_out(tmp_path: Path) -> None:
    frames = night(tmp_path).frames
    clock = WallClock()
    feed, alarms = make_feed(tmp_path, clock)

    async def body() -> None:
        feed.offer(FrameNotice(1, frames[0].name, "e", 0, "0" * 64))
        await feed.template_ended(0, "flat")

    run(clock, feed, body)
    assert len(alarms) == 1
    assert "sha256" in alarms[0]


def test_the_stage_ends_when_the_sequencer_does(tmp_path: Path) -> None:
    """Standard input of the stage closes with the sequencer; it must not stay behind."""
    clock = WallClock()
    feed, _ = make_feed(tmp_path, clock)

    async def body() -> None:
        await feed.template_ended(0, "nothing")
        process = feed._process
        assert process is not None and process.stdin is not None
        process.stdin.close()
        assert await asyncio.get_running_loop().run_in_executor(None, process.wait) == 0

    run(clock, feed, body)


def test_a_restarted_stage_knows_the_darks_of_earlier_templates(tmp_path: Path) -> None:
    taken = Night(tmp_path, size=64, detector_px=2048)
    taken.darks(0.2, 3, OBS_TPLNO=1)
    dark_frames = list(taken.frames)
    clock = WallClock()
    feed, _ = make_feed(tmp_path, clock)

    async def body() -> None:
        for notice in notices(dark_frames):
            feed.offer(notice)
        first = await feed.template_ended(0, "dark")
        assert [product.file for product in first] == ["master_dark_LM_fast_0.2s_x1.fits"]
        process = feed._process
        assert process is not None
        process.kill()
        for _ in range(3):
            taken.expose(2.4e5, 0.2, 1, DRS_FILTER="Lp", SEQ_KIND="flat", OBS_TPLNO=2)
        for notice in notices(taken.frames[3:], 1, first=4):
            feed.offer(notice)
        products = await feed.template_ended(1, "flat")
        assert [product.file for product in products] == ["master_flat_LM_Lp_fast.fits"]
        assert products[0].inputs[-1] == "master_dark_LM_fast_0.2s_x1.fits"

    run(clock, feed, body)
