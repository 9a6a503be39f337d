"""Detector: limits of its modes, settling, exposures, frames that are kept, abort."""

import asyncio
import zlib
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from contract.hardware import CONFIG, MODE
from hypothesis import given
from hypothesis import strategies as st

from sequencer.config.models import Chip
from sequencer.devices.charts import DETECTOR, ERROR
from sequencer.devices.detector import dit_problems, set_up_problems
from sequencer.devices.detector_server import KEEP_FRAMES
from sequencer.wire.errors import CommandAborted
from sequencer.wire.frames import FrameReader

from .support import START_S, failed, follow, refused, run


async def frames_of(client, wanted):
    """The frames that are waiting, acknowledged one by one."""
    got = []
    came = asyncio.get_running_loop().create_future()

    async def keep(header, chips):
        got.append((header, [chip.copy() for chip in chips]))
        await reader.acknowledge(header.exposure)
        if len(got) == wanted:
            came.set_result(None)

    reader = FrameReader("test", client.frames_endpoint, client.clock, keep, context=client.link._context)
    await reader.start()
    await client.clock.wait_for(came, 60.0, "test")
    while client.state.unsent:
        await client.clock.sleep(1.0, "test")
    await reader.stop()
    return got


def test_exposure_settles_first_then_delivers_one_frame_with_its_own_times():
    async def scenario(client, server):
        phases = follow(client, "phase")
        taken = await client.expose("run/1", dit_s=2.0, ndit=5, mode="slow", settle=2)
        assert (taken.start_s - START_S, taken.end_s - START_S) == (2 * (10.0 + 1.0), 2 * (10.0 + 1.0) + 10.0)
        assert (taken.exposure, taken.dit_s, taken.ndit, taken.mode, taken.settled) == (
            "run/1",
            2.0,
            5,
            "slow",
            2,
        )
        assert [shot.settling for shot in server.reads] == [1, 2, 0]
        assert phases == ["IDLE", *["INTEGRATING", "READING"] * 3, "TRANSFERRING", "IDLE"]
        state = client.state
        assert (state.exposure, state.mode, state.dit_s, state.ndit, state.unsent) == (
            "run/1",
            "slow",
            2.0,
            5,
            1,
        )
        ((header, chips),) = await frames_of(client, 1)
        assert (header.exposure, header.device, header.dtype, header.shape) == (
            "run/1",
            "device",
            "float32",
            (12, 16),
        )
        assert (header.start_s, header.end_s, header.sequence) == (taken.start_s, taken.end_s, 1)
        expected = np.arange(16 * 12, dtype="float32").reshape(12, 16) + 3.0
        assert np.array_equal(chips[0], expected), "the third read-out: neither of the settling ones"
        assert header.crc32 == [zlib.crc32(expected.tobytes())]
        assert client.state.unsent == 0

    run("detector", scenario)


def test_progress_counts_seconds_and_says_what_they_are_for():
    async def scenario(client, server):
        words = []
        await client.expose("run/1", dit_s=200.0, ndit=1, settle=1, on_progress=words.append)
        assert [word.text for word in words] == ["settling 1/1"] * 3 + ["exposing"] * 3
        assert {(word.target, word.unit) for word in words} == {(200.0, "s")}
        assert all(one.current < two.current for one, two in pairwise(words[:3]))
        assert all(0.0 < word.current <= 200.0 for word in words)

    run("detector", scenario)


def test_an_undelivered_exposure_is_read_and_not_sent():
    async def scenario(client, server):
        phases = follow(client, "phase")
        await client.expose("probe", dit_s=1.0, ndit=1, deliver=False)
        assert len(server.reads) == 1
        assert client.state.unsent == 0
        assert "TRANSFERRING" not in phases
        await client.expose("probe", dit_s=1.0, ndit=1)
        assert client.state.unsent == 1

    run("detector", scenario)


def test_the_limits_of_the_mode_are_kept():
    async def scenario(client, server):
        for wrong, words in (
            ({"dit_s": 0.03}, ("0.03", "minimum DIT 0.04")),
            ({"dit_s": 1000.5}, ("maximum DIT 1000",)),
            ({"dit_s": 0.04005}, ("grid",)),
            ({"ndit": 101}, ("101", "100")),
            ({"mode": "medium"}, ("medium", "fast, slow")),
            ({"mode": "slow", "dit_s": 1.2}, ("minimum DIT 1.3",)),
            ({"dit_s": 1.0, "ndit": 0}, ("ndit",)),
            ({"exposure": ""}, ("exposure",)),
            ({"settle": -1}, ("settle",)),
        ):
            await refused(
                client.expose(**{"exposure": "x", "dit_s": 1.0, "ndit": 1} | wrong), "bad_arguments", *words
            )
        await refused(client.configure("slow", 1.25, 1), "bad_arguments", "1.3")
        await refused(client.configure("slow", 2.0, 1, (17, 12)), "bad_arguments", "(17, 12)", "(16, 12)")
        assert (client.state.mode, client.state.window_px, server.reads) == ("fast", (16, 12), [])

    run("detector", scenario)


def test_configure_holds_for_the_next_exposure():
    async def scenario(client, server):
        await client.configure("slow", 2.0, 3, (8, 4))
        state = client.state
        assert (state.mode, state.dit_s, state.ndit, state.window_px) == ("slow", 2.0, 3, (8, 4))
        taken = await client.expose("run/1", dit_s=1.5, ndit=1)
        assert taken.mode == "slow"
        assert (server.reads[0].mode, server.reads[0].window_px) == ("slow", (8, 4))
        ((header, _),) = await frames_of(client, 1)
        assert header.shape == (4, 8)
        await client.configure("fast", 0.04, 1)
        assert client.state.window_px == (8, 4)

    run("detector", scenario)


@pytest.mark.parametrize("after_s", [0.5, 10.5, 13.0, 21.5])
def test_abort_ends_it_now_in_every_phase_and_the_id_may_be_used_again(after_s):
    async def scenario(client, server):
        exposing = asyncio.ensure_future(client.expose("run/1", dit_s=10.0, ndit=1, settle=1))
        await client.clock.sleep(after_s, "test")
        assert client.state.phase == ("READING" if after_s in (10.5, 21.5) else "INTEGRATING")
        await client.abort("run/1")
        assert client.clock.now() - START_S == pytest.approx(after_s)
        with pytest.raises(CommandAborted, match="expose was interrupted by abort"):
            await exposing
        assert (client.state.phase, client.state.unsent) == ("IDLE", 0)
        assert client.is_safe
        await client.expose("run/1", dit_s=1.0, ndit=1)
        assert client.state.unsent == 1

    run("detector", scenario)


def test_abort_hits_only_the_exposure_meant():
    async def scenario(client, server):
        exposing = asyncio.ensure_future(client.expose("run/2", dit_s=10.0, ndit=1))
        await client.clock.sleep(1.0, "test")
        await refused(client.abort("run/1"), "refused", "run/2 is running, not run/1")
        assert (await exposing).exposure == "run/2"
        await client.abort("run/1")
        await client.abort()

    run("detector", scenario)


def test_no_exposure_is_taken_twice_and_frames_nobody_takes_stop_the_next():
    async def scenario(client, server):
        for number in range(KEEP_FRAMES):
            await client.expose(f"run/{number}", dit_s=1.0, ndit=1)
        assert client.state.unsent == KEEP_FRAMES
        await refused(client.expose("run/0", dit_s=1.0, ndit=1), "refused", "run/0", "already")
        await refused(client.expose("run/new", dit_s=1.0, ndit=1), "refused", f"{KEEP_FRAMES} frames")
        got = await frames_of(client, KEEP_FRAMES)
        assert [header.exposure for header, _ in got] == [f"run/{n}" for n in range(KEEP_FRAMES)]
        assert [header.sequence for header, _ in got] == list(range(1, KEEP_FRAMES + 1))
        await client.expose("run/new", dit_s=1.0, ndit=1)
        await refused(client.expose("run/0", dit_s=1.0, ndit=1), "refused", "already")

    run("detector", scenario)


@pytest.mark.parametrize("chips", [1, 4])
def test_pixels_of_the_wrong_shape_or_number_are_an_error_not_a_frame(chips):
    config = msgspec.structs.replace(CONFIG, chips=[Chip(f"DET3.DATA{n}") for n in range(chips)])

    async def scenario(client, server):
        await client.expose("good", dit_s=1.0, ndit=1)
        ((header, pixels),) = await frames_of(client, 1)
        assert header.chips == len(pixels) == len(header.crc32) == chips
        server.wrong_shape = True
        await failed(client.expose("bad", dit_s=1.0, ndit=1), "bad_frame", "(12, 17)")
        assert (client.state.chart, client.state.phase, client.state.unsent) == (ERROR, "IDLE", 0)

    run("detector", scenario, config=config)


def test_state_says_camera_and_temperature():
    async def scenario(client, server):
        assert (client.camera, client.state.temperature_k, client.state.window_px) == ("LM", 40.0, (8, 6))

    run("detector", scenario, window_px=(8, 6))


@given(st.integers(1, 30_000_000), st.floats(-0.4, 0.4))
def test_a_dit_is_on_the_grid_or_refused(steps, off):
    grid_s = 0.0001
    dit_s = (steps + off) * grid_s
    problems = dit_problems(MODE, "fast", dit_s)
    if not MODE.min_dit_s <= dit_s <= MODE.max_dit_s:
        assert len(problems) == 1 and ("minimum" in problems[0] or "maximum" in problems[0])
    elif abs(off) > 1e-5:
        assert problems and "grid" in problems[0]
    elif off == 0.0:
        assert problems == []


def test_limits_themselves_are_allowed_and_all_problems_come_at_once():
    assert set_up_problems(CONFIG, "fast", 0.04, 100, (16, 12)) == []
    assert set_up_problems(CONFIG, "fast", 1000.0, 1, (1, 1)) == []
    assert len(set_up_problems(CONFIG, "fast", 0.01, 101, (0, 12))) == 3


def test_phases_follow_the_chart():
    pairs = {(s, t.dest) for t in DETECTOR.transitions for s in t.sources}

    async def scenario(client, server):
        phases = follow(client, "phase")
        await client.expose("run/1", dit_s=1.0, ndit=1, settle=3)
        await client.expose("run/2", dit_s=1.0, ndit=1, deliver=False)
        assert set(pairwise(phases)) <= pairs

    run("detector", scenario)
