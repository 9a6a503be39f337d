"""Start the simulated device servers of a deployment in this process, on one shared world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import zmq.asyncio

from sequencer.clock import Clock
from sequencer.config.models import Deployment, DeviceConfig, Instrument, SiteConfig
from sequencer.devices.server import DeviceServer
from simulators.devices.detector import SimulatedDetector
from simulators.devices.mechanisms import SimulatedMechanisms
from simulators.devices.shutter import SimulatedCover, SimulatedShutter
from simulators.devices.site import SimulatedSite
from simulators.devices.sources import SimulatedSources
from simulators.devices.telescope import SimulatedTelescope
from simulators.follow import Followers
from simulators.world.world import World

SERVERS: dict[str, Callable[..., DeviceServer[Any]]] = {
    "telescope": SimulatedTelescope,
    "cover": SimulatedCover,
    "shutter": SimulatedShutter,
    "mechanisms": SimulatedMechanisms,
    "sources": SimulatedSources,
    "site": SimulatedSite,
    "detector": SimulatedDetector,
}


class Simulation:
    """Running simulators: `servers` by device name, their `world`, and the followers of devices elsewhere."""

    def __init__(self, world: World, servers: dict[str, DeviceServer[Any]], followers: Followers) -> None:
        self.world = world
        self.servers = servers
        self._followers = followers

    async def stop(self) -> None:
        """Stop every server; the world stays for questions."""
        await self._followers.stop()
        for server in self.servers.values():
            await server.stop()


async def start_simulators(
    deployment: Deployment,
    instrument: Instrument,
    site: SiteConfig,
    clock: Clock,
    seed: int,
    context: zmq.asyncio.Context | None,
    only: set[str] | None = None,
    hardware: Mapping[str, Callable[..., DeviceServer[Any]]] = MappingProxyType({}),
) -> Simulation:
    """Serve the deployment's simulated devices (or those named in `only`) in this process.

    All share one world; devices served elsewhere, real ones included, are followed by what they publish. `hardware`
    {kind: server} stands in for the simulators of those kinds.
    Raises KeyError for a name the deployment does not have, zmq.ZMQError if an address is taken.
    """
    world = World(instrument, deployment, site, seed)
    world.begin(clock.now())
    names = (
        {name for name, config in deployment.devices.items() if config.simulated} if only is None else only
    )
    kinds = {**SERVERS, **hardware}
    servers = {
        name: _server(kinds, name, deployment.devices[name], clock, world, context) for name in sorted(names)
    }
    elsewhere = {name: config for name, config in deployment.devices.items() if name not in servers}
    watch = any(isinstance(server, SimulatedDetector) for server in servers.values())
    followers = Followers(elsewhere if watch else {}, world, clock, context)
    simulation = Simulation(world, servers, followers)
    try:
        for server in servers.values():
            await server.start()
    except BaseException:
        await simulation.stop()
        raise
    followers.start()
    return simulation


def _server(
    kinds: Mapping[str, Callable[..., DeviceServer[Any]]],
    name: str,
    config: DeviceConfig,
    clock: Clock,
    world: World,
    context: zmq.asyncio.Context | None,
) -> DeviceServer[Any]:
    camera = (config.camera,) if config.kind == "detector" else ()
    return kinds[config.kind](name, config.endpoint, clock, world, *camera, context)
