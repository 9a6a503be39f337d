"""The reference of the command line, made from the commands: `python -m sequencer.cli.reference`."""

from __future__ import annotations

import click

from sequencer.cli.main import VERBS, main

HEAD = """\
# The command line

Made by `python -m sequencer.cli.reference`; a test compares.
"""


def reference() -> str:
    """Markdown with the help of every verb."""
    parts = [HEAD, _help("sequencer", main)]
    context = click.Context(main, info_name="sequencer")
    for verb in VERBS:
        command = main.get_command(context, verb)
        if command is not None:
            parts.append(_help(f"sequencer {verb}", command))
    return "\n".join(parts)


def _help(name: str, command: click.Command) -> str:
    context = click.Context(
        command, info_name=name, terminal_width=100, max_content_width=100, **main.context_settings
    )
    return f"## {name}\n\n```text\n{command.get_help(context)}\n```\n"


if __name__ == "__main__":
    click.echo(reference(), nl=False)
