"""Executes the templates of one observing block and ends safe, whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from sequencer.acquisition import AcquisitionError
from sequencer.clock import iso
from sequencer.engine import alarms
from sequencer.engine.context import RunContext
from sequencer.engine.control import Interruption, SkipTemplate, StopRequested
from sequencer.engine.executed import note_ended, note_started
from sequencer.engine.observation import Observation
from sequencer.engine.request import EXIT_COMPLETED, EXIT_ENDED_SAFE, EXIT_NOT_SAFE
from sequencer.engine.safing import make_safe
from sequencer.engine.script_error import ScriptError
from sequencer.observing import TemplateCall

ENDINGS = {
    "completed": ("complete", EXIT_COMPLETED),
    "stopped": ("stop", EXIT_ENDED_SAFE),
    "aborted": ("abort", EXIT_ENDED_SAFE),
    "failed": ("fail", EXIT_ENDED_SAFE),
}
"""Outcome -> (trigger of the block's state machine, exit code once safe)."""

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

    Whatever ends it, what was taken is reduced and every device is made safe, but after `halt`.
    """
    begin(run, warnings)
    task = asyncio.get_running_loop().create_task(_settle(body(run)))
    run.control.cancel = task.cancel
    return await end(run, *await _outcome(run, task))


async def end(run: RunContext, outcome: str, reason: str = "") -> tuple[str, int]:
    """Make every device safe, unless halted, and write down how the run ended; returns (outcome, exit code)."""
    code = EXIT_NOT_SAFE
    if outcome != "halted":
        run.control.trigger("make_safe", reason)
        safe = await make_safe(run)
        trigger, ending_code = ENDINGS[outcome]
        if run.control.ending == "halt":
            outcome, reason = "halted", "halted by the operator"
        else:
            run.control.trigger(trigger, reason)
            code = ending_code if safe else EXIT_NOT_SAFE
    if outcome == "halted":
        run.control.trigger("halt", reason)
    _keep_learned(run)
    note_ended(run, outcome)
    if run.control.ending in ("", "stop"):
        await _finish_reduction(run)
    run.log("run_done", outcome=outcome, ended=iso(run.clock.now()))
    return outcome, code


def _keep_learned(run: RunContext) -> None:
    try:
        run.rates.keep(run.run_dir / "journal.sqlite")
    except OSError as error:
        alarms.not_kept(run, error)


async def _finish_reduction(run: RunContext) -> None:
    """Wait for the attached stages, now that every device is safe. Ctrl-C ends the waiting, not the run."""
    with run.doing("waiting for the attached stages"), contextlib.suppress(asyncio.CancelledError):
        await run.feed.finish()


async def run_templates(run: RunContext) -> None:
    """Execute the templates of the block, one after the other; each one's frames are reduced when it ends."""
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
            outcome = "aborted"
            raise
        finally:
            run.log("template_done", index=index, name=call.name, outcome=outcome)
            if learned := run.rates.plain():
                run.log("learned", rates=learned)
            if outcome in ("completed", "skipped"):
                await run.time_left.template_over()
            if run.control.ending in ("", "stop"):
                goes_on = outcome in ("completed", "skipped") and index + 1 < len(run.ob.templates)
                await reduce_template(run, call.name, last=not goes_on)
        await run.control.checkpoint()


def begin_template(run: RunContext, call: TemplateCall) -> None:
    """Write down which template begins, with its parameters."""
    run.template_name, run.procedure = call.name, call.signature.script
    run.template_started_s = run.clock.now()
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
    with run.doing("reducing"):
        run.log("template_state", state="Reducing")
        for product in await run.feed.template_ended(run.template_index, name):
            run.log("product", **msgspec.to_builtins(product))
    run.control.reducing = ""


async def _run_template(run: RunContext, call: TemplateCall) -> str:
    try:
        await load_procedure(call).run(Observation(run, call), call.parameters)
    except SkipTemplate as skip:
        run.log("note", text=f"template {skip}", by="engine")
        return "skipped"
    return "completed"


async def _settle(work: Awaitable[None]) -> None:
    await work


async def _outcome(run: RunContext, task: asyncio.Task[None]) -> tuple[str, str]:
    """How the body ended, and why. A cancellation from outside (Ctrl-C) counts as abort."""
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        run.control.ending = run.control.ending or "abort"
        task.cancel()
        await asyncio.wait({task})
    if task.cancelled():
        halted = run.control.ending == "halt"
        return ("halted", "halted by the operator") if halted else ("aborted", "aborted by the operator")
    error = task.exception()
    if error is None:
        return "completed", ""
    if isinstance(error, Interruption):
        return "stopped", str(error)
    text = str(error) if isinstance(error, ScriptError) else f"{type(error).__name__}: {error}"
    run.alarm(text, "the block ends here", _advice(error))
    return "failed", text


def _advice(error: BaseException) -> str:
    if isinstance(error, ScriptError):
        return error.advice
    if isinstance(error, AcquisitionError):
        return "look at the disk and the detector; frames the detector still holds are not lost"
    return "look at the device named, then run the block again"
