"""`sequencer templates`: what an observing block can run, and with which parameters."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import click

from sequencer.cli import completion
from sequencer.cli.exits import clear_messages, refuse

if TYPE_CHECKING:
    from sequencer.observing import ParameterSpec, Signature


@click.command(short_help="List the templates, or the parameters of one.")
@click.argument("name", required=False, shell_complete=completion.templates)
@click.option("--hidden", is_flag=True, help="Show the parameters too that a template fixes for itself.")
def templates(name: str | None, hidden: bool) -> None:
    """List the templates; with a NAME its parameters: type, range, default, unit, meaning.

    \b
    Examples:
      sequencer templates
      sequencer templates METIS_all_cal_Dark
    """
    from sequencer.observing import load_signatures

    with clear_messages():
        signatures = load_signatures()
    if name is None:
        click.echo(overview(signatures))
    elif name in signatures:
        click.echo(description(signatures[name], hidden))
    else:
        near = difflib.get_close_matches(name, signatures, n=1)
        refuse([f"no template {name}" + (f"; did you mean {near[0]}?" if near else "")])


def overview(signatures: dict[str, Signature]) -> str:
    """One line a template: name, instruments, summary."""
    width = max(len(name) for name in signatures)
    return "\n".join(
        f"{name:{width}}  {','.join(signature.instruments) or 'any':8}  {signature.summary}"
        for name, signature in sorted(signatures.items())
    )


def description(signature: Signature, hidden: bool = False) -> str:
    """Everything an observer must know to use a template."""
    lines = [f"{signature.name}: {signature.summary}"]
    lines.append(f"instruments: {', '.join(signature.instruments) or 'any'}; source: {signature.source}")
    if signature.other_names:
        lines.append(f"also named: {', '.join(signature.other_names)}")
    for name, spec in signature.parameters.items():
        if name in signature.fixed:
            lines.append(f"\n{name} = {_text(signature.fixed[name])} (fixed by this name)")
        elif hidden or not spec.hidden:
            lines += ["", f"{name}  {facts(spec)}", f"    {spec.meaning}"]
    return "\n".join(lines)


def facts(spec: ParameterSpec) -> str:
    """Type, unit, range or choices, and default, in one line."""
    parts = [spec.type + (f" / {spec.unit}" if spec.unit else "")]
    if spec.range:
        low, high = ("" if limit is None else f"{limit:g}" for limit in spec.range)
        parts.append(f"{low}..{high}")
    if spec.choices:
        parts.append("one of " + " ".join(spec.choices))
    if spec.choices_of:
        parts.append(f"{spec.choices_of} of the instrument")
    parts.append("required" if spec.required else f"default {_text(spec.default)}")
    return ", ".join(parts)


def _text(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "T" if value else "F"
    return f"[{', '.join(map(_text, value))}]" if isinstance(value, list) else str(value)
