"""One simulated device server as a process: `python -m simulators.process --deployment D --device NAME`."""

from __future__ import annotations

import argparse
import asyncio
import errno
import signal
import sys

import zmq.asyncio

from sequencer.clock import Clock, ScaledClock, WallClock, parse_utc
from sequencer.config.load import load_deployment, load_instrument, load_site
from simulators.start import start_simulators


def main(arguments: list[str] | None = None) -> int:
    """Serve one device until SIGINT or SIGTERM; says `ready NAME ENDPOINT` once it answers.

    Where its address cannot be served it says `refused WHY` and returns 2.
    """
    options = _parser().parse_args(arguments)
    clock = _clock(options.clock, options.epoch, options.origin)
    return clock.run(_serve(options, clock))


async def _serve(options: argparse.Namespace, clock: Clock) -> int:
    deployment = load_deployment(options.deployment)
    instrument = load_instrument(deployment.instrument)
    site = load_site(instrument.site)
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    with zmq.asyncio.Context() as context:
        name, seed = options.device, options.seed
        try:
            simulation = await start_simulators(deployment, instrument, site, clock, seed, context, {name})
        except (ValueError, zmq.ZMQError) as error:
            print(f"refused {_refusal(name, deployment.devices[name].endpoint, error)}", flush=True)
            return 2
        print(f"ready {name} {simulation.servers[name].endpoint}", flush=True)
        await ended.wait()
        await simulation.stop()
    return 0


def _refusal(name: str, endpoint: str, error: ValueError | zmq.ZMQError) -> str:
    """Why a device cannot be served at its endpoint, in one line."""
    if isinstance(error, zmq.ZMQError) and error.errno == errno.EADDRINUSE:
        return f"port {endpoint.rpartition(':')[2]} is in use: is `sequencer simulate` running already?"
    return f"{name}: {error}"


def _clock(spec: str, epoch: str, origin_s: float | None) -> Clock:
    """`wall` or `scaled:RATE`; a virtual clock lives in one process only."""
    kind, _, rate = spec.partition(":")
    if kind == "wall":
        return WallClock()
    if kind != "scaled" or not epoch:
        raise SystemExit(f"--clock must be wall, or scaled:RATE with --epoch, not {spec}")
    try:
        epoch_s = float(epoch)
    except ValueError:
        epoch_s = parse_utc(epoch)
    return ScaledClock(epoch_s, float(rate), origin_s)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulators.process", description=__doc__)
    parser.add_argument("--deployment", required=True, help="name or path")
    parser.add_argument("--device", required=True, help="name of the device in the deployment")
    parser.add_argument("--clock", default="wall", help="wall or scaled:RATE")
    parser.add_argument(
        "--epoch", default="", help="UTC of a scaled clock's origin: ISO 8601 or Unix seconds"
    )
    parser.add_argument("--origin", type=float, help="monotonic seconds of a scaled clock's origin")
    parser.add_argument("--seed", type=int, default=1, help="of the simulated night")
    return parser


if __name__ == "__main__":
    sys.exit(main())
