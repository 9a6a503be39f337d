"""The Phase-2 JSON form into ours. Fields: `p2api` 1.2.1 and ESO's Phase-2 API tutorial.

One document is one block: the OB object of the API with its sub-resources beside it (`templates`,
`absoluteTimeConstraints`), and under `sequencer` what the API has no field for (observer, pi).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sequencer.config.problems import ConfigErrors, shown
from sequencer.config.yaml_reader import Located, NodePath
from sequencer.observing.exchange.checking import keyword_problem, require_sound
from sequencer.observing.exchange.constraints import PHASE2_NAMES
from sequencer.observing.exchange.coordinates import declination, right_ascension
from sequencer.observing.exchange.imported import Imported
from sequencer.observing.exchange.located_json import parse_json
from sequencer.observing.exchange.moved import Moved, check_equinox, finish_target
from sequencer.observing.exchange.particulars import in_order
from sequencer.observing.exchange.typed import typed
from sequencer.observing.signature import Signature, load_signatures

FIELDS: dict[str, str] = {
    "obId": "id",
    "obStatus": "status",
    "name": "name",
    "instrument": "instrument",
    "runId": "programme",
}
TARGET = {
    "name": "name",
    "ra": "ra",
    "dec": "dec",
    "epoch": "epoch",
    "properMotionRa": "pm_ra_arcsec_yr",
    "properMotionDec": "pm_dec_arcsec_yr",
}
OWN = ("observer", "pi")
_NOT_KEPT = ("userPriority", "ipVersion", "exposureTime", "executionTime", "parentContainerId", "containerId",
             "userComments", "migrate", "grade", "finderChart", "ephemeris")  # fmt: skip
_SIDEREAL = "siderealTimeConstraints"
_TOP = [*FIELDS, "itemType", "target", "constraints", "templates", "absoluteTimeConstraints", _SIDEREAL, "sequencer",
        *_NOT_KEPT]  # fmt: skip
_STILL = ("differentialRa", "differentialDec")


def read_phase2(raw: bytes, file: str, signatures: Mapping[str, Signature] | None = None) -> Imported:
    """Return the block of a Phase-2 JSON document. Raises ConfigErrors with everything that is wrong with it."""
    known = load_signatures() if signatures is None else signatures
    source = parse_json(raw, file)
    if not isinstance(source.data, dict):
        raise ConfigErrors([source.problem((), f"an observing block must be an object, not {shown(source.data)}")])
    moved = Moved(file)
    _top(source, moved)
    _target(source, moved)
    _constraints(source, moved)
    _times(source, moved)
    _templates(source, moved, known)
    require_sound(moved.located(), known)
    return Imported(in_order(moved.block), moved.notes)


def _top(source: Located, moved: Moved) -> None:
    data = source.data
    for key in data:
        line = source.line((key,))
        if key not in _TOP:
            moved.unknown(line, "key", key, _TOP)
        elif key in _NOT_KEPT and data[key] not in (None, "", 0, [], {}):
            moved.note(line, f"{key}: {shown(data[key])} is not kept")
    for key, ours in FIELDS.items():
        if data.get(key) is not None:
            moved.put((ours,), data[key], source.line((key,)))
    if data.get("itemType", "OB") not in ("OB", "CB"):
        text = f"itemType: must be OB or CB, not {shown(data['itemType'])}"
        moved.problem(source.line(("itemType",)), text)
    if data.get("itemType") == "CB" and data.get("target"):
        moved.problem(source.line(("target",)), "target: a calibration block (itemType CB) has none")
    for key, value in _object(source, ("sequencer",), moved).items():
        line = source.line(("sequencer", key))
        if key in OWN:
            moved.put((key,), value, line)
        else:
            moved.unknown(line, "key", f"sequencer.{key}", [f"sequencer.{name}" for name in OWN])


def _target(source: Located, moved: Moved) -> None:
    for key, value in _object(source, ("target",), moved).items():
        line = source.line(("target", key))
        if value is None:
            continue
        if key == "equinox":
            check_equinox(moved, line, value)
        elif key in _STILL:
            if value:
                moved.problem(line, f"target.{key}: moving targets are not followed; it must be 0")
        elif key not in TARGET:
            moved.unknown(line, "key", f"target.{key}", [f"target.{name}" for name in (*TARGET, "equinox", *_STILL)])
        else:
            moved.put(("target", TARGET[key]), _coordinate(key, value), line)
    finish_target(moved)


def _coordinate(key: str, value: Any) -> Any:
    """A coordinate in our one way of writing; a wrong one as it is, for the check to refuse."""
    read = {"ra": right_ascension, "dec": declination}.get(key)
    return (read(value)[0] or value) if read and isinstance(value, str) else value


def _constraints(source: Located, moved: Moved) -> None:
    for key, value in _object(source, ("constraints",), moved).items():
        if value is not None:
            path: NodePath = (PHASE2_NAMES[key],) if key in PHASE2_NAMES else ("other", key)
            moved.put(("constraints", *path), value, source.line(("constraints", key)))


def _times(source: Located, moved: Moved) -> None:
    if source.data.get(_SIDEREAL):
        text = f"{_SIDEREAL}: cannot be kept; write them as absoluteTimeConstraints of the night"
        moved.problem(source.line((_SIDEREAL,)), text)
    key = "absoluteTimeConstraints"
    for index, window in enumerate(_list(source, (key,), moved)):
        line = source.line((key, index))
        if not isinstance(window, dict) or window.keys() != {"from", "to"}:
            moved.problem(line, f"{key}[{index}]: must be an object with from and to, not {shown(window)}")
            continue
        times = moved.block.get("constraints", {}).get("times", [])
        ours = {"after": window["from"], "before": window["to"]}
        moved.put(("constraints", "times", len(times)), ours, line)


def _templates(source: Located, moved: Moved, known: Mapping[str, Signature]) -> None:
    if "templates" not in source.data:
        return
    moved.put(("templates",), [], source.line(("templates",)))
    for index, template in enumerate(_list(source, ("templates",), moved)):
        path: NodePath = ("templates", index)
        call: dict[str, Any] = {}
        moved.put(path, call, source.line(path))
        if not isinstance(template, dict):
            moved.problem(source.line(path), f"templates[{index}]: must be an object, not {shown(template)}")
            continue
        if "templateName" in template:
            moved.put((*path, "template"), template["templateName"], source.line((*path, "templateName")))
        for key in template:
            if key not in ("templateId", "templateName", "type", "parameters"):
                names = ["templateId", "templateName", "type", "parameters"]
                moved.unknown(source.line((*path, key)), "key", key, names)
        _parameters(source, path, moved, known.get(str(template.get("templateName"))))


def _parameters(source: Located, path: NodePath, moved: Moved, signature: Signature | None) -> None:
    for index, parameter in enumerate(_list(source, (*path, "parameters"), moved)):
        here: NodePath = (*path, "parameters", index)
        name = parameter.get("name") if isinstance(parameter, dict) else None
        if not isinstance(name, str):
            text = f"a parameter must be an object with name and value, not {shown(parameter)}"
            moved.problem(source.line(here), text)
            continue
        if why := keyword_problem(name):
            moved.problem(source.line((*here, "name")), f"parameter {shown(name)}: the keyword {why}")
        elif _given_twice(moved, path, name):
            moved.problem(source.line((*here, "name")), f"{name}: is given twice")
        elif parameter.get("value") is not None:
            spec = signature.parameters.get(name) if signature else None
            value = parameter["value"]
            value = typed(spec, value) if isinstance(value, str) else value
            line = source.line((*here, "value" if spec or not signature else "name"))
            moved.put((*path, "parameters", name), value, line)


def _given_twice(moved: Moved, path: NodePath, name: str) -> bool:
    return (*path, "parameters", name) in moved.lines


def _object(source: Located, path: NodePath, moved: Moved) -> dict[str, Any]:
    return _kind(source, path, moved, dict, "an object") or {}


def _list(source: Located, path: NodePath, moved: Moved) -> list[Any]:
    return _kind(source, path, moved, list, "a list") or []


def _kind(source: Located, path: NodePath, moved: Moved, kind: type, words: str) -> Any:
    data: Any = source.data
    for step in path:
        data = data.get(step) if isinstance(data, dict) else data[int(step)]
    if data is None or isinstance(data, kind):
        return data
    moved.problem(source.line(path), f"{'.'.join(map(str, path))}: must be {words}, not {shown(data)}")
    return None
