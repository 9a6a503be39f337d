"""The how-to's example is the code that runs, and speaks to its controller as it says."""

import asyncio
import re
from pathlib import Path

import pytest

from sequencer.devices.examples import dome_shutter
from sequencer.wire.errors import CommandAborted

from .support import failed, run

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "own-device-server.md"


def test_the_page_shows_the_code_that_runs():
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    assert blocks[0].strip() in Path(dome_shutter.__file__).read_text()


def test_the_blade_is_ordered_and_asked_until_it_arrives():
    async def scenario(client, server):
        asked = []
        ask = server.line.ask

        async def listen(request):
            asked.append(request)
            return await ask(request)

        server.line.ask = listen
        await client.open()
        assert asked[:3] == ["STATUS?", "OPEN", "STATUS?"]
        assert set(asked[3:]) == {"STATUS?"}
        travel_reads = 8.0 / (dome_shutter.POLL_S + 0.01)
        assert len(asked) - 3 == pytest.approx(travel_reads, abs=1.5), (
            "one read a poll, between first and last"
        )

    run("dome shutter", scenario)


def test_a_blade_that_never_arrives_is_jammed():
    async def scenario(client, server):
        server.line.on_status = lambda: "RUNNING"
        server.line.deaf = False
        start_s = client.clock.now()
        await failed(client.open(), "jammed", "60 s")
        assert client.clock.now() - start_s == pytest.approx(dome_shutter.TRAVEL_S, abs=2.0)

    run("dome shutter", scenario)


def test_an_answer_that_makes_no_sense_is_an_error():
    async def scenario(client, server):
        server.line.on_open = lambda: "NO"
        await failed(client.open(), "refused", "NO", "OPEN")
        server.line.on_status = lambda: "???"
        await failed(client.recover(), "bad_answer", "???")

    run("dome shutter", scenario)


def test_stop_is_ordered_in_the_middle_of_a_move():
    async def scenario(client, server):
        opening = asyncio.ensure_future(client.open())
        await client.clock.sleep(3.0, "test")
        await client.stop()
        with pytest.raises(CommandAborted):
            await opening
        assert server.line.status == "HALTED"

    run("dome shutter", scenario)
