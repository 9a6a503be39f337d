"""`sequencer plan`: the night's plan of an observing block, before anything moves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sequencer.cli import options
from sequencer.cli.exits import EXIT_CODES, clear_messages, refuse

if TYPE_CHECKING:
    from sequencer.observing.plan_request import NightPlan

Command = Callable[..., None]

UNITS = {"s": "SECONDS", "k": "KELVIN"}


def _figure(name: str, unit: str, least: float, most: float | None, text: str) -> Callable[[Command], Command]:
    """An option `--NAME NUMBER`, within limits and finite; the command gets it as `NAME_UNIT`."""
    return click.option(
        f"--{name}",
        f"{name}_{unit}",
        type=click.FloatRange(least, most),
        callback=options.finite,
        metavar=UNITS[unit],
        help=text,
    )


@click.command(epilog=EXIT_CODES, short_help="Plan the night of an observing block.")
@options.ob
@options.deployment
@options.start
@click.option(
    "--date",
    metavar="DATE",
    callback=options.day,
    help="Plan the twilight of this date (2027-03-20), local to the site.",
)
@click.option(
    "--twilight",
    type=click.Choice(["morning", "evening"], case_sensitive=False),
    help="Which one, instead of the block's SEQ.TWILIGHT. With --date it must be given.",
)
@_figure("preset", "s", 0.0, None, "What if a preset took so long, instead of the instrument's figure?")
@_figure("overhead", "s", 0.0, None, "What if the read-out of an exposure took so long?")
@_figure(
    "temperature",
    "k",
    200.0,
    320.0,
    "Ambient temperature: thermal light follows it, 5 % a kelvin in the L band. Without it 280.15 K, that of the "
    "instrument's table, is assumed; a run asks the telescope.",
)
@click.option(
    "--learned",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File of what earlier nights taught: each filter's throughput, how long presets, moves and read-outs take.",
)
@click.option("--json", "as_json", is_flag=True, help="For machines: one JSON document.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=options.new_file(".png"),
    help="Write the plan as a picture (PNG) too: levels, DITs, airmass and Sun against time.",
)
def plan(
    ob: str,
    deployment: str,
    start: float | None,
    date: str | None,
    twilight: str | None,
    preset_s: float | None,
    overhead_s: float | None,
    temperature_k: float | None,
    learned: Path | None,
    as_json: bool,
    plot: Path | None,
) -> None:
    """Plan the twilights of an observing block, before anything moves.

    The plan is a dry run: the controller that will choose the DITs answers, and the sky it believes in replies, with
    presets, changes of filter, settling and read-out as the instrument has them. It is made again 1 sigma fainter and
    brighter; what is lost then is said too.

    \b
    How to read it:
      sky, darks    from when to when frames are taken, what is left of the twilight
      point at      one line a level: telescope altitude and azimuth, and why there
      min           exposing and reading out; probes, waits and moves come on top
      n             good exposures foreseen, 0 for what falls out
      level/%       predicted level in % of full well, with 1 sigma
      !             not as asked for: the lines with ! at the end say why

    \b
    Examples:
      sequencer plan metis-lband-flats --deployment metis-sim
      sequencer plan metis-lband-flats -d metis-sim --date 2027-06-01 --twilight evening --plot plan.png
      sequencer plan metis-all-lm-flats -d metis-sim --preset 300      what falls out with slower presets?
      sequencer plan metis-all-lm-flats -d metis-sim --overhead 5      and with slower read-out?
    """
    from sequencer.observing.plan_request import PlanRequest, plan_night

    if date is not None and twilight is None:
        raise click.UsageError("--date needs --twilight morning or --twilight evening")
    if date is not None and start is not None:
        raise click.UsageError("--date and --start both say when to begin: drop one of them")
    request = PlanRequest(
        ob, deployment, start, date, twilight or "", preset_s, overhead_s, learned, temperature_k
    )
    with clear_messages():
        night = plan_night(request)
        if night.problems:
            refuse(str(problem) for problem in night.problems)
        if plot is not None:
            _draw(night, plot)
    if as_json:
        click.echo(json.dumps(night.plain(), indent=2))
    else:
        click.echo("\n".join(_lines(night, assumed=temperature_k is None)))


def _lines(night: NightPlan, *, assumed: bool) -> list[str]:
    from sequencer.monitor.plan_text import plan_lines

    lines = [f"{night.ob} on {night.deployment}", *_temperature(night, assumed=assumed)]
    lines += [f"warning: {text}" for text in night.warnings]
    for twilight in night.twilights:
        lines += [
            "",
            f"{twilight.template}: {plan_lines(twilight.plain())[0]}",
            *plan_lines(twilight.plain())[1:],
        ]
    return (
        lines
        if night.twilights
        else [*lines, "no twilight template in this block: nothing depends on the sky"]
    )


def _temperature(night: NightPlan, *, assumed: bool) -> list[str]:
    """What ambient temperature the levels rest on; nothing where no light is thermal."""
    if night.ambient_k is None:
        return []
    return [
        f"ambient temperature {night.ambient_k:g} K" + assumed * " assumed; --temperature tells another"
    ]


def _draw(night: NightPlan, path: Path) -> None:
    from sequencer.monitor.plan_plot import planned_course

    pictures = [planned_course(twilight.plain(), night.sun_altitude_deg) for twilight in night.twilights]
    shown = [picture for picture in pictures if picture is not None]
    if not shown:
        refuse(["nothing to draw: no exposure on the sky is foreseen"])
    for number, picture in enumerate(shown, start=1):
        target = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        target.write_bytes(picture)
        click.echo(f"plot: {target}", err=True)
