"""Connect to every device of a deployment at once; say at once all that do not answer or do not fit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import zmq.asyncio

from sequencer.clock import Clock
from sequencer.config.models import Deployment, DeviceConfig
from sequencer.devices.client import DeviceClient
from sequencer.devices.cover import CoverClient
from sequencer.devices.detector import DetectorClient
from sequencer.devices.mechanisms import MechanismsClient
from sequencer.devices.shutter import ShutterClient
from sequencer.devices.site import SiteClient
from sequencer.devices.sources import SourcesClient
from sequencer.devices.telescope import TelescopeClient
from sequencer.wire.errors import WireError

AnyClient = DeviceClient[Any]

CLIENTS: dict[str, Callable[..., AnyClient]] = {
    "telescope": TelescopeClient,
    "cover": CoverClient,
    "shutter": ShutterClient,
    "mechanisms": MechanismsClient,
    "sources": SourcesClient,
    "detector": DetectorClient,
    "site": SiteClient,
}
"""Typed client of each kind of device."""


class ConnectErrors(Exception):
    """Some devices of a deployment cannot be used; `problems` has one line a device. Nothing has moved."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Devices:
    """The connected devices of a deployment; None where it has none of a kind. `detectors` by camera name.

    `end_safe`: something may have been moved, so that a device is given back only once it has been read back safe.
    """

    def __init__(self, clients: list[AnyClient], cameras: dict[str, str]) -> None:
        self.all = clients
        self.end_safe = False
        self.telescope = _only(clients, TelescopeClient)
        self.cover = _only(clients, CoverClient)
        self.shutter = _only(clients, ShutterClient)
        self.mechanisms = _only(clients, MechanismsClient)
        self.sources = _only(clients, SourcesClient)
        self.site = _only(clients, SiteClient)
        self.detectors = {cameras[c.name]: c for c in clients if isinstance(c, DetectorClient)}

    async def bring_up(self) -> None:
        """Bring every device to Operational, all at the same time. Raises the first device's error."""
        await asyncio.gather(*(client.bring_up() for client in self.all))

    async def disconnect(self) -> None:
        """Give every lease back and close every link; the devices keep their state."""
        await asyncio.gather(*(client.disconnect() for client in self.all))


async def connect_devices(
    deployment: Deployment,
    clock: Clock,
    owner: str,
    context: zmq.asyncio.Context | None = None,
    *,
    deadline_s: float = 5.0,
) -> Devices:
    """Connect to every device of the deployment and claim it for `owner` (empty: watch only); moves nothing.

    Raises `ConnectErrors` naming every device that does not answer, is of another kind, lives by another
    clock, is commanded by somebody else, or is real where the deployment says simulated (or the reverse).
    """
    clients = {
        name: CLIENTS[config.kind](name, config.endpoint, clock, owner=owner, context=context)
        for name, config in deployment.devices.items()
    }
    found = await asyncio.gather(
        *(_problem(clients[name], config, deadline_s) for name, config in deployment.devices.items())
    )
    problems = [line for line in found if line]
    cameras = {name: config.camera for name, config in deployment.devices.items()}
    devices = Devices(list(clients.values()), cameras)
    if problems:
        await devices.disconnect()
        raise ConnectErrors(problems)
    return devices


async def _problem(client: AnyClient, config: DeviceConfig, deadline_s: float) -> str:
    if client.clock.kind == "virtual" and not config.simulated:
        return f"{client.name} at {config.endpoint}: is real hardware, which cannot live by virtual time"
    try:
        hello = await client.connect(deadline_s)
    except WireError as error:
        return f"{client.name} at {config.endpoint}: {error}"
    if hello.kind != config.kind:
        return (
            f"{client.name} at {config.endpoint}: is a {hello.kind}, the deployment expects a {config.kind}"
        )
    if hello.simulated != config.simulated:
        found, wanted = (
            ("a simulator", "real hardware") if hello.simulated else ("real hardware", "a simulator")
        )
        return f"{client.name} at {config.endpoint}: is {found}, the deployment expects {wanted}"
    return ""


def _only(clients: list[AnyClient], kind: type[Any]) -> Any:
    return next((client for client in clients if isinstance(client, kind)), None)
