"""Frame transport: a descriptor and the pixels as zero-copy parts, kept by the detector until acknowledged.

The acquisition acknowledges a frame only when it is durable on disk. The sender keeps at most `IN_FLIGHT`
unacknowledged frames on the way and sends everything again to a reader that (re)appears.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import zmq
import zmq.asyncio

from sequencer.clock import Clock
from sequencer.wire import sockets
from sequencer.wire.messages import UNREADABLE, FrameAck, FrameHeader, FrameHello, FrameMessage, encode

Pixels = npt.NDArray[Any]
OnFrame = Callable[[FrameHeader, list[Pixels]], Awaitable[None]]

IN_FLIGHT = sockets.FRAME_HWM
"""Frames on their way to the reader and not yet acknowledged."""

HELLO_S = 5.0
"""Liveness seconds between two hellos of a reader (assumed: how long frames may lie after a reconnect)."""


class FrameSender:
    """The detector's side. `endpoint` is the address bound once started; `waiting` counts kept frames."""

    def __init__(self, endpoint: str, clock: Clock, *, context: zmq.asyncio.Context | None = None) -> None:
        self.endpoint = endpoint
        self.on_acknowledged: Callable[[str], None] = lambda exposure: None
        self._clock = clock
        self._context = context
        self._reader = b""
        self._reader_name = ""
        self._kept: OrderedDict[str, tuple[FrameHeader, Sequence[Pixels]]] = OrderedDict()
        self._sent: set[str] = set()

    @property
    def waiting(self) -> int:
        """Frames not yet acknowledged."""
        return len(self._kept)

    async def start(self) -> None:
        """Bind and listen for readers. Raises as `sockets.bind`; nothing is left open then."""
        self._socket = sockets.new_socket(self._context, zmq.ROUTER, hwm=sockets.FRAME_HWM)
        self._socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        try:
            self.endpoint = sockets.bind(self._socket, self.endpoint)
        except (ValueError, zmq.ZMQError):
            self._socket.close()
            raise
        self._task = asyncio.get_running_loop().create_task(self._read())

    async def submit(self, header: FrameHeader, chips: Sequence[Pixels]) -> None:
        """Hand over one frame, one C-contiguous array a chip; they must not be changed afterwards."""
        self._kept[header.exposure] = (header, chips)
        await self._send_waiting()

    async def stop(self) -> None:
        """Close the socket; unacknowledged frames are lost with this object."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._socket.close()

    async def _read(self) -> None:
        while True:
            parts = await self._socket.recv_multipart()
            try:
                message = msgspec.json.decode(parts[-1], type=FrameMessage)
            except UNREADABLE:  # no reader of ours
                continue
            self._hear(parts[0], message)
            await self._send_waiting()

    def _hear(self, peer: bytes, message: FrameMessage) -> None:
        if isinstance(message, FrameHello):
            if peer != self._reader:
                self._reader, self._reader_name = peer, message.reader
                self._sent.clear()
            self._clock.release(f"frame_hello:{message.reader}")
        else:
            self._sent.discard(message.exposure)
            self._clock.release(f"frame_ack:{message.exposure}")
            if self._kept.pop(message.exposure, None) is not None:
                self.on_acknowledged(message.exposure)

    async def _send_waiting(self) -> None:
        for exposure, (header, chips) in list(self._kept.items()):
            if not self._reader or len(self._sent) >= IN_FLIGHT:
                return
            if exposure in self._sent:
                continue
            self._sent.add(exposure)
            self._clock.hold(f"frame:{exposure}", to=self._reader_name)
            try:
                parts = [self._reader, encode(header), *(chip.data.cast("B") for chip in chips)]
                await self._socket.send_multipart(parts, copy=False, flags=zmq.NOBLOCK)
            except zmq.ZMQError:  # the reader has gone; it will say hello again
                self._clock.release(f"frame:{exposure}")
                self._sent.discard(exposure)
                return


class FrameReader:
    """The acquisition's side: `on_frame` gets each frame; `acknowledge` it once it is durable.

    A frame may come more than once. Pixels are arrays of the announced type, of the announced shape if their
    number fits it (else flat; bytes if not even the type fits): what to do with those is the caller's choice.
    """

    def __init__(
        self,
        name: str,
        endpoint: str,
        clock: Clock,
        on_frame: OnFrame,
        *,
        context: zmq.asyncio.Context | None = None,
    ) -> None:
        self.name = name
        self._endpoint = endpoint
        self._clock = clock
        self._on_frame = on_frame
        self._context = context
        self._session = f"{name}:{uuid.uuid4().hex[:12]}"

    async def start(self) -> None:
        """Connect and ask for what is waiting."""
        self._socket = sockets.new_socket(self._context, zmq.DEALER, hwm=sockets.FRAME_HWM)
        self._socket.connect(self._endpoint)
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._read())]
        await self._say_hello()
        if self._clock.kind != "virtual":
            self._tasks.append(loop.create_task(self._stay_known()))

    async def acknowledge(self, exposure: str) -> None:
        """Tell the detector that it may forget the frame."""
        await self._send(FrameAck(exposure), f"frame_ack:{exposure}")

    async def stop(self) -> None:
        """Stop reading and close the socket."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._socket.close()
        self._clock.forget(self._session)

    async def _say_hello(self) -> None:
        await self._send(FrameHello(self._session), f"frame_hello:{self._session}")

    async def _stay_known(self) -> None:
        """After a broken connection the sender knows us by another name: say who we are now and then."""
        while True:
            await self._clock.sleep(HELLO_S * self._clock.rate, f"{self.name}.hello")
            await self._say_hello()

    async def _send(self, message: FrameHello | FrameAck, token: str) -> None:
        self._clock.hold(token)
        try:
            await self._socket.send(encode(message))
        except BaseException:
            self._clock.release(token)
            raise

    async def _read(self) -> None:
        decoder = msgspec.json.Decoder(FrameHeader)
        while True:
            parts = await self._socket.recv_multipart(copy=False)
            try:
                header = decoder.decode(parts[0].buffer)
            except UNREADABLE:  # no sender of ours
                continue
            chips = [_pixels(part, header) for part in parts[1:]]
            try:
                await self._on_frame(header, chips)
            finally:
                self._clock.release(f"frame:{header.exposure}")


def _pixels(part: zmq.Frame, header: FrameHeader) -> Pixels:
    try:
        flat = np.frombuffer(part.buffer, dtype=header.dtype)
    except ValueError:
        return np.frombuffer(part.buffer, dtype=np.uint8)
    return flat.reshape(header.shape) if flat.size == header.shape[0] * header.shape[1] else flat
