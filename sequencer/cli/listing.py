"""`sequencer deployments` and `sequencer blocks`: what there is to name, packaged and in the current folder."""

from __future__ import annotations

from collections.abc import Callable

import click

from sequencer.cli.exits import clear_messages


@click.command(short_help="List the deployments: which instrument, what is real.")
def deployments() -> None:
    """List the deployments that come with the program, and those in the current folder.

    \b
    Example, with one for every later command of this shell:
      sequencer deployments
      export SEQUENCER_DEPLOYMENT=metis-sim
    """
    _list("deployments", _deployment)


@click.command(short_help="List the observing blocks: which instrument, which templates.")
def blocks() -> None:
    """List the observing blocks that come with the program, and those in the current folder.

    \b
    Example:
      sequencer blocks
    """
    _list("obs", _block)


def _list(kind: str, tell: Callable[[str], str]) -> None:
    """One line a name; of what cannot be used, why."""
    from sequencer.config import ConfigErrors
    from sequencer.config.search import known_names, local_files

    names = [*known_names(kind), *local_files(kind)]
    width = max(map(len, names))
    with clear_messages():
        for name in names:
            try:
                told = tell(name)
            except ConfigErrors as errors:
                told = f"cannot be used: {errors.problems[0]}"
            click.echo(f"{name:{width}}  {told}")


def _deployment(name: str) -> str:
    from sequencer.config import load_deployment, load_instrument

    deployment = load_deployment(name)
    real = [device for device, config in deployment.devices.items() if not config.simulated]
    told = f"{len(deployment.devices)} devices, {'real: ' + ', '.join(real) if real else 'all simulated'}"
    if deployment.stages:
        told += f"; its frames go to {', '.join(deployment.stages)}"
    return f"{load_instrument(deployment.instrument).name:8}  {told}"


def _block(name: str) -> str:
    from sequencer.config.search import find_config
    from sequencer.observing import load_ob

    block = load_ob(find_config("obs", name))
    return f"{block.instrument:8}  {block.name}: {', '.join(call.name for call in block.templates) or 'no templates'}"
