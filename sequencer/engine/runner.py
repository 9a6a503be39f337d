"""Executes the templates of one observing block and ends safe, whatever happens."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from sequencer.acquisition import AcquisitionError
from sequencer.clock import iso
from sequencer.engine import alarms, late
from sequencer.engine.context import RunContext
from sequencer.engine.control import Interruption, SkipTemplate, StopRequested
from sequencer.engine.executed import note_ended, note_started
from sequencer.engine.observation import Observation
from sequencer.engine.request import EXIT_COMPLETED, EXIT_ENDED_SAFE, EXIT_NOT_SAFE
from sequencer.engine.safing import make_safe
from sequencer.engine.script_error import ScriptError
from sequencer.engine.unread import tell_unread
from sequencer.observing import TemplateCall

ENDINGS = {
    "completed": ("complete", EXIT_COMPLETED),
    "stopped": ("stop", EXIT_ENDED_SAFE),
    "aborted": ("abort", EXIT_ENDED_SAFE),
    "failed": ("fail", EXIT_ENDED_SAFE),
    "halted": ("halt", EXIT_NOT_SAFE),
}
"""Outcome -> (trigger of the block's state machine, exit code once safe)."""

UNWILLING = 3
"""How often a body is cancelled before it is left to itself."""

AGAIN_S = 1.0
"""Liveness seconds between two cancellations: time to clean up (assumed)."""

T = TypeVar("T")
Body = Callable[[RunContext], Awaitable[None]]


def begin(run: RunContext, warnings: Sequence[str] = ()) -> None:
    """Write down what is about to run, and what validation warned of."""
    run.log(
        "run_started",
        run=run.run_id,
        ob=run.ob.name,
        instrument=run.instrument.name,
        programme=run.ob.programme,
        deployment=run.deployment.name,
        clock=run.clock.kind,
        seed=run.seed,
        started=iso(run.started_s),
        templates=[call.name for call in run.ob.templates],
        reduces=run.feed.reduces and bool(run.ob.templates),
        disk_needed_mb=round(run.status.disk_needed_mb or 0.0, 1),
    )
    if any(one.simulated and not one.endpoint.startswith("inproc:") for one in run.deployment.devices.values()):
        text = "the seed of the devices simulated elsewhere is their own, not the run's"
        run.log("note", text=text, by="engine")
    for text in warnings:
        run.log("note", text=text, by="engine", warning=True)
    note_started(run)
    run.control.trigger("validate")
    run.control.trigger("start")


async def execute(run: RunContext, body: Body, warnings: Sequence[str] = ()) -> tuple[str, int]:
    """Run a body (the templates of a block, a script) to its end; returns (outcome, exit code).

    Whatever ends it, every device is made safe, but after `halt`; then what was taken is reduced.
    """
    begin(run, warnings)
    task = asyncio.get_running_loop().create_task(_brought_up(run, body))
    run.control.cancel = task.cancel
    try:
        ended = await _outcome(run, task)
    except Exception as error:  # how it ended cannot be told: no reason not to make safe
        ended = "failed", f"the body ended with a fault that cannot be told: {type(error).__name__}"
        run.alarm(ended[1], "the block ends here", "look at the journal for the last step")
    return await end(run, *ended)


async def end(run: RunContext, outcome: str, reason: str = "") -> tuple[str, int]:
    """Make every device safe, unless halted, and write down how the run ended; returns (outcome, exit code).

    Nothing comes before making safe, and nothing that fails or is cancelled keeps it from being done.
    """
    ending = asyncio.get_running_loop().create_task(_end(run, outcome, reason))
    return await unbroken(ending)


async def _end(run: RunContext, outcome: str, reason: str) -> tuple[str, int]:
    safe = outcome != "halted" and await make_safe(run, reason)
    run.control.cancel = None
    if run.control.ending == "halt":
        outcome, reason = "halted", "halted by the operator"
        run.devices.end_safe = False  # they are the operator's now, as they stand
    elif run.control.broken_off and outcome == "completed":
        outcome, reason = "failed", run.control.broken_off
    trigger, code = ENDINGS[outcome]
    run.control.trigger(trigger, reason)
    try:
        await late.collect(run)
        if await _conclude(run, outcome) and code == EXIT_COMPLETED:
            code = EXIT_ENDED_SAFE
    except Exception as error:  # the devices are safe; this must not look as if they were not
        run.alarm(
            f"the end of the run broke off: {type(error).__name__}: {error}",
            "every device is as told above; products, the block's letter or what the night taught may be missing",
            "`sequencer reduce` makes products and report again",
        )
        outcome, code = ("failed", EXIT_ENDED_SAFE) if outcome == "completed" else (outcome, code)
    run.log("run_done", outcome=outcome, ended=iso(run.clock.now()))
    if run.journal.lost and code == EXIT_COMPLETED:
        code = EXIT_ENDED_SAFE  # it was lost at the very end: what is on disk does not tell of a completed run
    return outcome, code if safe else EXIT_NOT_SAFE


async def _conclude(run: RunContext, outcome: str) -> list[str]:
    """What is left when every device is safe: keep what was learned, reduce, give the block its letter; returns the
    products that were promised and are missing."""
    try:
        run.rates.keep(run.run_dir / "journal.sqlite")
    except OSError as error:
        alarms.not_kept(run, error)
    if run.control.ending in ("", "stop") and not run.control.hurried:
        reducing = asyncio.get_running_loop().create_task(_reduce_the_rest(run))
        run.control.cancel = reducing.cancel
        await asyncio.wait({reducing})
        if not reducing.cancelled():
            reducing.result()
    return note_ended(run, outcome)


async def _reduce_the_rest(run: RunContext) -> None:
    """Reduce what the last template has left, and wait for the attached stages; abort ends the waiting."""
    if run.unreduced:
        await reduce_template(run, run.template_name, last=True)
    with run.doing("waiting for the attached stages"):
        await run.feed.finish()


async def unbroken(task: asyncio.Task[T]) -> T:
    """Result of a task that goes on although its waiter is cancelled; the cancellation is raised afterwards."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    return task.result()


async def run_templates(run: RunContext) -> None:
    """Execute the templates of the block, one after the other; each one's frames are reduced when it ends, those of
    the last one, or of one that did not come to its end, when every device is safe."""
    for index, call in enumerate(run.ob.templates):
        run.template_index = index
        begin_template(run, call)
        outcome = "failed"
        try:
            await run.time_left.template_begins()
            outcome = await _run_template(run, call)
        except StopRequested:
            outcome = "stopped"
            raise
        except asyncio.CancelledError:
            outcome = "failed" if run.control.broken_off else "aborted"
            raise
        finally:
            run.log("template_done", index=index, name=call.name, outcome=outcome)
            if learned := run.rates.plain():
                run.log("learned", rates=learned)
        await run.time_left.template_over()
        if index + 1 < len(run.ob.templates):
            await reduce_template(run, call.name, last=False)
        await run.control.checkpoint()


def begin_template(run: RunContext, call: TemplateCall) -> None:
    """Write down which template begins, with its parameters."""
    run.template_name, run.procedure = call.name, call.signature.script
    run.template_started_s = run.clock.now()
    run.unreduced = True
    run.status.template = call.name
    run.log(
        "template_started",
        index=run.template_index,
        name=call.name,
        procedure=call.signature.procedure,
        parameters=call.parameters,
    )


def load_procedure(call: TemplateCall) -> Any:
    """The module of a template's procedure; its `run(observation, parameters)` carries it out."""
    return importlib.import_module(f"templates.{call.signature.procedure}")


async def reduce_template(run: RunContext, name: str, *, last: bool) -> None:
    """Have the frames of the present template reduced, and write its products down. `last`: nothing follows."""
    run.status.template_state = "Reducing"
    run.control.reducing = "last template" if last else "template"
    try:
        with run.doing("reducing"):
            run.log("template_state", state="Reducing")
            for product in await run.feed.template_ended(run.template_index, name):
                run.log("product", **msgspec.to_builtins(product))
        run.unreduced = False
    finally:
        run.control.reducing = ""


async def _run_template(run: RunContext, call: TemplateCall) -> str:
    try:
        await load_procedure(call).run(Observation(run, call), call.parameters)
    except SkipTemplate as skip:
        run.log("note", text=f"template {skip}", by="engine")
        return "skipped"
    return "completed"


async def _brought_up(run: RunContext, body: Body) -> None:
    """Bring the devices up, then do the body's work: from here on something may have moved."""
    await bring_up(run)
    await body(run)


async def bring_up(run: RunContext) -> None:
    """Every device to Operational, every detector to the deployment's window. Raises what devices raise."""
    run.devices.end_safe = True
    await run.devices.bring_up()
    tell_unread(run)
    if run.deployment.window_px is None:
        return
    for camera, client in run.devices.detectors.items():
        config = run.instrument.detectors[camera]
        mode = config.modes[config.default_mode]
        await client.configure(config.default_mode, mode.min_dit_s, 1, run.deployment.window_px)


async def _outcome(run: RunContext, task: asyncio.Task[None]) -> tuple[str, str]:
    """How the body ended, and why. A cancellation from outside (of a notebook's cell) counts as abort."""
    try:
        await _ended(run, task)
    except asyncio.CancelledError:
        run.control.ending = run.control.ending or "abort"
        with suppress(asyncio.CancelledError):  # whoever cancels again is in a hurry; making safe still has to come
            await unbroken(asyncio.ensure_future(_ended(run, task)))
    return ending_of(run, asyncio.CancelledError() if not task.done() or task.cancelled() else task.exception())


def ending_of(run: RunContext, error: BaseException | None) -> tuple[str, str]:
    """Outcome of work by what it raised, and why; the operator is told of a fault."""
    if run.control.ending == "halt":
        return "halted", "halted by the operator"
    if run.control.broken_off and run.control.ending != "abort":
        return "failed", run.control.broken_off
    if isinstance(error, asyncio.CancelledError) or (error is None and run.control.ending == "abort"):
        return "aborted", "aborted by the operator"
    if error is None:
        return "completed", ""
    if isinstance(error, Interruption):
        return "stopped", str(error)
    text = str(error) if isinstance(error, ScriptError) else f"{type(error).__name__}: {error}"
    run.alarm(text, "the block ends here", _advice(error))
    return "failed", text


async def _ended(run: RunContext, task: asyncio.Task[None]) -> None:
    """Wait until the body has ended. One that swallows its cancellation is cancelled again, and then left to itself:
    making safe must not wait for it."""
    await run.control.end_of(task)
    for _ in range(UNWILLING):
        if task.done():
            return
        task.cancel()
        try:
            await run.clock.wait_for(asyncio.ensure_future(asyncio.wait({task})), AGAIN_S, "engine.body")
        except TimeoutError:
            continue
    run.alarm(
        f"{run.template_name or 'the block'} goes on although it was ended",
        "every device is made safe all the same",
        "look for code that catches every exception, CancelledError among them",
    )


def _advice(error: BaseException) -> str:
    if isinstance(error, ScriptError):
        return error.advice
    if isinstance(error, AcquisitionError):
        return "look at the disk and the detector; frames the detector still holds are not lost"
    return "look at the device named, then run the block again"
