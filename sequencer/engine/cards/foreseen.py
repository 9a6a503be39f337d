"""What header cards are made from before the night: devices as they will stand, at the start of a block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sequencer.clock import VirtualClock
from sequencer.config.models import Deployment, Instrument
from sequencer.devices.detector import DetectorState
from sequencer.devices.mechanisms import MechanismsState
from sequencer.devices.sources import SourcesState, SourceState
from sequencer.devices.telescope import TelescopeState
from sequencer.observing import OB
from sequencer.sky import Site, airmass

AMBIENT_K = 280.0
"""Any temperature will do that a telescope can have."""


@dataclass(frozen=True)
class ForeseenDevice:
    """A device before it is asked: its name, whether simulated, and a state it will have."""

    name: str
    simulated: bool
    state: Any


@dataclass(frozen=True)
class ForeseenStop:
    """A light stop before it is asked."""

    name: str
    simulated: bool
    position: str = "CLOSED"


@dataclass(frozen=True)
class ForeseenDevices:
    """The devices cards speak of; None where the deployment has none of a kind."""

    telescope: ForeseenDevice | None
    mechanisms: ForeseenDevice | None
    sources: ForeseenDevice | None
    detectors: dict[str, ForeseenDevice]


@dataclass(frozen=True)
class Foreseen:
    """A run that has not begun, as cards see it; the fields are those of RunContext."""

    instrument: Instrument
    site: Site
    ob: OB
    clock: VirtualClock
    devices: ForeseenDevices
    shutter: ForeseenStop | None
    cover: ForeseenStop | None
    started_s: float
    seed: int = 1
    exposures: int = 1
    template_index: int = 0
    template_name: str = ""
    procedure: str = ""

    @property
    def template_started_s(self) -> float:
        """The block's start will do for each of its templates."""
        return self.started_s


def foreseen_devices(
    instrument: Instrument, deployment: Deployment, positions: dict[str, str], *, on_sky: bool
) -> ForeseenDevices:
    """The devices of a deployment with the mechanisms in these positions, and what light a telescope sees."""
    altitude_deg = 0.5 * sum(instrument.telescope.altitude_deg)
    pointing = TelescopeState(
        altitude_deg=altitude_deg, airmass=float(airmass(altitude_deg)), tracking=on_sky, ambient_k=AMBIENT_K
    )
    off = {name: SourceState(kind=source.kind, on=False) for name, source in instrument.sources.items()}
    states = {
        "telescope": pointing,
        "mechanisms": MechanismsState(positions=positions),
        "sources": SourcesState(sources=off),
    }
    found = {
        device.kind: ForeseenDevice(name, device.simulated, states[device.kind])
        for name, device in deployment.devices.items()
        if device.kind in states
    }
    detectors = {
        device.camera: ForeseenDevice(name, device.simulated, _idle(instrument, deployment, device.camera))
        for name, device in deployment.devices.items()
        if device.kind == "detector"
    }
    return ForeseenDevices(found.get("telescope"), found.get("mechanisms"), found.get("sources"), detectors)


def foreseen_stop(instrument: Instrument, deployment: Deployment, role: str) -> ForeseenStop | None:
    """Shutter or cover: a device of that role, or positions of a mechanism."""
    config = instrument.shutter if role == "shutter" else instrument.cover
    kind = "mechanisms" if config.mechanism else role
    for name, device in deployment.devices.items():
        if device.kind == kind:
            return ForeseenStop(name, device.simulated)
    return None


def _idle(instrument: Instrument, deployment: Deployment, camera: str) -> DetectorState:
    window_px = deployment.window_px or instrument.detectors[camera].size_px
    return DetectorState(camera=camera, window_px=window_px)
