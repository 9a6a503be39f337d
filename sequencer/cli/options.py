"""Options that several verbs share, and how their texts become values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from sequencer.cli import completion
from sequencer.clock import parse_utc


def utc(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Unix seconds of an ISO 8601 text such as `2027-03-20T09:15:00`. Raises BadParameter."""
    from sequencer.config.times import check_start

    if value is not None and (why := check_start(value)):
        raise click.BadParameter(why, ctx, param)
    return None if value is None else parse_utc(value)


def day(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """A date such as `2027-03-20`. Raises BadParameter."""
    from sequencer.config.times import impossible

    try:
        why = impossible(parse_utc(f"{value or '2000-01-01'}T00:00:00"))
    except ValueError:
        why = f"{value!r} is not a date like 2027-03-20"
    if why:
        raise click.BadParameter(why, ctx, param)
    return value


def finite(ctx: click.Context, param: click.Parameter, value: float | None) -> float | None:
    """A number that is one: no NaN, not infinite. Raises BadParameter."""
    if value is not None and not math.isfinite(value):
        raise click.BadParameter("must be a finite number", ctx, param)
    return value


def folder(ctx: click.Context, param: click.Parameter, value: Path) -> Path:
    """A folder that is there or can be made: nothing on its path is a file. Raises BadParameter."""
    nearest = next(part for part in (value, *value.absolute().parents) if part.exists())
    if not nearest.is_dir():
        raise click.BadParameter(f"{nearest} is a file, not a folder", ctx, param)
    return value


def new_file(ending: str = "") -> Callable[[click.Context, click.Parameter, Path | None], Path | None]:
    """Checks that a file can be written: its folder is there, and its name ends as it should."""

    def check(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
        if value is None:
            return None
        if value.suffix.lower() != (ending or value.suffix.lower()):
            raise click.BadParameter(f"{value} does not end in {ending}", ctx, param)
        if not value.parent.is_dir():
            what = "is a file, not a folder" if value.parent.exists() else "is not there"
            raise click.BadParameter(f"{value.parent} {what}", ctx, param)
        return value

    return check


def clock_spec(*kinds: str) -> Callable[[click.Context, click.Parameter, str], str]:
    """Checks that a text is empty, or a clock of the kinds allowed: virtual, wall, scaled:RATE above 0."""

    def check(ctx: click.Context, param: click.Parameter, value: str) -> str:
        if not value or (value in kinds and value != "scaled"):
            return value
        rate = re.fullmatch(r"scaled:(\d+(\.\d+)?)", value)
        if rate and "scaled" in kinds and float(rate.group(1)) > 0:
            return value
        known = ", ".join("scaled:RATE (such as scaled:60)" if kind == "scaled" else kind for kind in kinds)
        raise click.BadParameter(f"{value!r} is not one of {known}", ctx, param)

    return check


ob = click.argument("ob", shell_complete=completion.blocks)
deployment = click.option(
    "--deployment",
    "-d",
    required=True,
    metavar="D",
    envvar="SEQUENCER_DEPLOYMENT",
    show_envvar=True,
    shell_complete=completion.deployments,
    help="Name or file of the deployment: which device is where.",
)
finished_run = click.argument(
    "run", type=click.Path(path_type=Path, exists=True, file_okay=False), shell_complete=completion.runs
)
out = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    callback=folder,
    default=Path("runs"),
    show_default=True,
    help="Folder that gets a folder for the run.",
)
_seed = partial(click.option, "--seed", type=click.IntRange(min=0), default=1, show_default=True)
seed = _seed(help="Seed of everything random in simulated devices.")
run_seed = _seed(
    help="Seed of everything random in devices simulated for this run; those of `sequencer simulate` have their own."
)
start = click.option(
    "--start", metavar="UTC", callback=utc, default=None,
    help="Where a virtual or scaled clock begins. Default: the deployment's start where every device is simulated, "
    "else now.",
)  # fmt: skip
until = click.option(
    "--until", metavar="UTC", callback=utc, default=None, help="When the light stop closes for good."
)
clock = click.option(
    "--clock",
    metavar="CLOCK",
    callback=clock_spec("virtual", "scaled", "wall"),
    default="",
    help="virtual, scaled:RATE or wall. Default: virtual when every device is simulated, else wall.",
)
run_folder = click.option(
    "--run",
    "run_dir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    shell_complete=completion.running,
    default=None,
    help="Folder of the run. Default: the newest one in ./runs that is running.",
)
