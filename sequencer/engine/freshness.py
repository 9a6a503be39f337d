"""Keeps the status of a run fresh, for the screen and for those who ask over the wire."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from contextlib import suppress

import msgspec

from sequencer.clock import Clock
from sequencer.devices.lightpath import LightStop
from sequencer.engine import alarms
from sequencer.engine.context import RunContext
from sequencer.engine.journal import Record
from sequencer.engine.operator import OperatorDesk
from sequencer.engine.request import Watcher

STATUS_EVERY_S = {"wall": 1.0, "scaled": 1.0, "virtual": 60.0}


def keep_fresh(run: RunContext, desk: OperatorDesk, watcher: Watcher) -> asyncio.Task[None]:
    """Bring the status up to date after each record and every second, and tell the watcher; cancel it to end."""

    watching = True

    def show(tell: Callable[[], object]) -> None:
        """A display that fails is looked at no more; the run goes on without it."""
        nonlocal watching
        try:
            if watching:
                tell()
        except Exception as error:
            watching = False
            alarms.no_display(run, error)

    def on_record(record: Record) -> None:
        show(lambda: watcher.on_record(record))
        refresh(run)
        show(lambda: watcher.on_status(run.status))

    async def tick() -> None:
        while True:
            refresh(run)
            show(lambda: watcher.on_status(run.status))
            desk.server.publish(dict(msgspec.to_builtins(run.status)))
            await run.clock.sleep(STATUS_EVERY_S[run.clock.kind] * run.clock.rate, "engine.status")

    run.journal.listeners.append(on_record)
    return asyncio.get_running_loop().create_task(tick())


def refresh(run: RunContext) -> None:
    """Bring what the status derives from the devices and the clock up to date."""
    status, clock = run.status, run.clock
    status.utc_s = clock.now()
    status.ob_state = run.control.state
    status.pausing = run.control.pausing
    status.sun_altitude_deg = run.sun_altitude_deg(status.utc_s)
    status.reduction_lag = run.feed.lag
    run.time_left.tell()
    with suppress(OSError):  # a disk that has gone is the acquisition's and the journal's to complain of
        status.disk_free_mb = shutil.disk_usage(run.run_dir).free / 1e6
    if run.window is not None:
        end_s = run.window.end_s if run.until_s is None else min(run.until_s, run.window.end_s)
        status.minutes_left = max(0.0, (end_s - status.utc_s) / 60.0)
    if run.shutter is not None:
        status.light_stop = run.shutter.position
        status.light_stop_age_s = _age(run.shutter, clock)


def _age(stop: LightStop, clock: Clock) -> float:
    return stop.read_back_age_s() * clock.rate if clock.kind == "scaled" else stop.read_back_age_s()
