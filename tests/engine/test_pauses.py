"""A pause and a wait: when they begin, how long they last, and what ends them."""

from __future__ import annotations

import asyncio

import pytest

from sequencer.engine.control import (
    SkipLevel,
    SkipTemplate,
    StopRequested,
)

from .block import EPOCH_S, Block, on_block


@pytest.mark.parametrize("now", [False, True])
def test_a_pause_begins_at_a_checkpoint_with_the_light_shut_out_and_lasts_until_resume(now: bool) -> None:
    async def main(block: Block) -> None:
        block.enter("Running")
        await block.control.request("pause", "anna", now=now)
        assert block.control.state == "Running"
        assert block.done == (["exposures aborted"] if now else [])
        assert block.control.pausing

        async def resume() -> None:
            await block.clock.sleep(600.0, "anna")
            assert block.control.state == "Paused"
            assert block.done[-1] == "light stop closed"
            await block.control.request("resume", "anna")

        resuming = asyncio.ensure_future(resume())
        await block.control.checkpoint()
        assert (block.control.state, block.clock.now()) == ("Running", EPOCH_S + 600.0)
        assert not block.control.pausing
        await resuming
        states = [data["state"] for data in block.written("ob_state")]
        assert states == ["Validated", "Running", "Paused", "Running"]
        assert block.written("operator")[0]["text"] == ("now" if now else "")

    on_block(main)


@pytest.mark.parametrize(
    ("verb", "what", "raised", "state"),
    [
        ("stop", "", StopRequested, "Paused"),
        ("skip", "level", SkipLevel, "Running"),
        ("skip", "template", SkipTemplate, "Running"),
    ],
)
def test_a_pause_ends_by_stop_and_skip_too(verb: str, what: str, raised: type[Exception], state: str) -> None:
    async def main(block: Block) -> None:
        block.enter("Running")
        block.control.in_level = True
        await block.control.request("pause", "anna")

        async def act() -> None:
            await block.clock.sleep(60.0, "anna")
            await block.control.request(verb, "anna", what=what)

        acting = asyncio.ensure_future(act())
        with pytest.raises(raised):
            await block.control.checkpoint()
        await acting
        assert block.control.state == state
        assert not block.control.pausing

    on_block(main)


def test_a_wait_lasts_as_long_as_it_should_and_ends_early_for_the_operator() -> None:
    async def main(block: Block) -> None:
        block.enter("Running")
        await block.control.wait(120.0, "LM")
        assert block.clock.now() == EPOCH_S + 120.0

        async def stop() -> None:
            await block.clock.sleep(30.0, "anna")
            await block.control.request("stop", "anna")

        stopping = asyncio.ensure_future(stop())
        with pytest.raises(StopRequested):
            await block.control.wait(120.0, "LM")
        assert block.clock.now() == EPOCH_S + 150.0
        await stopping

    on_block(main)


def test_a_pause_within_a_wait_does_not_lengthen_it() -> None:
    async def main(block: Block) -> None:
        block.enter("Running")

        async def pause() -> None:
            await block.clock.sleep(30.0, "anna")
            await block.control.request("pause", "anna")
            await block.clock.sleep(50.0, "anna")
            await block.control.request("resume", "anna")

        pausing = asyncio.ensure_future(pause())
        await block.control.wait(120.0, "LM")
        assert block.clock.now() == EPOCH_S + 120.0
        await pausing

    on_block(main)
