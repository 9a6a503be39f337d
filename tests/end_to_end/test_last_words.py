"""However a run's last moments go, every device is made safe first, and its outcome and exit code are true."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sequencer.devices.charts import IllegalTrigger
from sequencer.engine.context import RunContext
from sequencer.engine.journal import Record, read_journal
from sequencer.engine.prepare import prepare_script
from sequencer.engine.request import Crashed, Nobody, RunRequest, RunResult
from sequencer.engine.run import run_body
from sequencer.engine.scripting.hands import Hands
from sequencer.engine.signals import Signals
from sequencer.engine.site_watch import SiteNotSafe
from simulators.start import Simulation, start_simulators

Body = Callable[[RunContext], Awaitable[None]]
Drive = Callable[["asyncio.Task[RunResult]"], Awaitable[None]]


class InterruptedAtTheEnd:
    """Simulators during whose farewell somebody presses Ctrl-C."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    async def stop(self) -> None:
        signal.raise_signal(signal.SIGINT)
        await self._simulation.stop()


class BrokenAtTheEnd:
    """Simulators that cannot be stopped in order."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    async def stop(self) -> None:
        await self._simulation.stop()
        raise OSError("no such socket")


async def _nothing(running: asyncio.Task[RunResult]) -> None:
    return None


def run(
    folder: Path,
    body: Body,
    drive: Drive = _nothing,
    signals: Signals | None = None,
    farewell: Callable[[Simulation], Any] = lambda simulation: simulation,
) -> RunResult:
    """A script's body on simulators in virtual time, its shutter open; `drive` has the task that runs it all."""
    prepared = prepare_script(RunRequest(folder / "s.py", "opticam-sim", folder, clock_spec="virtual"), "s")

    async def simulate(*arguments: Any) -> Any:
        return farewell(await start_simulators(*arguments))

    async def opened(run: RunContext) -> None:
        await Hands(run).shutter.open()
        await body(run)

    async def main() -> RunResult:
        whole = run_body(prepared, Nobody(), opened, None, simulate, signals)
        running = asyncio.get_running_loop().create_task(whole)
        await drive(running)
        return await running

    return prepared.clock.run(main())


def made_safe(result: RunResult) -> set[str]:
    records = read_journal(result.run_dir / "journal.sqlite")
    return {
        record.data["device"] for record in records if record.kind == "safe_state" and record.data["reached"]
    }


def test_who_cancels_twice_from_outside_still_gets_the_safe_state(tmp_path: Path) -> None:
    waiting, unwilling = asyncio.Event(), asyncio.Event()

    async def body(run: RunContext) -> None:
        waiting.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            unwilling.set()
        await asyncio.Event().wait()

    async def twice(running: asyncio.Task[RunResult]) -> None:
        await waiting.wait()
        running.cancel()
        await unwilling.wait()
        running.cancel()

    result = run(tmp_path, body, twice)
    assert (result.outcome, result.exit_code) == ("aborted", 1)
    assert "shutter" in made_safe(result)


def test_a_fault_that_cannot_be_told_keeps_nothing_from_being_made_safe(tmp_path: Path) -> None:
    class Wordless(Exception):
        def __str__(self) -> str:
            raise ValueError("no words")

    async def body(run: RunContext) -> None:
        raise Wordless

    result = run(tmp_path, body)
    assert (result.outcome, result.exit_code) == ("failed", 1)
    assert "shutter" in made_safe(result)


def test_who_catches_the_abort_and_ends_well_was_aborted_all_the_same(tmp_path: Path) -> None:
    async def body(run: RunContext) -> None:
        await run.control.request("abort", "test")
        with pytest.raises(asyncio.CancelledError):
            await asyncio.Event().wait()

    result = run(tmp_path, body)
    assert (result.outcome, result.exit_code) == ("aborted", 1)


def test_nothing_opens_any_more_once_the_run_is_aborted(tmp_path: Path) -> None:
    refused: list[str] = []

    async def body(run: RunContext) -> None:
        hands = Hands(run)
        await hands.shutter.close()
        await run.control.request("abort", "test")
        with pytest.raises(asyncio.CancelledError):
            await asyncio.Event().wait()
        with pytest.raises(SiteNotSafe, match="the run is being ended") as refusal:
            await hands.shutter.open()
        refused.append(str(refusal.value))

    assert run(tmp_path, body).outcome == "aborted"
    assert len(refused) == 1


def test_a_signal_while_links_are_closed_does_not_change_how_the_run_ended(tmp_path: Path) -> None:
    async def body(run: RunContext) -> None:
        return None

    with Signals() as signals:
        result = run(tmp_path, body, signals=signals, farewell=InterruptedAtTheEnd)
    assert (result.outcome, result.exit_code) == ("completed", 0)


def test_a_crash_is_one_whatever_else_cannot_be_closed_after_it(tmp_path: Path) -> None:
    """An OSError let through would be told as bad input, after which nothing has moved."""

    async def body(run: RunContext) -> None:
        run.control.chart.fire("halt")  # so that no trigger of the ending is legal

    with pytest.raises(Crashed) as crash:
        run(tmp_path, body, farewell=BrokenAtTheEnd)
    assert isinstance(crash.value.__cause__, IllegalTrigger)
    records = read_journal(crash.value.run_dir / "journal.sqlite")
    assert {record.data["device"] for record in records if record.kind == "safe_state"} >= {
        "shutter",
        "cover",
    }


def test_a_journal_that_is_closed_is_lost_and_the_run_ends_safe(tmp_path: Path) -> None:
    async def body(run: RunContext) -> None:
        run.journal.close()
        run.log("note", text="never written", by="test")

    result = run(tmp_path, body)
    assert (result.outcome, result.exit_code) == ("failed", 1)
    assert {one.data["device"] for one in result.unwritten if one.kind == "safe_state"} >= {
        "shutter",
        "cover",
    }


def test_a_journal_lost_in_the_last_moment_is_no_completed_run(tmp_path: Path) -> None:
    async def body(run: RunContext) -> None:
        def lose(record: Record) -> None:
            if record.kind == "ob_state" and record.data["state"] == "Completed":
                run.journal._db.execute("PRAGMA query_only=ON")

        run.journal.listeners.append(lose)

    result = run(tmp_path, body)
    assert result.exit_code == 1
    assert "run_done" in [record.kind for record in result.unwritten]


def test_a_script_reads_where_a_light_stop_stands(tmp_path: Path) -> None:
    stood: list[object] = []

    async def body(run: RunContext) -> None:
        shutter = Hands(run).shutter
        stood.append(shutter.position)
        await shutter.close()
        stood.append(shutter.position)

    assert run(tmp_path, body).outcome == "completed"
    assert stood == ["OPEN", "CLOSED"]
