"""The reference of the templates, rendered from their signatures (docs/reference/templates.md)."""

from __future__ import annotations

from collections.abc import Mapping

from sequencer.observing.signature import ParameterSpec, Signature

_CHOICES = {
    "cameras": "cameras of the instrument",
    "filters": "filters of the cameras",
    "modes": "read-out modes of the detector",
    "positions": "positions of the mechanism",
    "nd": "neutral densities of the camera",
}
_HEAD = """# Templates

Rendered from the signatures in `templates/*.yaml`; a test compares. *h* marks a hidden parameter: the
template fixes or defaults it. A parameter without a default that is not required may be left out.
"""
_COLUMNS = (
    "| parameter | | type | range or choices | default | unit | meaning |\n|---|---|---|---|---|---|---|\n"
)


def render_reference(signatures: Mapping[str, Signature]) -> str:
    """Return the reference of all templates as Markdown."""
    canonical = [signature for name, signature in signatures.items() if name == signature.template]
    return "\n".join([_HEAD, *(render_template(signature, signatures) for signature in canonical)])


def render_template(signature: Signature, signatures: Mapping[str, Signature]) -> str:
    """Return the section of one template as Markdown."""
    lines = [f"## {signature.template}", "", signature.summary, ""]
    where = ", ".join(signature.instruments) or "any"
    lines.append(f"Instrument: {where}. Procedure: `{signature.procedure}`. Source: {signature.source}.")
    for name in signature.other_names:
        fixed = ", ".join(f"{key} = {value_text(value)}" for key, value in signatures[name].fixed.items())
        lines += ["", f"Also named `{name}`{f', which fixes {fixed}' if fixed else ''}."]
    rows = [_row(name, spec) for name, spec in signature.parameters.items()]
    return "\n".join([*lines, "", _COLUMNS + "\n".join(rows), ""])


def value_text(value: object) -> str:
    """Return a default or fixed value as it is written in an OB."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(value_text(item) for item in value)}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def range_text(spec: ParameterSpec) -> str:
    """Return the range or the choices of a parameter in words."""
    if spec.choices:
        return ", ".join(spec.choices)
    if spec.choices_of:
        return _CHOICES[spec.choices_of]
    lowest, highest = spec.range or (None, None)
    if lowest is not None and highest is not None:
        return f"{lowest:g} to {highest:g}"
    return f"from {lowest:g}" if lowest is not None else f"to {highest:g}" if highest is not None else ""


def _row(name: str, spec: ParameterSpec) -> str:
    default = "**required**" if spec.required else value_text(spec.default)
    cells = [name, "h" if spec.hidden else "", spec.type, range_text(spec), default, spec.unit, spec.meaning]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
