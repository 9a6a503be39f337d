"""The `.obd` form into ours: a parameter file with OBS records, then each template with its values, all text."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sequencer.config.problems import shown
from sequencer.config.yaml_reader import NodePath
from sequencer.observing.exchange.checking import keyword_problem, require_sound
from sequencer.observing.exchange.imported import Imported
from sequencer.observing.exchange.moved import Moved, check_equinox, finish_target
from sequencer.observing.exchange.obd_fields import EQUINOX, FIELDS, SILENT, STILL, TPL_HEAD
from sequencer.observing.exchange.paf import Record, parse_paf
from sequencer.observing.exchange.particulars import in_order
from sequencer.observing.exchange.typed import scalar, typed
from sequencer.observing.signature import Signature, load_signatures

_LONG = (*STILL, *TPL_HEAD)
"""Some of ESO's own are longer than the 8 characters of a header keyword."""
_TIME = re.compile(r"OBS\.TIME(\d{1,2})\.(AFTER|BEFORE)")
_OTHER = re.compile(r"OBS\.CON\.OTHER(\d{1,2})\.(NAME|TEXT|NUMBER)")


def read_obd(raw: bytes, file: str, signatures: Mapping[str, Signature] | None = None) -> Imported:
    """Return the block of an `.obd` file. Raises ConfigErrors with everything that is wrong with it.

    Without `OBS.INSTRUM` (ours) the instrument is the one its templates belong to.
    """
    known = load_signatures() if signatures is None else signatures
    reader = _Reader(Moved(file), known)
    for record in parse_paf(raw, file):
        reader.take(record)
    moved = reader.moved
    _instrument(moved, known)
    finish_target(moved)
    require_sound(moved.located(), known)
    return Imported(in_order(moved.block), moved.notes)


class _Reader:
    """Takes records in order; what follows `TPL.ID` belongs to that template."""

    def __init__(self, moved: Moved, known: Mapping[str, Signature]) -> None:
        self.moved = moved
        self._known = known
        self._path: NodePath = ()
        self._signature: Signature | None = None
        self._seen: dict[tuple[NodePath, str], int] = {}
        self._others: dict[int, str] = {}

    def take(self, record: Record) -> None:
        """Put one record where it belongs."""
        moved, name = self.moved, record.keyword
        if name not in _LONG and (why := keyword_problem(name)):
            moved.problem(record.line, f"{shown(name)}: the keyword {why}")
        elif name == "TPL.ID":
            self._template(record)
        elif (first := self._seen.setdefault((self._path, name), record.line)) != record.line:
            moved.problem(record.line, f"{name}: is given twice, first in line {first}")
        elif self._path and not self._is_target(name):
            self._parameter(record)
        else:
            self._field(record)

    def _template(self, record: Record) -> None:
        calls = self.moved.block.get("templates", [])
        self._path = ("templates", len(calls))
        self._signature = self._known.get(record.value)
        self.moved.put(self._path, {}, record.line)
        self.moved.put((*self._path, "template"), record.value, record.line)

    def _is_target(self, name: str) -> bool:
        own = self._signature.parameters if self._signature else {}
        return name.startswith("TEL.TARG.") and name not in own

    def _parameter(self, record: Record) -> None:
        specs = self._signature.parameters if self._signature else {}
        if record.keyword in TPL_HEAD and record.keyword not in specs:
            return
        value = typed(specs.get(record.keyword), record.value)
        self.moved.put((*self._path, "parameters", record.keyword), value, record.line)

    def _field(self, record: Record) -> None:
        moved, name = self.moved, record.keyword
        if name == EQUINOX:
            check_equinox(moved, record.line, record.value)
        elif name in STILL:
            if scalar(record.value) not in (0, 0.0, ""):
                moved.problem(record.line, f"{name}: moving targets are not followed; it must be 0")
        elif name in FIELDS:
            self._known_field(record)
        elif match := _TIME.fullmatch(name):
            self._time(record, int(match[1]), match[2].lower())
        elif match := _OTHER.fullmatch(name):
            self._other(record, int(match[1]), match[2])
        elif name not in SILENT:
            moved.unknown(record.line, "keyword", name, [*FIELDS, EQUINOX, *STILL, *SILENT, "TPL.ID"])

    def _known_field(self, record: Record) -> None:
        field = FIELDS[record.keyword]
        if record.value.strip() in field.idle:
            return
        value, why = field.read(record.value)
        if why:
            self.moved.problem(record.line, f"{record.keyword}: {why}")
            self.moved.lost.add(field.path)
            return
        first = self.moved.lines.get(field.path)
        if first is not None and self._value(field.path) != value:
            text = f"{record.keyword}: differs from line {first}, which says the same thing otherwise"
            self.moved.problem(record.line, text)
        elif first is None:
            self.moved.put(field.path, value, record.line)

    def _value(self, path: NodePath) -> object:
        found: object = self.moved.block
        for step in path:
            found = found[step] if isinstance(found, dict) else None
        return found

    def _time(self, record: Record, number: int, key: str) -> None:
        path: NodePath = ("constraints", "times")
        made = len(self.moved.block.get("constraints", {}).get("times", []))
        if number == made + 1:
            self.moved.put((*path, made), {}, record.line)
        elif not 1 <= number <= made:
            self.moved.problem(record.line, f"{record.keyword}: OBS.TIME{made + 1} must come first")
            return
        self.moved.put((*path, number - 1, key), record.value, record.line)

    def _other(self, record: Record, number: int, what: str) -> None:
        if what == "NAME":
            self._others[number] = record.value
        elif number not in self._others:
            self.moved.problem(record.line, f"{record.keyword}: OBS.CON.OTHER{number}.NAME must come first")
        else:
            value = scalar(record.value) if what == "NUMBER" else record.value
            self.moved.put(("constraints", "other", self._others[number]), value, record.line)


def _instrument(moved: Moved, known: Mapping[str, Signature]) -> None:
    """Set the instrument its templates belong to, where the file names none and they agree."""
    names = [call.get("template") for call in moved.block.get("templates", [])]
    owners = {one for name in names if name in known for one in known[name].instruments}
    if "instrument" not in moved.block and len(owners) == 1:
        moved.block["instrument"] = owners.pop()
