"""Our form into the Phase-2 JSON form; `phase2_read` says what is where."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sequencer.config.yaml_reader import Located
from sequencer.observing.exchange.checking import require_sound
from sequencer.observing.exchange.constraints import PHASE2_NAMES
from sequencer.observing.exchange.phase2_read import FIELDS, OWN, TARGET
from sequencer.observing.exchange.template_type import template_type
from sequencer.observing.exchange.typed import ESO_TYPES
from sequencer.observing.signature import Signature, load_signatures
from sequencer.observing.values import check_value

_IDLE = {"epoch": 2000.0, "pm_ra_arcsec_yr": 0.0, "pm_dec_arcsec_yr": 0.0}


def phase2_text(located: Located, signatures: Mapping[str, Signature] | None = None) -> str:
    """Return the Phase-2 JSON text of a block in our form. Raises ConfigErrors for a block that is not sound."""
    known = load_signatures() if signatures is None else signatures
    require_sound(located, known)
    return json.dumps(_document(located.data, known), indent=2, ensure_ascii=True, allow_nan=False) + "\n"


def _document(block: Mapping[str, Any], known: Mapping[str, Signature]) -> dict[str, Any]:
    document = {key: block[ours] for key, ours in FIELDS.items() if ours in block}
    document["itemType"] = "OB" if "target" in block else "CB"
    if "target" in block:
        target = {**_IDLE, **block["target"]}
        document["target"] = {key: target[ours] for key, ours in TARGET.items() if ours in target}
        document["target"]["equinox"] = "J2000"
    constraints = block.get("constraints") or {}
    if constraints:
        document["constraints"] = _constraints(constraints)
    if constraints.get("times"):
        windows = [{"from": window["after"], "to": window["before"]} for window in constraints["times"]]
        document["absoluteTimeConstraints"] = windows
    document["templates"] = [_template(call, known[call["template"]]) for call in block["templates"]]
    if own := {key: block[key] for key in OWN if key in block}:
        document["sequencer"] = own
    return document


def _constraints(constraints: Mapping[str, Any]) -> dict[str, Any]:
    ours = {foreign: constraints[name] for foreign, name in PHASE2_NAMES.items() if name in constraints}
    return ours | dict(constraints.get("other") or {})


def _template(call: Mapping[str, Any], signature: Signature) -> dict[str, Any]:
    parameters = [
        {"name": name, "type": ESO_TYPES[spec.type], "value": check_value(spec, value)[0]}
        for name, value in (call.get("parameters") or {}).items()
        if (spec := signature.parameters[name])
    ]
    return {"templateName": call["template"], "type": template_type(signature), "parameters": parameters}
