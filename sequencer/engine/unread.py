"""Tells, once each, which readings of a device are no numbers and therefore missing from the headers."""

from __future__ import annotations

from typing import Any

from sequencer.devices.client import DeviceClient
from sequencer.devices.state import DeviceState
from sequencer.engine import alarms
from sequencer.engine.context import RunContext


def tell_unread(run: RunContext) -> None:
    """Warn of every reading that is no number now, and of each that becomes none later."""
    for client in run.devices.all:
        _follow(run, client)


def _follow(run: RunContext, client: DeviceClient[Any]) -> None:
    told: set[str] = set()

    def hear(state: DeviceState) -> None:
        for path in sorted(set(state.unread) - told):
            told.add(path)
            alarms.warning(run, f"{client.name} gives no number for {path}: its cards are left out meanwhile")

    client.on_state(hear)
    hear(client.state)
