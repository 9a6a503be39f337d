"""The process of the attached stages: `python -m sequencer.reduction.external.process --stages JSON ...`.

It speaks to the feed like the native stage. Programs are run one after the other; what the feed says
meanwhile is read when they have ended, and a word goes to it every few seconds.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path

import msgspec
import zmq

from sequencer.config import load_instrument
from sequencer.reduction.contract import (
    CONTRACT_VERSION,
    FrameNotice,
    ProductDone,
    Reduced,
    ReduceTemplate,
    StageHello,
    Taken,
    ToFeed,
    Working,
    decode_to_stage,
    encode,
)
from sequencer.reduction.external.attached import AttachedReduction
from sequencer.reduction.external.settings import StageConfig
from sequencer.reduction.process import NICENESS

FIRST_TO_GO = "900"
"""When memory runs out, the system ends us and our programs before the sequencer (oom_score_adj of Linux)."""


def command(stages: Mapping[str, StageConfig]) -> list[str]:
    """Command that starts this process for a feed."""
    return [sys.executable, "-m", __name__, "--stages", msgspec.json.encode(stages).decode()]


class Server:
    """One feed's stage: answers every request, in the order they come."""

    def __init__(
        self, feed: zmq.Socket[bytes], run_dir: Path, instrument: str, stages: dict[str, StageConfig]
    ):
        self._feed = feed
        self._request = 0
        self._reduction = AttachedReduction(run_dir, load_instrument(instrument), stages, self._progress)

    def receive(self) -> None:
        """Answer one message; frames are read from `raw/` when their template has ended."""
        message = decode_to_stage(self._feed.recv())
        if isinstance(message, FrameNotice):
            self._say(Taken(message.seq))
        else:
            self._reduce(message)

    def _reduce(self, message: ReduceTemplate) -> None:
        self._request = message.request
        error = ""
        try:
            for record in self._reduction.template(message.template_index):
                self._say(ProductDone(message.request, record))
        except Exception as problem:
            traceback.print_exc()
            error = f"{type(problem).__name__}: {problem}"
        self._say(Reduced(message.request, error))

    def _progress(self, text: str) -> None:
        self._say(Working(self._request, text))

    def _say(self, message: ToFeed) -> None:
        self._feed.send(encode(message))


def main(arguments: list[str] | None = None) -> None:
    """Entry point; ends when standard input ends."""
    parser = argparse.ArgumentParser(
        prog="sequencer.reduction.external.process", description="attached stages"
    )
    for name in ("--stages", "--address", "--instrument"):
        parser.add_argument(name, required=True)
    parser.add_argument("--run-dir", required=True, type=Path)
    options = parser.parse_args(arguments)
    os.nice(NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO, encoding="ascii")
    stages = msgspec.json.decode(options.stages, type=dict[str, StageConfig])
    with zmq.Context() as context, context.socket(zmq.DEALER) as feed:
        feed.linger = 0
        server = Server(feed, options.run_dir, options.instrument, stages)
        feed.connect(options.address)
        feed.send(encode(StageHello(CONTRACT_VERSION)))
        poller = zmq.Poller()
        for end in (feed, sys.stdin.fileno()):
            poller.register(end, zmq.POLLIN)
        while True:
            ready = dict(poller.poll())
            if sys.stdin.fileno() in ready and not os.read(sys.stdin.fileno(), 4096):
                return
            if feed in ready:
                server.receive()


if __name__ == "__main__":
    main()
