"""Verbs that talk to a running sequencer over the wire: status, pause, resume, skip, stop, abort, halt."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import Any

import click

from sequencer.cli import options
from sequencer.cli.exits import EXIT_CODES, clear_messages


@click.command(short_help="Show what a running sequencer is doing.")
@options.run_folder
@click.option("--json", "as_json", is_flag=True, help="For machines: one JSON document.")
def status(run_dir: Path | None, as_json: bool) -> None:
    """Show what a running sequencer is doing: light stop, state, Sun, time left, template, levels, disk, alarms."""
    import msgspec

    from sequencer.engine.status import Status
    from sequencer.monitor.status_text import facts

    answer = _send(run_dir, "status")
    if as_json:
        click.echo(json.dumps(answer, indent=2))
        return
    for name, value in facts(msgspec.convert(answer, Status)):
        click.echo(f"{name:11} {value}")


@click.command(short_help="Pause at the next checkpoint, light stop closed.")
@options.run_folder
@click.option("--now", is_flag=True, help="Abort the exposure that is going on instead of finishing it.")
def pause(run_dir: Path | None, now: bool) -> None:
    """Pause at the next checkpoint, light stop closed; `sequencer resume` goes on."""
    _tell(run_dir, "pause", now=now)


@click.command(short_help="Go on after a pause.")
@options.run_folder
def resume(run_dir: Path | None) -> None:
    """Go on after a pause."""
    _tell(run_dir, "resume")


@click.command(short_help="Leave out the rest of a level or template.")
@options.run_folder
@click.argument("what", type=click.Choice(["level", "template"]), default="level")
def skip(run_dir: Path | None, what: str) -> None:
    """Leave out the rest of the current level (the default) or of the whole template."""
    _tell(run_dir, "skip", what=what)


@click.command(short_help="Finish the exposure, reduce what there is, end safe.")
@options.run_folder
def stop(run_dir: Path | None) -> None:
    """Finish the exposure, keep and reduce what there is, end safe."""
    _tell(run_dir, "stop")


@click.command(short_help="End the exposure now, end safe.")
@options.run_folder
def abort(run_dir: Path | None) -> None:
    """End the exposure now, end safe."""
    _tell(run_dir, "abort")


@click.command(epilog=EXIT_CODES, short_help="Let go of every device; they are yours.")
@options.run_folder
@click.confirmation_option(prompt="Nothing will be made safe; you have the devices. Halt?")
def halt(run_dir: Path | None) -> None:
    """Let go of every device and touch nothing more: you have the devices."""
    _tell(run_dir, "halt")


@click.command(short_help="Write a note into the journal of the run.")
@options.run_folder
@click.argument("text", nargs=-1, required=True)
def note(run_dir: Path | None, text: tuple[str, ...]) -> None:
    """Write TEXT into the journal of the run, with your name and the time."""
    words = " ".join(text).strip()
    if not words:
        raise click.UsageError("a note needs words")
    _tell(run_dir, "note", text=words)


def _tell(run_dir: Path | None, verb: str, **arguments: Any) -> None:
    _send(run_dir, verb, **arguments)
    click.echo(f"{verb}: accepted")


def _send(run_dir: Path | None, verb: str, **arguments: Any) -> dict[str, Any]:
    from sequencer.engine.operator import send

    with clear_messages():
        return send(run_dir, verb, by=getpass.getuser(), **arguments)
