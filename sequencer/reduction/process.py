"""The native reduction stage: `python -m sequencer.reduction.process --address A --run-dir D --instrument I`.

The main thread talks to the feed and always has time for it; one worker thread checks frames and reduces.
There is no clock here. All files are whole or not there, so the process may end at any moment.
"""

from __future__ import annotations

import argparse
import os
import queue
import sys
import threading
import traceback
from pathlib import Path

import msgspec
import zmq

from sequencer.config import load_instrument
from sequencer.reduction.contract import (
    CONTRACT_VERSION,
    BadFrame,
    FrameNotice,
    ProductDone,
    Reduced,
    ReduceTemplate,
    StageHello,
    Taken,
    ToFeed,
    ToStage,
    Working,
    decode_to_stage,
    encode,
)
from sequencer.reduction.reduce import Reduction

NICENESS = 10
"""The sequencer and its devices come first."""
WORKER = "inproc://worker"


class Worker(threading.Thread):
    """Checks and reduces, one job after the other; what it has to say goes to the main thread."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], run_dir: Path, instrument: str) -> None:
        super().__init__(daemon=True)
        self.jobs: queue.Queue[ToStage] = queue.Queue()
        self._context = context
        self._run_dir = run_dir
        self._request = 0
        self._reduction = Reduction(run_dir, load_instrument(instrument), self._progress)

    def run(self) -> None:
        """Work until the process ends."""
        self._out = self._context.socket(zmq.PAIR)
        self._out.connect(WORKER)
        while True:
            job = self.jobs.get()
            if isinstance(job, FrameNotice):
                self._take(job)
            else:
                self._reduce(job)

    def _take(self, notice: FrameNotice) -> None:
        wrong = self._reduction.add(self._run_dir / "raw" / Path(notice.file).name, notice.sha256)
        if wrong:
            self._say(BadFrame(notice.file, wrong))

    def _reduce(self, job: ReduceTemplate) -> None:
        self._request = job.request
        try:
            self._reduction.refresh()
            for record in self._reduction.template(job.template_index):
                self._say(ProductDone(job.request, record))
        except Exception as error:
            traceback.print_exc()
            self._say(Reduced(job.request, f"{type(error).__name__}: {error}"))
        else:
            self._say(Reduced(job.request))

    def _progress(self, text: str) -> None:
        if self._request:
            self._say(Working(self._request, text))

    def _say(self, message: ToFeed) -> None:
        self._out.send(encode(message))


def serve(address: str, run_dir: Path, instrument: str) -> None:
    """Connect to the feed and serve it until standard input ends."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    feed, worker_end = context.socket(zmq.DEALER), context.socket(zmq.PAIR)
    feed.linger = 0
    worker_end.bind(WORKER)
    worker = Worker(context, run_dir, instrument)
    worker.start()
    feed.connect(address)
    feed.send(encode(StageHello(CONTRACT_VERSION)))
    poller = zmq.Poller()
    for end in (feed, worker_end, sys.stdin.fileno()):
        poller.register(end, zmq.POLLIN)
    while True:
        ready = dict(poller.poll())
        if sys.stdin.fileno() in ready and not os.read(sys.stdin.fileno(), 4096):
            return
        if worker_end in ready:
            feed.send(worker_end.recv())
        if feed in ready:
            _receive(feed, worker)


def _receive(feed: zmq.Socket[bytes], worker: Worker) -> None:
    """Queue what the feed sent; a frame notice counts as taken once it is queued."""
    try:
        message = decode_to_stage(feed.recv())
    except msgspec.MsgspecError as error:
        print(f"not a message of this contract: {error}", file=sys.stderr)
        return
    worker.jobs.put(message)
    if isinstance(message, FrameNotice):
        feed.send(encode(Taken(message.seq)))


def main(arguments: list[str] | None = None) -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="sequencer.reduction.process", description="native reduction stage")
    parser.add_argument("--address", required=True, help="ZeroMQ address of the feed")
    parser.add_argument("--run-dir", required=True, type=Path, help="folder of the run")
    parser.add_argument("--instrument", required=True, help="name or file of the instrument")
    options = parser.parse_args(arguments)
    os.nice(NICENESS)
    serve(options.address, options.run_dir, options.instrument)
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
