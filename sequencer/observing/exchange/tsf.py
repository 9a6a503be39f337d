"""Template signatures as `.tsf` text (VLT-ICD-ESO-17240-19200): a head, then every parameter with its attributes.

Read back are type, range or choices, default, whether it is required, fixed or hidden, unit and meaning. What the form
has no word for (which names come from the instrument, aliases, least number of items) is said in a comment only.
"""

from __future__ import annotations

from typing import Any

from sequencer.config.problems import ConfigErrors
from sequencer.config.yaml_reader import Located
from sequencer.observing.exchange.checking import keyword_problem
from sequencer.observing.exchange.paf import paf_text
from sequencer.observing.exchange.template_type import template_type
from sequencer.observing.exchange.typed import ESO_TYPES, value_text
from sequencer.observing.signature import ParameterSpec, Signature

NO_DEFAULT = "NODEFAULT"
Rows = list[tuple[str, str]]


def tsf_text(signature: Signature, written: str) -> str:
    """Return the `.tsf` text of a signature, `written` at an ISO 8601 UTC time.

    Raises ConfigErrors for a signature the form cannot hold, such as a keyword of more than 8 characters.
    """
    place = Located(f"{signature.name}.tsf", None, {})
    wrong = [f"{name}: the keyword {why}" for name in signature.parameters if (why := keyword_problem(name))]
    if wrong:
        raise ConfigErrors(place.problem((), text) for text in wrong)
    sections = [("Template", _head(signature))]
    sections += [(_comment(name, spec), _rows(name, spec, signature)) for name, spec in signature.parameters.items()]
    try:
        return paf_text("Template Signature", written, sections)
    except ValueError as reason:
        raise ConfigErrors([place.problem((), f"cannot be written as .tsf: {reason}")]) from None


def _head(signature: Signature) -> Rows:
    return [
        ("TPL.INSTRUM", " ".join(signature.instruments)),
        ("TPL.ID", signature.name),
        ("TPL.NAME", signature.summary),
        ("TPL.TYPE", template_type(signature)),
        ("TPL.PRESEQ", signature.script),
    ]


def _comment(name: str, spec: ParameterSpec) -> str:
    return f"{name}: one of the instrument's {spec.choices_of}" if spec.choices_of else name


def _rows(name: str, spec: ParameterSpec, signature: Signature) -> Rows:
    rows = [("TPL.PARAM", name), (f"{name}.TYPE", ESO_TYPES[spec.type])]
    if text := _range(spec):
        rows.append((f"{name}.RANGE", text))
    if name in signature.fixed:
        rows.append((f"{name}.VALUE", value_text(signature.fixed[name])))
    else:
        rows.append((f"{name}.DEFAULT", NO_DEFAULT if spec.required else _default(spec.default)))
    label = f"{name} [{spec.unit}]" if spec.unit else name
    rows += [(f"{name}.LABEL", label), (f"{name}.MINIHELP", spec.meaning)]
    return [*rows, (f"{name}.HIDE", "T")] if spec.hidden else rows


def _default(value: Any) -> str:
    return "" if value is None else value_text(value)


def _range(spec: ParameterSpec) -> str:
    if spec.type == "bool":
        return "T F"
    if spec.range:
        lowest, highest = ("" if limit is None else f"{limit:.12g}" for limit in spec.range)
        return f"{lowest}..{highest}"
    return value_text(spec.choices)
