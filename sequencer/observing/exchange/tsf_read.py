"""A `.tsf` file as a template signature; tolerant, since our YAML signatures are the master (see `tsf`)."""

from __future__ import annotations

import re
from typing import Any

from sequencer.config.problems import ConfigErrors, Problem, shown
from sequencer.observing.exchange.obd_fields import TPL_HEAD
from sequencer.observing.exchange.paf import Record, parse_paf
from sequencer.observing.exchange.tsf import NO_DEFAULT
from sequencer.observing.exchange.typed import scalar, typed
from sequencer.observing.signature import ParameterSpec, ParameterType, Signature

_OUR_TYPES: dict[str, ParameterType] = {
    "number": "float",
    "integer": "int",
    "boolean": "bool",
    "string": "str",
    "keyword": "keyword",
    "numlist": "list[float]",
    "intlist": "list[float]",
    "keywordlist": "list[keyword]",
    "coord": "str",
}
_SPAN = re.compile(r"(?P<low>[^. ]*(?:\.\d+)?)\.\.(?P<high>\S*)")
_UNIT = re.compile(r".*\[(.+)\]")


def read_tsf(raw: bytes, file: str) -> Signature:
    """Return the signature in a `.tsf` file. Raises ConfigErrors.

    Not read: ranges that are unions or queries to the instrument; such a parameter has none here.
    """
    head: dict[str, str] = {}
    parameters: dict[str, dict[str, Record]] = {}
    problems: list[Problem] = []
    for record in parse_paf(raw, file):
        name, _, attribute = record.keyword.rpartition(".")
        if record.keyword == "TPL.PARAM":
            parameters[record.value] = {"PARAM": record}
        elif name in parameters:
            parameters[name][attribute] = record
        elif record.keyword in (*TPL_HEAD, "TPL.ID"):
            head[record.keyword] = record.value
        else:
            text = f"{shown(record.keyword)} belongs to no parameter: TPL.PARAM must come first"
            problems.append(Problem(file, record.line, text))
    if not head.get("TPL.ID"):
        problems.append(Problem(file, 0, "TPL.ID: is missing"))
    for name, attributes in parameters.items():
        kind = attributes.get("TYPE")
        if kind is None or kind.value not in _OUR_TYPES:
            line = (kind or attributes["PARAM"]).line
            text = f"{name}.TYPE: must be one of {', '.join(_OUR_TYPES)}, not {shown(kind.value if kind else None)}"
            problems.append(Problem(file, line, text))
    if problems:
        raise ConfigErrors(problems)
    return _signature(head, {name: _texts(attributes) for name, attributes in parameters.items()}, file)


def _texts(attributes: dict[str, Record]) -> dict[str, str]:
    return {name: record.value for name, record in attributes.items()}


def _signature(head: dict[str, str], parameters: dict[str, dict[str, str]], file: str) -> Signature:
    name = head["TPL.ID"]
    specs = {key: _spec(attributes) for key, attributes in parameters.items()}
    fixed = {key: typed(specs[key], texts["VALUE"]) for key, texts in parameters.items() if "VALUE" in texts}
    return Signature(
        name=name,
        template=name,
        procedure=head.get("TPL.PRESEQ", f"{name}.seq").rpartition(".")[0],
        summary=head.get("TPL.NAME", ""),
        source=file,
        instruments=head.get("TPL.INSTRUM", "").split(),
        parameters=specs,
        fixed=fixed,
        other_names=[],
    )


def _spec(texts: dict[str, str]) -> ParameterSpec:
    bare = ParameterSpec(type=_OUR_TYPES[texts["TYPE"]], meaning=texts.get("MINIHELP", ""))
    unit = _UNIT.fullmatch(texts.get("LABEL", ""))
    default = texts.get("DEFAULT", "")
    value: Any = None if default in ("", NO_DEFAULT) else typed(bare, default)
    return ParameterSpec(
        type=bare.type,
        meaning=bare.meaning,
        unit=unit[1] if unit else "",
        range=_range(bare, texts.get("RANGE", "")),
        choices=_choices(bare, texts.get("RANGE", "")),
        default=value,
        required=default == NO_DEFAULT,
        hidden=texts.get("HIDE") == "T",
    )


def _range(spec: ParameterSpec, text: str) -> tuple[float | None, float | None] | None:
    match = _SPAN.fullmatch(text)
    if not match or spec.type not in ("float", "int", "list[float]"):
        return None
    low, high = (scalar(match[name]) if match[name] else None for name in ("low", "high"))
    return (low, high) if all(limit is None or isinstance(limit, int | float) for limit in (low, high)) else None


def _choices(spec: ParameterSpec, text: str) -> list[str]:
    return text.split() if spec.type in ("str", "keyword", "list[keyword]") and ".." not in text else []
