"""The process of the attached stages: `python -m sequencer.reduction.external.process --stages FILE ...`.

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
from sequencer.config.stages import StageConfig
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
from sequencer.reduction.process import NICENESS

FIRST_TO_GO = "900"
"""When memory runs out, the system ends us and our programs before the sequencer (oom_score_adj of Linux)."""


SETTINGS = "stages.json"
"""File of the run that says what was attached. A file, because a command line takes no long `parameters`."""


def write_stages(run_dir: Path, stages: Mapping[str, StageConfig]) -> Path:
    """Write down what is attached to a run, for the process and for those who look later. Raises OSError."""
    path = run_dir / SETTINGS
    path.write_bytes(msgspec.json.format(msgspec.json.encode(stages), indent=1) + b"\n")
    return path


def command(settings: Path) -> list[str]:
    """Command that starts this process for a feed."""
    return [sys.executable, "-m", __name__, "--stages", str(settings)]


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
    options = _options(arguments)
    os.nice(NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO, encoding="ascii")
    stages = msgspec.json.decode(options.stages.read_bytes(), type=dict[str, StageConfig])
    with zmq.Context() as context, context.socket(zmq.DEALER) as feed:
        feed.linger = 0
        server = Server(feed, options.run_dir, options.instrument, stages)
        feed.connect(options.address)
        feed.send(encode(StageHello(CONTRACT_VERSION)))
        _serve(feed, server)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="sequencer.reduction.external.process", description="attached stages"
    )
    for name, kind in (("--stages", Path), ("--address", str), ("--instrument", str), ("--run-dir", Path)):
        parser.add_argument(name, required=True, type=kind)
    return parser.parse_args(arguments)


def _serve(feed: zmq.Socket[bytes], server: Server) -> None:
    """Have every message answered until standard input ends."""
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
