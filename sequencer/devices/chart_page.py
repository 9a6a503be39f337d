"""The reference page of the state charts, rendered from the tables that the servers run on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from sequencer.devices import cover, detector, mechanisms, shutter, sources, telescope
from sequencer.devices.charts import CHARTS, DEVICE, Chart, mermaid
from sequencer.devices.commands import COMMON, CommandSpec

TABLES: Mapping[str, Mapping[str, CommandSpec]] = {
    "telescope": telescope.COMMANDS,
    "cover": cover.COMMANDS,
    "shutter": shutter.COMMANDS,
    "mechanisms": mechanisms.COMMANDS,
    "sources": sources.COMMANDS,
    "detector": detector.COMMANDS,
    "site": COMMON,
}
"""Command table of each kind of device."""

HEAD = """# State charts and commands

Rendered from the tables in `sequencer/devices` (`chart_page.render_page`); a test compares. A command that is
not legal in the present state is refused with the reason `illegal_state` and the list of those that are; while
a device is at work everything but an interrupting command is refused with `busy`.
"""


def render_page(charts: Iterable[Chart] = CHARTS) -> str:
    """The whole page as Markdown: every chart as Mermaid, then every command table."""
    parts = [HEAD]
    for chart in charts:
        parts.append(f"## Chart: {chart.name}\n\n```mermaid\n{mermaid(chart)}\n```\n")
    parts.append("## Commands of every device\n\n" + _table(COMMON))
    for kind, commands in TABLES.items():
        own = {cmd: spec for cmd, spec in commands.items() if cmd not in COMMON}
        parts.append(
            f"## Commands of: {kind}\n\n" + (_table(own) if own else "None of its own: read only.\n")
        )
    return "\n".join(parts)


def legal_in(spec: CommandSpec) -> list[str]:
    """States of the device chart in which a command is legal."""
    return [
        s
        for s in DEVICE.states
        if any(t.trigger == spec.trigger and s in t.sources for t in DEVICE.transitions)
    ]


def _table(commands: Mapping[str, CommandSpec]) -> str:
    lines = ["| command | arguments | legal in | interrupts | open to anyone |", "|---|---|---|---|---|"]
    for cmd, spec in commands.items():
        flags = (_yes(spec.interrupts), _yes(spec.open_to_anyone))
        lines.append(f"| `{cmd}` | {_arguments(spec)} | {', '.join(legal_in(spec))} | {' | '.join(flags)} |")
    return "\n".join(lines) + "\n"


def _arguments(spec: CommandSpec) -> str:
    names = [
        f"`{field.encode_name}`" + ("" if field.required else " (optional)")
        for field in msgspec.structs.fields(spec.arguments)
    ]
    return ", ".join(names) or "none"


def _yes(flag: bool) -> str:
    return "yes" if flag else ""
