"""Attached stages in a run: real processes behind a real feed that nobody waits for, whatever they do."""

from __future__ import annotations

import asyncio
import os
import select
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sequencer.clock import Clock, VirtualClock, WallClock, parse_utc
from sequencer.config.stages import StageConfig
from sequencer.reduction import ProductRecord
from sequencer.reduction.external.feed import AttachedFeed
from tests.reduction.external.bench import darks, shell

NOON = parse_utc("2027-03-20T12:00:00")
GOOD = """
echo 1 > one.txt
echo '{"contract": 1, "products": [{"name": "one", "file": "one.txt", "category": "ONE", "recipe": "x",
       "qa": {"flag": "GOOD", "reasons": []}}]}' > record.json
"""


class Told:
    """An attached feed with what it told."""

    def __init__(self, run_dir: Path, clock: Clock, stages: dict[str, StageConfig]) -> None:
        self.feed = AttachedFeed(run_dir, "metis", clock, stages)
        self.products: list[ProductRecord] = []
        self.alarms: list[str] = []
        self.feed.on_product = self.products.append
        self.feed.on_alarm = self.alarms.append
        self._clock = clock

    def run(self, body: Callable[[], Awaitable[None]]) -> None:
        """Run a test's body with the feed started."""

        async def main() -> None:
            await self.feed.start()
            try:
                await body()
            finally:
                await self.feed.close()

        self._clock.run(main())


async def line_of(pipe: Path) -> str:
    """The next line in a named pipe, without holding up the loop."""

    def read() -> str:
        with pipe.open() as opened:
            return opened.readline()

    return await asyncio.get_running_loop().run_in_executor(None, read)


def test_nobody_waits_for_a_stage_that_hangs_and_closing_ends_it(tmp_path: Path) -> None:
    """Its limit is ten minutes; the test's is two."""
    darks(tmp_path / "run")
    os.mkfifo(tmp_path / "pipe")
    told = Told(
        tmp_path / "run", WallClock(), shell(tmp_path, f"exec 7> {tmp_path}/pipe; echo on >&7; sleep 600")
    )
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)

    async def body() -> None:
        await told.feed.template_ended(0, "darks")
        await told.feed.template_ended(1, "more")
        assert await line_of(tmp_path / "pipe") == "on\n"
        waiting = asyncio.create_task(told.feed.finish())
        await asyncio.wait({waiting}, timeout=0)
        waiting.cancel()

    told.run(body)
    assert told.products == []
    assert told.alarms == ["attached stages: templates not reduced: 2; run `sequencer reduce --deployment` later"]
    assert select.select([reader], [], [], 20.0)[0]
    assert os.read(reader, 100) == b""
    os.close(reader)


@pytest.mark.parametrize("clock", [WallClock(), VirtualClock(NOON)], ids=["wall", "virtual"])
def test_every_template_is_reduced_once_and_time_stands_still_in_a_rehearsal(
    tmp_path: Path, clock: Clock
) -> None:
    for template in (1, 2):
        darks(tmp_path / "run", template=template)
    told = Told(tmp_path / "run", clock, shell(tmp_path, GOOD))

    async def body() -> None:
        ours = await told.feed.template_ended(0, "darks")
        assert [product.recipe for product in ours] == ["master_dark"]
        if clock.kind == "virtual":
            assert [product.file for product in told.products] == ["other_01_one.txt"]
        await told.feed.template_ended(1, "more darks")
        await told.feed.finish()

    told.run(body)
    assert [product.file for product in told.products] == ["other_01_one.txt", "other_02_one.txt"]
    assert told.alarms == []
    if isinstance(clock, VirtualClock):
        assert (clock.now(), clock.holders()) == (NOON, [])


def test_a_process_of_the_stages_that_is_killed_is_told_and_starts_again(tmp_path: Path) -> None:
    """The first attempt is killed while its program runs; the second finds the program's mark and goes on."""
    darks(tmp_path / "run")
    os.mkfifo(tmp_path / "pipe")
    once = f"if mkdir {tmp_path}/before 2>/dev/null; then echo on > {tmp_path}/pipe; sleep 600; fi"
    told = Told(tmp_path / "run", WallClock(), shell(tmp_path, once + GOOD))

    async def body() -> None:
        await told.feed.template_ended(0, "darks")
        assert await line_of(tmp_path / "pipe") == "on\n"
        feed = told.feed._attached
        assert feed is not None
        assert feed._process is not None
        feed._process.send_signal(signal.SIGKILL)
        await told.feed.finish()

    told.run(body)
    assert [product.qa.flag for product in told.products] == ["GOOD"]
    (alarm,) = told.alarms
    assert alarm.startswith("attached stages: the reduction stage ended with code -9")


def test_a_run_without_stages_has_our_own_products_alone(tmp_path: Path) -> None:
    darks(tmp_path / "run")
    told = Told(tmp_path / "run", VirtualClock(NOON), {})

    async def body() -> None:
        assert len(await told.feed.template_ended(0, "darks")) == 1
        await told.feed.finish()

    told.run(body)
    assert (told.products, told.alarms) == ([], [])
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["products", "raw"]
