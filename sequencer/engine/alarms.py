"""What the operator is told when something goes wrong that stops no exposure: what, so what, what to do."""

from __future__ import annotations

import contextlib

from sequencer.engine.context import RunContext
from sequencer.wire.messages import FrameHeader


def warning(run: RunContext, text: str) -> None:
    """Something the operator should know that ends nothing. Never raises: whoever hears a device says this, and trouble
    of the journal is told by whoever writes next.
    """
    with contextlib.suppress(Exception):
        run.log("note", text=text, by="engine", warning=True)


def unplanned_frame(run: RunContext, header: FrameHeader, text: str) -> None:
    """A detector has sent a frame that belongs to no exposure of this run."""
    run.alarm(
        f"{header.device} sent a frame nobody planned ({header.exposure}): {text}",
        "it belongs to an earlier run, or somebody else exposes",
        "look at the folder `unplanned` of this run",
    )


def not_kept(run: RunContext, error: OSError) -> None:
    """The file of what nights teach cannot be written."""
    run.alarm(
        f"{run.rates.file} cannot be written: {error}",
        "what this run taught is lost; the next one begins with what was known before",
        "make room, or give --learned a file that can be written",
    )


def reduction(run: RunContext, text: str) -> None:
    """The reduction stage died, does not answer, or finds a frame broken."""
    run.alarm(
        text,
        "exposing goes on; products may come late, or be missing",
        "when the run is over look at its products; `sequencer reduce` makes them again from the raw frames",
    )
