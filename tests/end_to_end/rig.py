"""Runs observing blocks on simulated devices in virtual time, with an operator who acts at chosen moments."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
import zmq.asyncio

from sequencer.clock import parse_utc
from sequencer.engine.context import RunContext
from sequencer.engine.journal import Record, read_journal
from sequencer.engine.prepare import prepare
from sequencer.engine.request import Nobody, RunRequest, RunResult, Watcher
from sequencer.engine.run import run_body
from sequencer.engine.runner import run_templates
from simulators.start import Simulation, start_simulators
from simulators.world.world import World

SMALL = (64, 64)
"""Detector window of most tests."""

Operator = Callable[[RunContext], Awaitable[None]]

FLATS = {
    "SEQ.CAMERA": ["LM"],
    "SEQ.DIT.FILT.LIST": ["Lp"],
    "SEQ.AIRMASS.LIST": [1.5],
    "SEQ.NEXPO": 2,
    "SEQ.LEVEL.LIST": [],
    "SEQ.DARK.NEXPO": 1,
    "SEQ.DARK.WAIT": 10.0,
}
"""The smallest twilight flats that have every part: wait, preset, set-up, probe, flats, hand-over, darks."""


@dataclass
class Ran:
    """A finished run, its journal, and the simulated world it ran in."""

    result: RunResult
    records: list[Record]
    world: World

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Data of all records of a kind."""
        return [record.data for record in self.records if record.kind == kind]

    @property
    def states(self) -> list[str]:
        """States the observing block went through."""
        return [data["state"] for data in self.of("ob_state")]


def write_ob(
    folder: Path, *calls: tuple[str, dict[str, Any]], instrument: str = "METIS", name: str = "test"
) -> Path:
    """An observing block as a file."""
    templates = [{"template": template, "parameters": parameters} for template, parameters in calls]
    path = folder / "ob.yaml"
    path.write_text(
        yaml.safe_dump({"name": name, "instrument": instrument, "programme": "test", "templates": templates})
    )
    return path


def run(
    folder: Path,
    ob: Path,
    deployment: str = "metis-sim",
    *,
    operator: Operator | None = None,
    window_px: tuple[int, int] | None = SMALL,
    seed: int = 1,
    start_s: float | None = None,
    until_s: float | None = None,
    context: Callable[[], zmq.asyncio.Context] | None = None,
    watcher: Watcher | None = None,
    learned: Path | None = None,
    reduced: bool = False,
    spoil: Callable[[Simulation], None] | None = None,
    hardware: Mapping[str, Callable[..., Any]] | None = None,
) -> Ran:
    """Execute a block to its end; `operator` acts beside it on the running context, `watcher` looks on.

    Only who looks at products has its frames `reduced`: that doubles what a run costs. `spoil` may break something of
    the simulated devices and their world before the run begins; `hardware` {kind: server} stands in for the simulators
    of those kinds.
    """
    request = RunRequest(
        ob, deployment, folder / "runs", start_s, until_s, "virtual", seed, window_px, learned
    )
    prepared = replace(prepare(request), reduces=reduced)
    acting: list[asyncio.Future[None]] = []
    simulations: list[Simulation] = []

    async def simulate(*arguments: Any) -> Simulation:
        simulations.append(await start_simulators(*arguments, hardware=hardware or {}))
        if spoil is not None:
            spoil(simulations[0])
        return simulations[0]

    async def body(run: RunContext) -> None:
        if operator is not None:
            acting.append(asyncio.ensure_future(operator(run)))
            acting[0].add_done_callback(lambda done: _give_up(run, done))
        await run_templates(run)

    async def main() -> RunResult:
        result = await run_body(prepared, watcher or Nobody(), body, context() if context else None, simulate)
        for task in acting:
            assert task.done(), "the moment the operator waited for never came"
            task.result()
        return result

    result = prepared.clock.run(main())
    return Ran(result, read_journal(result.run_dir / "journal.sqlite"), simulations[0].world)


def _give_up(run: RunContext, operator: asyncio.Future[None]) -> None:
    """End the run of an operator who failed: nobody would resume it."""
    if not operator.cancelled() and operator.exception() is not None and run.control.cancel is not None:
        run.control.cancel()


def when(moment: Callable[[Record], bool], act: Callable[[RunContext], Awaitable[None]]) -> Operator:
    """An operator who acts once, as soon as the journal shows a moment."""

    async def operator(run: RunContext) -> None:
        seen = asyncio.Event()

        def look(record: Record) -> None:
            if moment(record):
                seen.set()

        run.journal.listeners.append(look)
        await seen.wait()
        run.journal.listeners.remove(look)
        await act(run)

    return operator


def entered(state: str) -> Callable[[Record], bool]:
    """The moment a template says that it is in a state."""
    return lambda record: record.kind == "template_state" and record.data["state"] == state


def at(utc: str) -> float:
    """Unix seconds of a moment in UTC."""
    return parse_utc(utc)


DEVICES: dict[str, dict[str, dict[str, str]]] = {}
"""Devices of an instrument's deployment by name."""

METIS_DEVICES = DEVICES["metis"] = {
    "telescope": {"kind": "telescope"},
    "mechanisms": {"kind": "mechanisms"},
    "sources": {"kind": "sources"},
    "site": {"kind": "site"},
    "detector_lm": {"kind": "detector", "camera": "LM"},
    "detector_n": {"kind": "detector", "camera": "N"},
    "detector_ifu": {"kind": "detector", "camera": "IFU"},
}


DEVICES["opticam"] = {
    **{name: {"kind": name} for name in ("telescope", "cover", "shutter", "mechanisms", "site")},
    "detector": {"kind": "detector", "camera": "CCD"},
}


def write_deployment(
    folder: Path,
    endpoint: Callable[[str], str],
    *,
    instrument: str = "metis",
    real: Sequence[str] = (),
    window_px: tuple[int, int] = SMALL,
    start: str = "2027-03-20T09:24:00",
) -> Path:
    """A deployment as a file; `endpoint` gives each device's address, `real` names those that are hardware."""
    devices = {
        name: {**device, "endpoint": endpoint(name), "simulated": name not in real}
        for name, device in DEVICES[instrument].items()
    }
    path = folder / "here.yaml"
    path.write_text(
        yaml.safe_dump(
            {
                "name": "here",
                "instrument": instrument,
                "start": start,
                "window_px": list(window_px),
                "devices": devices,
            },
            sort_keys=False,
        )
    )
    return path
