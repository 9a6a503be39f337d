"""Shutter and cover move between their ends, and what stands between is called neither open nor closed."""

import asyncio

import pytest

from sequencer.wire.errors import CommandAborted

from .support import failed, follow, refused, run


@pytest.mark.parametrize("kind", ["shutter", "dome shutter"])
def test_shutter_moves_between_its_ends(kind):
    async def scenario(client, server):
        positions = follow(client, "position")
        await client.open()
        await client.open()
        assert positions == ["CLOSED", "OPENING", "OPEN"]
        assert not client.is_safe
        await client.close()
        assert positions[2:] == ["OPEN", "CLOSING", "CLOSED"]
        assert client.is_safe

    run(kind, scenario)


@pytest.mark.parametrize("kind", ["shutter", "dome shutter"])
def test_a_stopped_blade_is_neither_open_nor_closed_and_closes_from_there(kind):
    async def scenario(client, server):
        opening = asyncio.ensure_future(client.open())
        await client.clock.sleep(1.5, "test")
        await client.stop()
        with pytest.raises(CommandAborted):
            await opening
        assert client.state.position == "OPENING"
        assert not client.is_safe
        await client.close()
        assert client.state.position == "CLOSED"

    run(kind, scenario)


def test_cover_opens_one_half_and_closes_both():
    async def scenario(client, server):
        positions = follow(client, "position")
        start_s = client.clock.now()
        await client.open(["LEFT"])
        assert client.state.halves == {"LEFT": "OPEN", "RIGHT": "CLOSED"}
        assert client.state.position == "PARTIAL"
        assert not client.is_safe
        await client.open()
        assert client.state.halves == {"LEFT": "OPEN", "RIGHT": "OPEN"}
        assert client.clock.now() - start_s == pytest.approx(8.0)
        await client.close()
        assert client.clock.now() - start_s == pytest.approx(12.0), "both halves at the same time"
        assert positions == ["CLOSED", "OPENING", "PARTIAL", "OPENING", "OPEN", "CLOSING", "CLOSED"]
        assert client.is_safe
        await refused(client.open(["TOP"]), "bad_arguments", "TOP", "LEFT, RIGHT")
        await refused(client.open([]), "bad_arguments", "LEFT, RIGHT")

    run("cover", scenario)


def test_moving_halves_are_published_as_moving_and_a_stop_leaves_it_partial():
    async def scenario(client, server):
        opening = asyncio.ensure_future(client.open(["RIGHT"]))
        await client.clock.sleep(1.0, "test")
        assert client.state.halves == {"LEFT": "CLOSED", "RIGHT": "MOVING"}
        assert client.state.position == "OPENING"
        await client.stop()
        with pytest.raises(CommandAborted):
            await opening
        assert client.state.position == "PARTIAL"
        assert client.state.halves["RIGHT"] == "MOVING"

    run("cover", scenario)


def test_cover_in_one_piece_has_one_half():
    async def scenario(client, server):
        await client.open()
        assert client.state.halves == {"ALL": "OPEN"}
        assert client.state.position == "OPEN"

    run("cover", scenario, halves=())


def test_a_half_that_does_not_arrive_is_named():
    async def scenario(client, server):
        move_half = server.move_half

        async def lame(half, position):
            if half == "LEFT":
                await move_half(half, position)

        server.move_half = lame
        await failed(client.open(), "not_reached", "RIGHT", "OPEN")
        assert client.state.halves == {"LEFT": "OPEN", "RIGHT": "CLOSED"}
        assert client.state.position == "PARTIAL"

    run("cover", scenario)
