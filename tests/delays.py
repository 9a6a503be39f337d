"""A transport that delivers late: every message leaves its socket a random wall time after it was sent.

For tests that no result may depend on how fast messages travel. The order within one socket is kept.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import zmq
import zmq.asyncio

LONGEST_S = 0.003


class DelayedSocket(zmq.asyncio.Socket):
    """An asyncio socket whose `send` and `send_multipart` are done 0 to LONGEST_S later.

    The sender goes on at once; only a ROUTER's sender waits, for it may hear that the peer has gone.
    """

    _random = random.Random(0)
    _late: Any = None  # pyzmq sockets take only attributes their class has

    def send(self, data: Any, flags: int = 0, copy: bool = True, track: bool = False, **more: Any) -> Any:
        return self._later(lambda: zmq.asyncio.Socket.send(self, data, flags, copy, track, **more))

    def send_multipart(
        self, msg_parts: Any, flags: int = 0, copy: bool = True, track: Any = False, **more: Any
    ) -> Any:
        return self._later(
            lambda: zmq.asyncio.Socket.send_multipart(self, msg_parts, flags, copy, track, **more)
        )

    def close(self, linger: int | None = None) -> None:
        """What has been sent is sent, before the socket closes."""
        while self._late:
            self._late.popleft()()
        super().close(linger)

    def _later(self, send: Callable[[], Awaitable[Any]]) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        sent: asyncio.Future[Any] = loop.create_future()
        self._late.append(lambda: self._tell(send(), sent))
        loop.call_later(self._random.uniform(0.0, LONGEST_S), self._send_oldest)
        if self.type != zmq.ROUTER:
            sent.set_result(None)
        return sent

    def _send_oldest(self) -> None:
        if self._late:
            self._late.popleft()()

    @staticmethod
    def _tell(done: Any, sent: asyncio.Future[Any]) -> None:
        """Pass the end of the real sending on to whoever still waits for it."""

        def pass_on(real: asyncio.Future[Any]) -> None:
            if real.cancelled():
                sent.cancel()
            elif (error := real.exception()) is None:
                if not sent.done():
                    sent.set_result(real.result())
            elif not sent.done():
                sent.set_exception(error)

        done.add_done_callback(pass_on)


class DelayedContext(zmq.asyncio.Context):
    """Context of delayed sockets; `seed` and the order of creation of the sockets decide the delays."""

    _socket_class = DelayedSocket
    _seed = 0
    _count = 0

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self._seed = seed

    def socket(self, socket_type: int, **more: Any) -> DelayedSocket:
        socket = super().socket(socket_type, **more)
        self._count += 1
        socket._random = random.Random(f"{self._seed}:{self._count}")
        socket._late = deque()
        return socket
