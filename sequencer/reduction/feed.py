"""The sequencer's end of the stage contract: offers frames, asks for products, outlives the stage.

Lives in the sequencer's event loop. One reader task receives for the whole life of the socket; everything
else is answered by futures. Nothing here ever waits for the stage but `template_ended`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import zmq
import zmq.asyncio

from sequencer.clock import Clock
from sequencer.reduction.contract import (
    CONTRACT_VERSION,
    BadFrame,
    FrameNotice,
    ProductDone,
    ProductRecord,
    Reduced,
    ReduceTemplate,
    StageHello,
    Taken,
    ToStage,
    Working,
    decode_to_feed,
    encode,
)

CREDITS = 16
"""Notices under way at most; the rest waits here. A notice is 200 bytes, so this only bounds what is offered
twice.
"""
DEADLINE_S = 120.0
"""Seconds without a word from the stage after which a request is given up, counted as `Clock.word` does. The longest
product at full size takes some ten seconds."""
RESTARTS = 3
"""How often a stage that died is started again in one run."""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass
class _Request:
    """A template to be reduced: products by record name, and a future that every word of the stage resolves."""

    message: ReduceTemplate
    heard: asyncio.Future[None]
    products: dict[str, ProductRecord] = field(default_factory=dict)
    done: bool = False
    deaths: int = 0


class ReductionFeed:
    """Hands stored frames to the reduction stage, a process of its own that it starts and watches.

    `command` starts a stage and gets `--address`, `--run-dir` and `--instrument` appended; default is the
    native stage. `on_alarm` is called with one line when the stage dies, finds a broken frame, or does not
    answer.
    """

    reduces = True

    def __init__(
        self, run_dir: Path, instrument_name: str, clock: Clock, command: list[str] | None = None
    ) -> None:
        self.on_alarm: Callable[[str], None] = lambda text: None
        self.deadline_s = DEADLINE_S
        self._command = command or [sys.executable, "-m", "sequencer.reduction.process"]
        self._arguments = ["--run-dir", str(run_dir), "--instrument", instrument_name]
        self._clock = clock
        self._context = zmq.asyncio.Context()
        self._outbox: asyncio.Queue[tuple[bytes, bytes]] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._peer: bytes | None = None
        self._waiting: dict[int, FrameNotice] = {}
        self._sent: set[int] = set()
        self._requests: dict[int, _Request] = {}
        self._request_number = 0
        self._restarts = 0

    @property
    def lag(self) -> int:
        """Frames offered and not yet taken by the stage."""
        return len(self._waiting)

    async def start(self) -> None:
        """Bind, and start the stage; does not wait for it."""
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.linger = 0
        self._socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        port = self._socket.bind_to_random_port("tcp://127.0.0.1")
        self._arguments += ["--address", f"tcp://127.0.0.1:{port}"]
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]
        self._launch()

    def offer(self, notice: FrameNotice) -> None:
        """Tell the stage of a stored frame. Never blocks; kept until the stage has taken it."""
        self._waiting[notice.seq] = notice
        self._pump()

    async def template_ended(self, template_index: int, name: str) -> list[ProductRecord]:
        """Have a template reduced and return its products, or what there is when the stage fails.

        Virtual time stands still meanwhile. Never raises for a stage that is dead or does not answer: the
        alarm says so.
        """
        self._request_number += 1
        message = ReduceTemplate(self._request_number, template_index, name)
        request = _Request(message, asyncio.get_running_loop().create_future())
        self._requests[message.request] = request
        token = f"reduction of template {template_index} {name}"
        self._clock.hold(token)
        try:
            if self._process is None:
                self.on_alarm(
                    f"{name} is not reduced: the reduction stage is gone; run `sequencer reduce` later"
                )
            else:
                self._send(message)
                await self._finished(request, name)
        finally:
            self._clock.release(token)
            del self._requests[message.request]
        return list(request.products.values())

    async def close(self) -> None:
        """End the stage and the socket. Its files are whole or not there, so it can be ended at any moment."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._end_process()
        self._stage_away()
        if self._tasks:
            self._socket.close()
        self._context.term()
        self._tasks = []

    async def _finished(self, request: _Request, name: str) -> None:
        """Wait until the request is done; every word of the stage gives it another deadline."""
        while not request.done and self._process is not None:
            try:
                await self._clock.word(request.heard, self._process.pid, self.deadline_s, "reduction")
            except TimeoutError:
                self.on_alarm(
                    f"reduction of {name}: no word for {self.deadline_s:g} s; run `sequencer reduce` later"
                )
                return
            request.heard = asyncio.get_running_loop().create_future()

    def _pump(self) -> None:
        """Send notices as far as the credits go; virtual time waits for what is under way."""
        for seq, notice in self._waiting.items():
            if self._peer is None or len(self._sent) >= CREDITS:
                return
            if seq not in self._sent:
                self._sent.add(seq)
                self._clock.hold(f"reduction notice {seq}")
                self._send(notice)

    def _send(self, message: ToStage) -> None:
        if self._peer is not None:
            self._outbox.put_nowait((self._peer, encode(message)))

    async def _write(self) -> None:
        while True:
            parts = await self._outbox.get()
            try:
                await self._socket.send_multipart(parts)
            except zmq.ZMQError:
                self._stage_away()

    async def _read(self) -> None:
        while True:
            peer, data = await self._socket.recv_multipart()
            try:
                self._receive(peer, decode_to_feed(data))
            except msgspec.MsgspecError as error:
                self.on_alarm(f"reduction stage sent what is no message: {error}")

    def _receive(self, peer: bytes, message: object) -> None:
        if isinstance(message, StageHello):
            self._hello(peer, message)
        elif peer != self._peer:
            return
        elif isinstance(message, Taken):
            self._waiting.pop(message.seq, None)
            self._arrived(message.seq)
            self._pump()
        elif isinstance(message, BadFrame):
            self.on_alarm(f"frame {message.file} is not used: {message.text}")
        elif isinstance(message, (Working, ProductDone, Reduced)):
            self._answer(message)

    def _hello(self, peer: bytes, hello: StageHello) -> None:
        """A stage is there, for the first time or again: offer all that was never taken."""
        if hello.version != CONTRACT_VERSION:
            self.on_alarm(
                f"reduction stage speaks version {hello.version} of the contract, not {CONTRACT_VERSION}"
            )
            return
        self._stage_away()
        self._peer = peer
        self._pump()
        for request in self._requests.values():
            self._send(request.message)

    def _answer(self, message: Working | ProductDone | Reduced) -> None:
        request = self._requests.get(message.request)
        if request is None:
            return
        if isinstance(message, ProductDone):
            request.products[message.product.record] = message.product
        elif isinstance(message, Reduced):
            request.done = True
            if message.error:
                self.on_alarm(f"reduction of {request.message.name} broke off: {message.error}")
        if not request.heard.done():
            request.heard.set_result(None)

    def _stage_away(self) -> None:
        """Whoever took the notices is gone: nothing is under way any more."""
        self._peer = None
        for seq in sorted(self._sent):
            self._arrived(seq)

    def _arrived(self, seq: int) -> None:
        if seq in self._sent:
            self._sent.remove(seq)
            self._clock.release(f"reduction notice {seq}")

    def _launch(self) -> None:
        """Start the stage. Its standard input ends when we do; its standard output ends when it does."""
        self._errors = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [*self._command, *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, **ONE_THREAD},
            start_new_session=True,
        )
        output = self._process.stdout
        if output is not None:
            os.set_blocking(output.fileno(), False)
            asyncio.get_running_loop().add_reader(output.fileno(), self._life_sign)

    def _life_sign(self) -> None:
        """The stage's standard output has something; no bytes mean that it has ended."""
        output = self._process.stdout if self._process else None
        if output is not None and not output.read(4096):
            self._died()

    def _died(self) -> None:
        code, last_words = self._end_process()
        self._stage_away()
        again = self._restarts < RESTARTS
        consequence = "it is started again, nothing is lost" if again else "run `sequencer reduce` later"
        self.on_alarm(
            f"the reduction stage ended with code {code} ({last_words or 'no word'}); {consequence}"
        )
        for request in self._requests.values():
            request.deaths += 1
            request.done = request.done or request.deaths > 1 or not again
            if not request.heard.done():
                request.heard.set_result(None)
        if again:
            self._restarts += 1
            self._launch()

    def _end_process(self) -> tuple[int, str]:
        """End the stage's process, whatever it does; its exit code and the last line it wrote to standard error."""
        process, self._process = self._process, None
        if process is None:
            return 0, ""
        if process.stdout is not None:
            asyncio.get_running_loop().remove_reader(process.stdout.fileno())
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        code = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        self._errors.close()
        return code, lines[-1] if lines else ""
