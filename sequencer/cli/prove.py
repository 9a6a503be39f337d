"""`sequencer prove`: tries on a running device server what the wire promises of every device."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from sequencer.cli.exits import clear_messages, refuse

if TYPE_CHECKING:
    from sequencer.devices.contract.bench import Sample
    from sequencer.devices.contract.proof import Tried

KINDS = ("telescope", "cover", "shutter", "mechanisms", "sources", "detector", "site")
BROKEN = 1
EXIT_CODES = """\b
Exit codes:
  0  every promise that could be tried was kept
  1  a promise is broken, or you would not let the hardware move
  2  bad input, nobody answers, or somebody else holds the device; nothing moved
  3  the program itself failed: go and look"""


def _arguments(ctx: click.Context, param: click.Parameter, value: str) -> dict[str, Any]:
    """Arguments of a command as JSON. Raises BadParameter."""
    try:
        found = json.loads(value)
    except ValueError as error:
        raise click.BadParameter(f"is no JSON: {error}", ctx, param) from None
    if not isinstance(found, dict):
        raise click.BadParameter('must be a JSON object, such as {"speed": 1}', ctx, param)
    return found


@click.command(epilog=EXIT_CODES, short_help="Prove that a device server keeps what the wire promises.")
@click.argument("endpoint")
@click.option("--kind", type=click.Choice(KINDS), required=True, help="What kind of device it is.")
@click.option("--only", multiple=True, metavar="WORDS", help="Try only promises with these words in their names.")
@click.option("--work", metavar="CMD", help="A command of it that takes some seconds, instead of the kind's own.")
@click.option("--work-args", metavar="JSON", default="{}", callback=_arguments, help="Arguments of --work.")
@click.option("--rest", metavar="CMD", help="A command that undoes --work, where making safe does not.")
@click.option("--rest-args", metavar="JSON", default="{}", callback=_arguments, help="Arguments of --rest.")
@click.option("--yes", is_flag=True, help="Do not ask before real hardware moves.")
def prove(
    endpoint: str,
    kind: str,
    only: tuple[str, ...],
    work: str | None,
    work_args: dict[str, Any],
    rest: str | None,
    rest_args: dict[str, Any],
    yes: bool,
) -> None:
    """Try everything the wire promises of a device on the server at ENDPOINT, such as tcp://127.0.0.1:5603.

    It opens, closes, stops, interrupts and sends rubbish: run it where moving the hardware harms nothing. One promise
    waits for 15 s until a lease has lapsed. In the end the device is made safe.

    \b
    Examples:
      sequencer prove tcp://127.0.0.1:5603 --kind shutter
      sequencer prove tcp://127.0.0.1:5603 --kind shutter --only "stop interrupts"
    """
    from sequencer.devices.contract import promises_for
    from sequencer.devices.contract.proof import introduced
    from sequencer.devices.contract.proof import prove as tried

    if not endpoint.startswith(("tcp://", "ipc://")):
        refuse([f"{endpoint}: must start with tcp:// or ipc://"])
    promises = {
        name: promise for name, promise in promises_for(kind).items() if not only or any(word in name for word in only)
    }
    if not promises:
        refuse([f"--only: no promise is so named; there are {', '.join(promises_for(kind))}"])
    sample = _sample(kind, work, work_args, rest, rest_args)
    with clear_messages():
        hello = introduced(endpoint)
        reality = "a simulator" if hello.simulated else "real hardware"
        click.echo(f"{hello.device} at {endpoint}: {hello.kind}, {reality}, {hello.clock['kind']} clock")
        if not hello.simulated and not yes:
            click.confirm("The hardware will move, open and close. Go on?", abort=True)
        for number in (signal.SIGTERM, signal.SIGHUP):  # as Ctrl-C: the device is made safe
            signal.signal(number, signal.default_int_handler)
        results = tried(endpoint, kind, hello, promises, sample, _show)
    sys.exit(_told(results))


def _sample(
    kind: str, work: str | None, work_args: dict[str, Any], rest: str | None, rest_args: dict[str, Any]
) -> Sample | None:
    """The commands to try: the kind's own, and what is asked for instead."""
    from sequencer.devices.contract.bench import SAMPLES

    sample = SAMPLES.get(kind)
    if sample is None:
        return None
    if work:
        sample = sample._replace(work=work, work_args=work_args)
    return sample._replace(rest=rest, rest_args=rest_args) if rest else sample


def _show(tried: Tried) -> None:
    if tried.untried:
        click.echo(f"  untried {tried.name}: {tried.untried}")
        return
    if not tried.broken:
        click.echo(f"  kept    {tried.name}")
        return
    first_line = (tried.promise.__doc__ or "").partition("\n")[0]
    click.echo(f"  BROKEN  {tried.name}: {tried.broken}")
    click.echo(f"          promised: {first_line}")


def _told(results: Sequence[Tried]) -> int:
    broken, untried = (sum(map(bool, found)) for found in zip(*(tried[2:] for tried in results), strict=True))
    click.echo(f"{len(results) - broken - untried} of {len(results)} promises kept")
    if untried:
        click.echo("untried: name work that takes some seconds with --work and --work-args")
    return BROKEN if broken else 0
