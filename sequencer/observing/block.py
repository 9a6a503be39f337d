"""Observing blocks: what an observer asks for, read from YAML and measured against the signatures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from sequencer.config.problems import ConfigErrors, Problem, did_you_mean, near, ordered, shown
from sequencer.config.search import find_config
from sequencer.config.yaml_reader import Located, NodePath, read_yaml
from sequencer.observing.exchange.acquisition import check_acquisition
from sequencer.observing.exchange.particulars import KEYS, Particulars, read_particulars
from sequencer.observing.exchange.texts import CARDS
from sequencer.observing.signature import Signature, load_signatures
from sequencer.observing.values import check_value

_OB_KEYS = ("name", "instrument", "programme", *KEYS, "templates")
_CALL_KEYS = ("template", "parameters")
MAX_TEMPLATES = 1000
_LOOKED_AT_BYTES = 4096
_FOREIGN = {"an .obd file": (b"PAF.HDR.START", b""), "Phase-2 JSON": (b"{", b'"itemType"')}
"""Forms outside: how their files begin, and a word that stands near the beginning."""


class TemplateCall(msgspec.Struct, frozen=True):
    """One template of an OB with every parameter resolved: as given, as fixed by the name, or its default.

    `given` are the parameters the OB itself sets, `refused` those whose value is not what the observer meant:
    it was refused, or a misspelt name hides it. `index` counts from 0 in the OB, unknown templates too.
    """

    name: str
    signature: Signature
    parameters: dict[str, Any]
    line: int
    given: frozenset[str] = frozenset()
    index: int = 0
    refused: frozenset[str] = frozenset()

    def trusts(self, *parameters: str) -> bool:
        """Whether none of these parameters was refused; else what follows from them is not worth a word."""
        return self.refused.isdisjoint(parameters)


class OB(msgspec.Struct, frozen=True):
    """An observing block. `problems` is what reading it alone has shown; `validate` says the rest.

    `particulars` are its optional keys: id, status, observer, pi, target and constraints.
    """

    name: str
    instrument: str
    programme: str
    templates: list[TemplateCall]
    located: Located
    problems: list[Problem] = []
    particulars: Particulars = Particulars()

    @property
    def file(self) -> str:
        """The file it was read from."""
        return self.located.file

    @property
    def moon_least_deg(self) -> float:
        """The distance its constraints want from the Moon; 0: they say nothing of it."""
        return self.particulars.constraints.moon_distance_deg or 0.0

    def problem(self, call: TemplateCall, parameter: str, text: str) -> Problem:
        """Return a problem placed at a parameter of a template, or at the template where it is not given."""
        path: NodePath = ("templates", call.index)
        if parameter in call.given:
            path = (*path, "parameters", parameter)
        named = f"{parameter}: " if parameter else ""
        return self.located.problem(path, f"{call.name}: {named}{text}")


def load_ob(name_or_path: str | Path, signatures: Mapping[str, Signature] | None = None) -> OB:
    """Return an OB by name or path. Raises ConfigErrors for a file that is no YAML mapping at all."""
    return read_ob(read_block(find_config("obs", name_or_path)), signatures)


def read_block(path: Path) -> Located:
    """Return the YAML document of a block's file. Raises ConfigErrors; of a file in a form outside, that says so."""
    try:
        with path.open("rb") as stream:
            start = stream.read(_LOOKED_AT_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError:
        start = b""  # what is wrong with it the reader says
    for form, (first, word) in _FOREIGN.items():
        if start.startswith(first) and word in start:
            text = f"is {form}, not a block of ours: `sequencer import {path} --out NAME.yaml` makes it one"
            raise ConfigErrors([Problem(str(path), 0, text)])
    return read_yaml(path, lenient=True)


def compose_ob(
    name: str,
    instrument: str,
    calls: list[tuple[str, dict[str, Any]]],
    programme: str = "",
    signatures: Mapping[str, Signature] | None = None,
) -> OB:
    """Return an OB made by a program, from template names and their parameters."""
    templates = [{"template": template, "parameters": parameters} for template, parameters in calls]
    data = {"name": name, "instrument": instrument, "templates": templates}
    if programme:
        data["programme"] = programme
    return read_ob(Located(name, data, {}), signatures)


def read_ob(located: Located, signatures: Mapping[str, Signature] | None = None) -> OB:
    """Return the OB in a YAML document. Raises ConfigErrors if it is no mapping."""
    data = located.data
    if not isinstance(data, dict):
        raise ConfigErrors(
            [
                *located.problems,
                located.problem((), f"an observing block must be a mapping, not {shown(data)}"),
            ]
        )
    known = load_signatures() if signatures is None else signatures
    problems = _unknown_keys(located, data, _OB_KEYS, ())
    name = _text(located, data, "name", problems)
    instrument = _text(located, data, "instrument", problems)
    programme = _text(located, data, "programme", problems) if "programme" in data else ""
    particulars, wrong = read_particulars(located)
    problems += [*wrong, *check_acquisition(located)]
    calls = data.get("templates")
    templates: list[TemplateCall] = []
    if not isinstance(calls, list) or not 0 < len(calls) <= MAX_TEMPLATES:
        what = (
            "is missing" if "templates" not in data else f"must be a list of 1 to {MAX_TEMPLATES} templates"
        )
        problems.append(located.problem(("templates",) if "templates" in data else (), f"templates: {what}"))
    else:
        read = (_call(located, calls[i], i, known, problems) for i in range(len(calls)))
        templates = [call for call in read if call is not None]
    refused = {problem.line for problem in located.problems}
    found = [problem for problem in problems if problem.line not in refused]
    every = ordered([*located.problems, *found])
    return OB(name, instrument, programme, templates, located, every, particulars)


def _unknown_keys(
    located: Located, data: dict[str, Any], known: tuple[str, ...], path: NodePath
) -> list[Problem]:
    return [
        located.problem((*path, key), f"unknown key {shown(key)}{did_you_mean(key, known)}")
        for key in data
        if key not in known
    ]


def _text(located: Located, data: dict[str, Any], key: str, problems: list[Problem]) -> str:
    value = data.get(key)
    for_a_card = (key,) in CARDS  # what such a text may hold its card says
    if isinstance(value, str) and (for_a_card or (value.strip() and value.isprintable())):
        return value
    text = "is missing" if key not in data else f"must be one line of text, not {shown(value)}"
    problems.append(located.problem((key,) if key in data else (), f"{key}: {text}"))
    return ""


def _call(
    located: Located, data: Any, index: int, known: Mapping[str, Signature], problems: list[Problem]
) -> TemplateCall | None:
    path: NodePath = ("templates", index)
    if not isinstance(data, dict):
        problems.append(located.problem(path, f"a template must be a mapping, not {shown(data)}"))
        return None
    problems += _unknown_keys(located, data, _CALL_KEYS, path)
    given = data.get("parameters")
    if given is not None and not isinstance(given, dict):
        text = f"parameters: must be a mapping, not {shown(given)}"
        problems.append(located.problem((*path, "parameters"), text))
        given = None
    name = data.get("template")
    if not isinstance(name, str) or name not in known:
        problems.append(_no_template(located, data, path, known))
        return None
    parameters, refused = _resolve(located, known[name], given or {}, path, problems)
    line = located.line(path)
    return TemplateCall(name, known[name], parameters, line, frozenset(given or {}), index, refused)


def _no_template(
    located: Located, data: dict[str, Any], path: NodePath, known: Mapping[str, Signature]
) -> Problem:
    if "template" not in data:
        return located.problem(path, "template: is missing")
    name = data["template"]
    hint = did_you_mean(name, known) if isinstance(name, str) else ""
    hint = hint or "; `sequencer templates` lists them"
    return located.problem((*path, "template"), f"unknown template {shown(name)}{hint}")


def _resolve(
    located: Located, signature: Signature, given: dict[str, Any], path: NodePath, problems: list[Problem]
) -> tuple[dict[str, Any], frozenset[str]]:
    specs = signature.parameters
    values = {name: spec.default for name, spec in specs.items()} | signature.fixed
    refused: set[str] = set()
    for name, raw in given.items():
        here = (*path, "parameters", name)
        if name not in specs:
            text = f"{signature.name}: unknown parameter {shown(name)}{did_you_mean(name, specs)}"
            problems.append(located.problem(here, text))
            refused.update(near(name, specs)[:1])
            continue
        value, error = check_value(specs[name], raw)
        if not error and name in signature.fixed and value != signature.fixed[name]:
            error = f"is fixed to {shown(signature.fixed[name])} by this template"
        if error:
            problems.append(located.problem(here, f"{signature.name}: {name}: {error}"))
            refused.add(name)
        else:
            values[name] = value
    for name, spec in specs.items():
        if spec.required and name not in {*given, *signature.fixed, *refused}:
            problems.append(located.problem(path, f"{signature.name}: {name} is missing: {spec.meaning}"))
    return values, frozenset(refused)
