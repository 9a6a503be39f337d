"""Our form into the `.obd` form; `obd_fields` says what is where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sequencer.config.problems import ConfigErrors
from sequencer.config.yaml_reader import Located, NodePath
from sequencer.observing.exchange.acquisition import is_acquisition
from sequencer.observing.exchange.checking import require_sound
from sequencer.observing.exchange.obd_fields import EQUINOX, FIELDS, STILL
from sequencer.observing.exchange.paf import paf_text
from sequencer.observing.exchange.texts import at, plain_texts
from sequencer.observing.exchange.typed import value_text
from sequencer.observing.signature import Signature, load_signatures
from sequencer.observing.values import check_value

DICTIONARY = "ESO-VLT-DIC.OBS-1.12"
_ALWAYS = {"OBS.ID": "0", "OBS.NAME": "", "OBS.PROG.ID": "", "OBS.PI-COI.NAME": "", "OBS.OBSERVER": "",
           "OBS.TARG.NAME": ""}  # fmt: skip
_IDLE = {"TEL.TARG.EPOCH": "2000", "TEL.TARG.PMA": "0", "TEL.TARG.PMD": "0"}
Rows = list[tuple[str, str]]


def obd_text(located: Located, written: str, signatures: Mapping[str, Signature] | None = None) -> str:
    """Return the `.obd` text of a block in our form, `written` at an ISO 8601 UTC time.

    Names are in plain ASCII (`respelled` says which). Raises ConfigErrors for a block that is not sound, or has another
    text this form cannot hold.
    """
    known = load_signatures() if signatures is None else signatures
    require_sound(located, known)
    try:
        sections = list(_sections(plain_texts(located.data), known))
        return paf_text("OB Description", written, sections)
    except ValueError as reason:
        raise ConfigErrors([located.problem((), f"cannot be written as .obd: {reason}")]) from None


def _sections(block: Mapping[str, Any], known: Mapping[str, Signature]) -> Iterator[tuple[str, Rows]]:
    calls = block["templates"]
    target = _target(block)
    acquired = is_acquisition(calls[0]["template"])
    yield "Observing block", _observing(block) + _constraints(block) + ([] if acquired else target)
    for number, call in enumerate(calls, start=1):
        signature = known[call["template"]]
        own = target if acquired and number == 1 else []
        rows = [row for row in own if row[0] not in signature.parameters]
        yield f"Template {number}", [("TPL.ID", call["template"]), *rows, *_parameters(call, signature)]


def _observing(block: Mapping[str, Any]) -> Rows:
    rows = [(keyword, _field(block, keyword)) for keyword in FIELDS if _is_observing(keyword)]
    kept = [(keyword, text or _ALWAYS.get(keyword, "")) for keyword, text in rows if text or keyword in _ALWAYS]
    return [("OBS.DID", DICTIONARY), ("OBS.GRP", "0"), *kept]


def _is_observing(keyword: str) -> bool:
    return keyword.startswith("OBS.") and not keyword.startswith("OBS.CON.")


def _target(block: Mapping[str, Any]) -> Rows:
    if not at(block, ("target", "ra")):
        return []
    keywords = [keyword for keyword in FIELDS if keyword.startswith("TEL.TARG.")]
    rows = [(keyword, _field(block, keyword) or _IDLE.get(keyword, "")) for keyword in keywords]
    return [*rows, (EQUINOX, "2000"), *((keyword, "0") for keyword in STILL)]


def _constraints(block: Mapping[str, Any]) -> Rows:
    rows = [(key, text) for key in FIELDS if key.startswith("OBS.CON.") and (text := _field(block, key))]
    constraints = block.get("constraints") or {}
    for number, window in enumerate(constraints.get("times") or [], start=1):
        rows += [(f"OBS.TIME{number}.{key.upper()}", window[key]) for key in ("after", "before")]
    for number, (name, value) in enumerate((constraints.get("other") or {}).items(), start=1):
        what = "TEXT" if isinstance(value, str) else "NUMBER"
        rows += [(f"OBS.CON.OTHER{number}.NAME", name), (f"OBS.CON.OTHER{number}.{what}", value_text(value))]
    return rows


def _field(block: Mapping[str, Any], keyword: str) -> str:
    path: NodePath = FIELDS[keyword].path
    value = at(block, path)
    return "" if value is None else FIELDS[keyword].write(value)


def _parameters(call: Mapping[str, Any], signature: Signature) -> Rows:
    specs = signature.parameters
    given = call.get("parameters") or {}
    return [(name, value_text(check_value(specs[name], value)[0])) for name, value in given.items()]
