"""Frames on their way: bit for bit, kept until acknowledged, sent again to who comes anew, never too many."""

from __future__ import annotations

import asyncio
import zlib
from typing import Any

import numpy as np
import pytest
import zmq

from sequencer.clock import WallClock
from sequencer.wire.frames import HELLO_S, IN_FLIGHT, FrameReader, FrameSender, Pixels
from sequencer.wire.messages import FrameHeader, encode

from .support import EPOCH_S, Rig, every_transport, on


def frame(number: int, dtype: Any = "float32", chips: int = 1) -> tuple[FrameHeader, list[Pixels]]:
    """A small frame of random pixels and its descriptor."""
    random = np.random.default_rng(number)
    pixels = [random.integers(0, 65535, (6, 5)).astype(dtype) for _ in range(chips)]
    sums = [zlib.crc32(chip.tobytes()) for chip in pixels]
    return FrameHeader(f"run/1/{number}", "LM", number, dtype, (6, 5), chips, sums, 1.0, 2.0), pixels


class Desk:
    """What a reader has received; `acknowledging` at once or not."""

    def __init__(self, *, acknowledging: bool = False) -> None:
        self.acknowledging = acknowledging
        self.reader: FrameReader | None = None
        self.headers: list[FrameHeader] = []
        self.pixels: list[list[Pixels]] = []

    async def take(self, header: FrameHeader, chips: list[Pixels]) -> None:
        self.headers.append(header)
        self.pixels.append(chips)
        if self.acknowledging:
            await self.reader.acknowledge(header.exposure)

    @property
    def exposures(self) -> list[str]:
        return [header.exposure for header in self.headers]


async def open_desk(rig: Rig, sender: FrameSender, *, acknowledging: bool = False) -> Desk:
    desk = Desk(acknowledging=acknowledging)
    desk.reader = await rig.reader(sender, desk.take)
    return desk


def ids(*numbers: int) -> list[str]:
    return [f"run/1/{number}" for number in numbers]


@every_transport
@pytest.mark.parametrize(("dtype", "chips"), [("float32", 1), ("float32", 4), ("uint16", 1)])
def test_pixels_arrive_as_they_were(transport: str, dtype: str, chips: int) -> None:
    async def main(rig: Rig) -> None:
        sender = await rig.sender()
        desk = await open_desk(rig, sender)
        header, pixels = frame(1, dtype, chips)
        await sender.submit(header, pixels)
        await rig.clock.sleep(0.0, "test")
        assert desk.headers == [header]
        for sent, received in zip(pixels, desk.pixels[0], strict=True):
            assert received.dtype == sent.dtype
            np.testing.assert_array_equal(received, sent)

    on(transport, main)


@every_transport
def test_a_frame_is_kept_until_it_is_acknowledged(transport: str) -> None:
    async def main(rig: Rig) -> None:
        sender = await rig.sender()
        told: list[str] = []
        sender.on_acknowledged = told.append
        desk = await open_desk(rig, sender)
        await sender.submit(*frame(1))
        await rig.clock.sleep(1000.0, "test")
        assert (desk.exposures, sender.waiting, told) == (ids(1), 1, [])
        for exposure in ("run/1/1", "run/1/1", "never heard of"):
            await desk.reader.acknowledge(exposure)
        await rig.clock.sleep(0.0, "test")
        assert (desk.exposures, sender.waiting, told) == (ids(1), 0, ids(1))

    on(transport, main)


@every_transport
def test_frames_wait_for_a_reader_and_go_again_to_a_new_one(transport: str) -> None:
    """In order, and only those nobody has acknowledged."""

    async def main(rig: Rig) -> None:
        sender = await rig.sender()
        for number in (1, 2, 3):
            await sender.submit(*frame(number))
        await rig.clock.sleep(100.0, "test")
        first = await open_desk(rig, sender)
        await rig.clock.sleep(0.0, "test")
        assert first.exposures == ids(1, 2, 3)
        await first.reader.acknowledge("run/1/2")
        await rig.clock.sleep(0.0, "test")
        await first.reader.stop()
        second = await open_desk(rig, sender, acknowledging=True)
        await sender.submit(*frame(4))
        await rig.clock.sleep(0.0, "test")
        assert second.exposures == ids(1, 3, 4)
        assert first.exposures == ids(1, 2, 3)
        assert sender.waiting == 0
        np.testing.assert_array_equal(second.pixels[0][0], frame(1)[1][0])

    on(transport, main)


@every_transport
def test_no_more_than_a_few_frames_are_on_their_way(transport: str) -> None:
    async def main(rig: Rig) -> None:
        sender = await rig.sender()
        desk = await open_desk(rig, sender)
        for number in range(10):
            await sender.submit(*frame(number))
        await rig.clock.sleep(1000.0, "test")
        assert desk.exposures == ids(*range(IN_FLIGHT))
        for done in range(10):
            await desk.reader.acknowledge(f"run/1/{done}")
            await rig.clock.sleep(0.0, "test")
            assert desk.exposures == ids(*range(min(10, IN_FLIGHT + done + 1)))
            assert sender.waiting == 9 - done

    on(transport, main)


@every_transport
def test_a_reader_that_leaves_with_frames_on_their_way_holds_nothing(transport: str) -> None:
    async def main(rig: Rig) -> None:
        sender = await rig.sender()
        gone = await open_desk(rig, sender)
        await rig.clock.sleep(0.0, "test")
        await sender.submit(*frame(1))
        await gone.reader.stop()
        await sender.submit(*frame(2))
        await rig.clock.sleep(1000.0, "test")
        assert rig.clock.now() == EPOCH_S + 1000.0
        late = await open_desk(rig, sender, acknowledging=True)
        await rig.clock.sleep(0.0, "test")
        assert late.exposures == ids(1, 2)
        assert sender.waiting == 0

    on(transport, main)


@every_transport
def test_time_stands_still_until_a_frame_has_been_dealt_with(transport: str) -> None:
    async def main(rig: Rig) -> None:
        sender = await rig.sender()
        moments: list[float] = []

        async def slowly(header: FrameHeader, chips: list[Pixels]) -> None:
            await rig.clock.thread("write", sum, range(200_000))
            moments.append(rig.clock.now())

        await rig.reader(sender, slowly)
        await sender.submit(*frame(1))
        await rig.clock.sleep(5.0, "test")
        assert moments == [EPOCH_S]

    on(transport, main)


@every_transport
def test_neither_side_is_killed_by_what_is_no_frame(transport: str) -> None:
    async def main(rig: Rig) -> None:
        sender = await rig.sender()
        stranger = rig.context.socket(zmq.DEALER)
        stranger.linger = 0
        stranger.connect(sender.endpoint)
        for parts in ([b""], [b"\xff"], [b"{}"], [b"a", b"b"], [b'{"type": "frame_hello", "reader": 7}']):
            await stranger.send_multipart(parts)
        stranger.close()
        desk = await open_desk(rig, sender, acknowledging=True)
        await sender.submit(*frame(1))
        await rig.clock.sleep(0.0, "test")
        assert (desk.exposures, sender.waiting) == (ids(1), 0)

    on(transport, main)


async def test_pixels_that_do_not_fit_their_descriptor_are_handed_on_as_they_are() -> None:
    """The acquisition refuses them with a reason; the transport neither dies nor invents."""
    context = zmq.asyncio.Context()
    detector = context.socket(zmq.ROUTER)
    detector.bind("inproc://odd")
    desk = Desk()
    reader = FrameReader("acquisition", "inproc://odd", WallClock(), desk.take, context=context)
    await reader.start()
    peer, _ = await detector.recv_multipart()
    header, _ = frame(1)
    last, _ = frame(2)
    for parts in ([b"\xff"], [b"{}"], [encode(header), b"\0" * 12, b"\0" * 7], [encode(last), b"\0" * 120]):
        await detector.send_multipart([peer, *parts])
    while len(desk.headers) < 2:
        await asyncio.sleep(0)
    assert [(chip.dtype, chip.shape) for chip in desk.pixels[0]] == [("float32", (3,)), ("uint8", (7,))]
    assert [(chip.dtype, chip.shape) for chip in desk.pixels[1]] == [("float32", (6, 5))]
    await reader.stop()
    detector.close(linger=0)
    context.destroy(linger=0)


def test_a_reader_that_says_hello_again_gets_nothing_twice() -> None:
    """It does so all the time, for the sender forgets its readers when connections break."""

    class Hurried(WallClock):
        """A wall clock whose readers say hello 500 times as often."""

        async def sleep(self, seconds: float, key: str) -> None:
            if key.endswith(".hello"):
                assert seconds == HELLO_S
                hellos.append(key)
            await super().sleep(seconds / 500.0, key)

    hellos: list[str] = []

    async def main(rig: Rig) -> None:
        sender = await rig.sender()
        desk = await open_desk(rig, sender)
        await sender.submit(*frame(1))
        while len(hellos) < 6 or not desk.exposures:
            await rig.clock.sleep(1.0, "test")
        assert desk.exposures == ids(1)

    on("inproc", main, clock=Hurried())
