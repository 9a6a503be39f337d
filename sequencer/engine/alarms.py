"""What the operator is told when something goes wrong that stops no exposure: what, so what, what to do."""

from __future__ import annotations

from collections.abc import Sequence

from sequencer.engine.context import RunContext
from sequencer.wire.messages import FrameHeader


def warning(run: RunContext, text: str) -> None:
    """Something the operator should know that ends nothing."""
    run.log("note", text=text, by="engine", warning=True)


def unplanned_frame(run: RunContext, header: FrameHeader, text: str) -> None:
    """A detector has sent a frame that belongs to no exposure of this run."""
    run.alarm(
        f"{header.device} sent a frame nobody planned ({header.exposure}): {text}",
        "it belongs to an earlier run, or somebody else exposes",
        "look at the folder `unplanned` of this run",
    )


def impossible_frame(run: RunContext, detector: str, exposure: str, why: str) -> None:
    """A detector has delivered what cannot be true of light and silicon."""
    run.alarm(
        f"{detector}: the frame of exposure {exposure} cannot be true: {why}",
        "it is marked impossible, not counted and teaches nothing; the next one is taken",
        "look at the detector, its electronics and its cables",
    )


def light_in_a_dark(run: RunContext, camera: str, what: str) -> None:
    """A dark has not the level that a closed detector gives."""
    run.alarm(
        f"{camera}: {what}",
        "the frame is marked, not counted and goes into no master dark; another one is taken",
        "look for light (lamps, the dome, a stop that leaks though it reads back closed); persistence fades by itself",
    )


def not_kept(run: RunContext, error: OSError) -> None:
    """The file of what nights teach cannot be written."""
    run.alarm(
        f"{run.rates.file} cannot be written: {error}",
        "what this run taught is lost; the next one begins with what was known before",
        "make room, or give --learned a file that can be written",
    )


def no_journal(run: RunContext, why: str) -> None:
    """The journal cannot be written: the run ends here, safe."""
    run.alarm(
        f"the journal cannot be written: {why}",
        "the run ends here and is made safe; what comes after this is in no journal",
        "look at the disk, then run the block again",
    )
    run.control.break_off(f"the journal cannot be written: {why}")


def no_display(run: RunContext, error: Exception) -> None:
    """Whoever looked on at the run has failed: a terminal that closed, a listener's fault."""
    run.alarm(
        f"the display of this run has failed: {type(error).__name__}: {error}",
        "the run goes on unseen",
        "`sequencer status` shows it in another terminal",
    )


def site_not_safe(run: RunContext, reasons: str) -> None:
    """Weather or roof, or their silence, while something is open to them."""
    run.alarm(
        f"the site is not safe: {reasons}",
        "everything is closed and the block ends here; what was taken is kept and reduced",
        "run the block again when the site is safe",
    )
    run.control.break_off(f"the site is not safe: {reasons}")


def restarted(run: RunContext, device: str) -> None:
    """A device is another incarnation than the one this run brought up: where it stands nobody knows."""
    run.alarm(
        f"{device} was restarted",
        "what it had been told is forgotten; the light closes and the run ends here",
        f"look at {device}, then run the block again",
    )
    run.control.break_off(f"{device} was restarted")


def reduction(run: RunContext, text: str) -> None:
    """The reduction stage died, does not answer, or finds a frame broken."""
    run.alarm(
        text,
        "exposing goes on; products may come late, or be missing",
        "when the run is over look at its products; `sequencer reduce` makes them again from the raw frames",
    )


def missing_products(run: RunContext, missing: Sequence[str]) -> None:
    """The frames are there, and what was to be made of them is not."""
    run.alarm(
        f"completed, but {number_missing(missing)}: {'; '.join(missing)}",
        "the block is executed (X), not completed (C), and the exit code is 1; no frame is lost",
        "`sequencer reduce` makes products again from the raw frames; what the frames are worth stands in the journal",
    )


def number_missing(missing: Sequence[str]) -> str:
    """How many products are missing, in words."""
    return "1 product is missing" if len(missing) == 1 else f"{len(missing)} products are missing"
