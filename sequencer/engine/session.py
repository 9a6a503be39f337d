"""Opens and closes a run: folder, journal, simulators, devices, acquisition, reduction, operator's line."""

from __future__ import annotations

import os
import platform
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import zmq.asyncio

from sequencer.acquisition import Acquisition, file_names
from sequencer.acquisition.files import fits_files, header_files
from sequencer.config.models import Deployment, DeviceConfig
from sequencer.devices.connect import Devices, connect_devices
from sequencer.devices.lightpath import LightStop, light_stop
from sequencer.engine import alarms
from sequencer.engine.context import RunContext
from sequencer.engine.control import Control
from sequencer.engine.feed import Feed, NoReduction
from sequencer.engine.freshness import keep_fresh
from sequencer.engine.journal import Journal
from sequencer.engine.operator import OperatorDesk
from sequencer.engine.prepare import Prepared
from sequencer.engine.rates import Rates
from sequencer.engine.request import Watcher
from sequencer.engine.run_folder import new_folder, run_id
from sequencer.engine.safing import let_go
from sequencer.engine.site_watch import SiteWatch
from sequencer.engine.status import Status
from sequencer.engine.time_left import TimeLeft
from sequencer.reduction.external.feed import AttachedFeed
from sequencer.sky import SunTrack

SUN_TRACK_S = (-3600.0, 30.0 * 3600.0)
"""Span of the Sun's track around the start of a run."""

Simulate = Callable[..., Any]
"""Starts the simulated devices of a deployment in this process (simulators.start.start_simulators)."""


@asynccontextmanager
async def open_run(
    prepared: Prepared,
    watcher: Watcher,
    context: zmq.asyncio.Context | None = None,
    simulate: Simulate | None = None,
) -> AsyncIterator[RunContext]:
    """Everything a run needs, connected; afterwards everything closed again, leases given back.

    Simulators that run in this process are behind in-memory sockets; `simulate` starts them, by default
    `simulators.start.start_simulators`. Raises ConnectErrors when devices do not answer: then nothing has moved.
    """
    async with AsyncExitStack() as stack:
        context = context or zmq.asyncio.Context()
        stack.callback(context.destroy, 200)
        deployment = prepared.deployment
        if prepared.simulate:
            deployment = in_memory(deployment)
            simulation = await (simulate or _start_simulators())(
                deployment,
                prepared.instrument,
                prepared.place,
                prepared.clock,
                prepared.request.seed,
                context,
            )
            stack.push_async_callback(simulation.stop)
        devices = await connect_devices(deployment, prepared.clock, _owner(prepared), context)
        stack.push_async_callback(let_go, devices, prepared.clock)
        run = await _assemble(prepared, deployment, devices, context, stack)
        await run.feed.start()
        stack.push_async_callback(run.feed.close)
        desk = OperatorDesk(run, context)
        await desk.start()
        stack.push_async_callback(desk.stop)
        stack.callback(keep_fresh(run, desk, watcher).cancel)
        watch = SiteWatch(run, prepared.place.weather)
        stack.push_async_callback(watch.stop)
        watch.start()
        yield run


async def _assemble(
    prepared: Prepared,
    deployment: Deployment,
    devices: Devices,
    context: zmq.asyncio.Context,
    stack: AsyncExitStack,
) -> RunContext:
    """Folder, journal and acquisition of a new run, and all else it works with; `stack` closes them."""
    clock, instrument, request = prepared.clock, prepared.instrument, prepared.request
    base = run_id(prepared.ob.name, instrument.name, request.seed, prepared.started_s)
    name, run_dir = new_folder(request.out, base, rehearsal=request.rehearsal)
    journal = Journal(run_dir / "journal.sqlite")
    journal.on_lost = lambda why: alarms.no_journal(run, why)
    journal.on_deaf = lambda error: alarms.no_display(run, error)
    stack.callback(journal.close)
    acquisition = Acquisition(
        run_dir / "raw",
        clock,
        instrument,
        context=context,
        on_unplanned=lambda header, text: alarms.unplanned_frame(run, header, text),
        reserve=header_files(run_dir / "headers") if request.rehearsal else fits_files(run_dir / "raw"),
    )
    stack.push_async_callback(acquisition.close)
    for device in devices.all:
        device.link.on_restart = partial(lambda name: alarms.restarted(run, name), device.name)
    for detector in devices.detectors.values():
        await acquisition.attach(detector)
    run = RunContext(
        run_id=name,
        run_dir=run_dir,
        seed=request.seed,
        clock=clock,
        instrument=instrument,
        deployment=deployment,
        site=prepared.site,
        ob=prepared.ob,
        journal=journal,
        control=Control(clock, journal),
        status=Status(run=name, ob=prepared.ob.name, disk_needed_mb=prepared.disk_bytes / 1e6),
        devices=devices,
        shutter=_stop("shutter", instrument.shutter, devices.mechanisms, devices.shutter),
        cover=_stop("cover", instrument.cover, devices.mechanisms, devices.cover),
        acquisition=acquisition,
        names=file_names(run_dir / "raw", instrument),
        feed=_feed(prepared, run_dir),
        sun=SunTrack.over(prepared.site, *(prepared.started_s + span for span in SUN_TRACK_S)),
        rates=Rates(
            instrument, deployment.name, name, prepared.learned, prepared.learned_file, prepared.durations
        ),
        rehearsal=request.rehearsal,
        until_s=request.until_s,
        started_s=prepared.started_s,
    )
    if run.ob.templates:
        run.time_left = TimeLeft(run)
    run.feed.on_alarm = lambda text: alarms.reduction(run, text)
    run.feed.on_product = lambda record: run.log("product", **msgspec.to_builtins(record))
    return run


def _feed(prepared: Prepared, run_dir: Path) -> Feed:
    if not prepared.reduces:
        return NoReduction()
    deployment = prepared.deployment
    return AttachedFeed(run_dir, deployment.instrument, prepared.clock, deployment.stages)


def _owner(prepared: Prepared) -> str:
    """Who holds the devices: no other run may share the name, or it would take them over."""
    if prepared.simulate:
        return "sequencer"
    return f"the run of '{prepared.ob.name}' in process {os.getpid()} on {platform.node()}"


def in_memory(deployment: Deployment) -> Deployment:
    """The same deployment with every device behind an in-memory socket."""
    devices: dict[str, DeviceConfig] = {
        name: msgspec.structs.replace(device, endpoint=f"inproc://{deployment.name}.{name}")
        for name, device in deployment.devices.items()
    }
    return msgspec.structs.replace(deployment, devices=devices)


def _start_simulators() -> Simulate:
    from importlib import import_module

    return import_module("simulators.start").start_simulators  # type: ignore[no-any-return]


def _stop(role: str, config: Any, mechanisms: Any, device: Any) -> LightStop | None:
    if not config.mechanism and device is None:
        return None
    return light_stop(config, role, mechanisms, device)
