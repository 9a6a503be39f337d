"""Template signatures: which parameters a template takes, read from the YAML files beside the templates."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import msgspec

from sequencer.config.problems import ConfigErrors, Problem, did_you_mean, shown
from sequencer.config.structure import convert
from sequencer.config.yaml_reader import Located, read_yaml

ParameterType = Literal["float", "int", "bool", "str", "keyword", "list[float]", "list[keyword]"]
ChoicesOf = Literal["", "cameras", "filters", "modes", "positions", "nd"]


class ParameterSpec(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One parameter of a template.

    `range` is [lowest, highest] with null for none and holds for every item of a list. `choices_of` says
    which names of the instrument are allowed: its cameras, filters, read-out modes, positions of the
    mechanism of that keyword, or neutral densities; `choices` narrows them down. A parameter neither given
    nor defaulted is None. `hidden`: the template fixes it, observers do not see it.
    """

    type: ParameterType
    meaning: str
    unit: str = ""
    range: tuple[float | None, float | None] | None = None
    choices: list[str] = []
    choices_of: ChoicesOf = ""
    aliases: dict[str, str] = {}
    default: Any = None
    required: bool = False
    hidden: bool = False
    min_items: int = 0


class SignatureFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A signature as written: `over` names the template whose parameters it takes, changes and adds to.

    `names` are other names of the same template with the parameters each of them fixes; `defaults` change
    defaults of the template below; no `instruments` means any.
    """

    template: str
    summary: str
    source: str
    over: str = ""
    procedure: str = ""
    names: dict[str, dict[str, Any]] = {}
    instruments: list[str] = []
    defaults: dict[str, Any] = {}
    parameters: dict[str, ParameterSpec] = {}


class Signature(msgspec.Struct, frozen=True):
    """A template under one of its names: what it runs and which parameters it takes.

    `template` is the canonical name, `procedure` the module in `templates/`, `fixed` what this name fixes.
    """

    name: str
    template: str
    procedure: str
    summary: str
    source: str
    instruments: list[str]
    parameters: dict[str, ParameterSpec]
    fixed: dict[str, Any]
    other_names: list[str]

    @property
    def script(self) -> str:
        """File that carries it out, as TPL PRESEQ of frames and of the exported signature names it."""
        return f"{self.procedure}.py"


@cache
def load_signatures() -> dict[str, Signature]:
    """Return every template the program has, by each of its names. Raises ConfigErrors."""
    return read_signatures(Path(str(files("templates"))))


def read_signatures(folder: Path) -> dict[str, Signature]:
    """Return the signatures of the YAML files in a folder, by each of their names. Raises ConfigErrors."""
    written: dict[str, tuple[SignatureFile, Located]] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.yaml")):
        located = read_yaml(path)
        signature, found = convert(located, SignatureFile)
        problems += found
        if signature is not None:
            written[signature.template] = (signature, located)
    if not problems:
        problems = [p for item, located in written.values() for p in _check(item, written, located)]
    if problems:
        raise ConfigErrors(problems)
    result: dict[str, Signature] = {}
    for item, _ in written.values():
        result |= _signatures(item, written)
    return dict(sorted(result.items()))


def _check(
    item: SignatureFile, written: dict[str, tuple[SignatureFile, Located]], located: Located
) -> list[Problem]:
    chain, known = [item], {item.template}
    while chain[-1].over:
        over = chain[-1].over
        if over not in written or over in known:
            return [
                located.problem(
                    ("over",), f"over: no such template {shown(over)}{did_you_mean(over, written)}"
                )
            ]
        chain.append(written[over][0])
        known.add(over)
    inherited = {name for layer in chain for name in layer.parameters}
    problems = []
    for where, names in [("defaults", item.defaults), *((n, fixed) for n, fixed in item.names.items())]:
        path = ("defaults",) if where == "defaults" else ("names", where)
        for name in sorted(names.keys() - inherited):
            text = f"unknown parameter {shown(name)}{did_you_mean(name, inherited)}"
            problems.append(located.problem((*path, name), text))
    if not any(layer.procedure for layer in chain):
        problems.append(located.problem((), "procedure is missing"))
    return problems


def _signatures(
    item: SignatureFile, written: dict[str, tuple[SignatureFile, Located]]
) -> dict[str, Signature]:
    procedure, parameters = _merged(item, written)
    names = {item.template: {}, **item.names}
    return {
        name: Signature(
            name,
            item.template,
            procedure,
            item.summary,
            item.source,
            item.instruments,
            parameters,
            fixed,
            [other for other in names if other != name],
        )
        for name, fixed in names.items()
    }


def _merged(
    item: SignatureFile, written: dict[str, tuple[SignatureFile, Located]]
) -> tuple[str, dict[str, ParameterSpec]]:
    procedure, parameters = _merged(written[item.over][0], written) if item.over else ("", {})
    merged = {**parameters, **item.parameters}
    for name, default in item.defaults.items():
        merged[name] = msgspec.structs.replace(merged[name], default=default, required=False)
    return item.procedure or procedure, merged
