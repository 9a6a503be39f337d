"""Entry point of the `sequencer` command: finds the verb, imports only its module."""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import Any

import click

from sequencer.cli.exits import EXIT_CODES, crashed

VERBS = {
    "demo": "demo",
    "templates": "templates",
    "deployments": "listing",
    "blocks": "listing",
    "validate": "validate",
    "plan": "plan",
    "rehearse": "rehearse",
    "import": "import_ob",
    "export": "export_ob",
    "run": "run",
    "simulate": "simulate",
    "prove": "prove",
    "script": "script",
    "status": "operator",
    "pause": "operator",
    "resume": "operator",
    "skip": "operator",
    "stop": "operator",
    "abort": "operator",
    "halt": "operator",
    "note": "operator",
    "reduce": "reduce",
    "darks": "darks",
    "bad-pixels": "bad_pixels",
    "header": "header",
    "classify": "classify",
}
"""Verb -> module of `sequencer.cli`, in the order `--help` shows them."""

COMMANDS = {"import": "import_ob", "export": "export_ob", "bad-pixels": "bad_pixels"}
"""Verb -> name of its command in the module, where the verb itself is a word of Python."""


class LazyGroup(click.Group):
    """A command group that imports the module of a verb when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All verbs, most used first."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a verb, None when there is no such verb."""
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"sequencer.cli.{VERBS[cmd_name]}")
        command: click.Command = getattr(module, COMMANDS.get(cmd_name, cmd_name))
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Do a verb; a fault of the program's own is told on less than a screen, with exit code 3."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except BrokenPipeError:  # who read our lines has gone: click leaves quietly
            raise
        except Exception as error:
            crashed(error, "this is a fault of the program; please report these lines")


EPILOG = f"""\b
First steps:
  sequencer demo                                      two whole runs, simulated, in seconds
  sequencer templates METIS_all_cal_TwilightFlat      what an observing block can say
  sequencer validate night.yaml --deployment metis-sim
  sequencer plan night.yaml --deployment metis-sim        when, where, which DIT, what will not fit
  sequencer rehearse night.yaml --deployment metis-sim    the whole block in virtual time, without pixels
  sequencer run night.yaml --deployment metis-sim

{EXIT_CODES}"""


@click.command(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("hil-sequencer"), prog_name="sequencer", message="%(prog)s %(version)s")
def main() -> None:
    """Execute observing blocks: drive the devices, store every frame, reduce it to master frames.

    Every device may be real or simulated; a deployment says which. `sequencer VERB --help` tells more.
    """
