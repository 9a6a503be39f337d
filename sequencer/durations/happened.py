"""What happened in one run, from its journal: steps, exposures, templates, pauses, and when it was at work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from sequencer.durations.spans import Span, outside


class Entry(Protocol):
    """One record of a journal, by shape alone; docs/reference/run-folder.md says what `data` holds."""

    @property
    def time_s(self) -> float:
        """When it happened, Unix seconds UTC."""

    @property
    def kind(self) -> str:
        """What happened."""

    @property
    def data(self) -> Mapping[str, Any]:
        """The particulars."""


@dataclass(frozen=True)
class Step:
    """A command that was carried out."""

    start_s: float
    end_s: float
    device: str
    cmd: str
    args: Mapping[str, Any]


@dataclass(frozen=True)
class Exposure:
    """An exposure from its intent to its file or level; each of its `settle` settling reads integrates as long."""

    start_s: float
    end_s: float
    template: int
    camera: str
    mode: str
    kind: str
    integration_s: float
    settle: int
    ready_s: float


@dataclass
class Template:
    """A template; `done_s` is None unless it was completed."""

    index: int
    name: str
    started_s: float
    done_s: float | None = None


@dataclass
class Happened:
    """One run. `stops` are the closings of light stops that no step tells of, `set_ups` when a filter was put in."""

    steps: list[Step] = field(default_factory=list)
    exposures: list[Exposure] = field(default_factory=list)
    templates: list[Template] = field(default_factory=list)
    pauses: list[Span] = field(default_factory=list)
    stops: list[Span] = field(default_factory=list)
    set_ups: list[float] = field(default_factory=list)

    @cached_property
    def work(self) -> list[Span]:
        """When steps were carried out or light stops moved, pauses cut out; exposures are not in it."""
        steps = [(one.start_s, one.end_s) for one in self.steps]
        openings = [(one.start_s - one.ready_s, one.start_s) for one in self.exposures if one.ready_s]
        return outside([*steps, *openings, *self.stops], self.pauses)


def happened(records: Iterable[Entry]) -> Happened:
    """Fold the records of one run, in their order."""
    reader = _Reader()
    for record in records:
        reader.read(record)
    return reader.found


class _Reader:
    def __init__(self) -> None:
        self.found = Happened()
        self._steps: dict[int, Entry] = {}
        self._exposing: dict[str, Entry] = {}
        self._paused_s: float | None = None

    def read(self, record: Entry) -> None:
        """Take one record."""
        if handler := _HANDLERS.get(record.kind):
            handler(self, record)

    def step(self, record: Entry) -> None:
        self._steps[record.data["n"]] = record

    def step_done(self, record: Entry) -> None:
        began = self._steps.pop(record.data["n"], None)
        if began is not None and record.data["outcome"] == "completed":
            told = began.data
            self.found.steps.append(
                Step(began.time_s, record.time_s, told["device"], told["cmd"], told["args"])
            )

    def exposure(self, record: Entry) -> None:
        self._exposing[record.data["camera"]] = record

    def taken(self, record: Entry) -> None:
        began = self._exposing.pop(record.data["camera"], None)
        if began is None:
            return
        told = began.data
        self.found.exposures.append(
            Exposure(
                began.time_s,
                record.time_s,
                told["template"],
                told["camera"],
                told["mode"],
                "probe" if record.kind == "probe" else told["kind"],
                told["dit_s"] * told["ndit"],
                told.get("settle", 0),
                told.get("ready_s", 0.0),
            )
        )

    def light_stop(self, record: Entry) -> None:
        """How long one took to open the exposure tells."""
        if record.data["position"] == "CLOSED":
            self.found.stops.append((record.time_s - record.data["seconds"], record.time_s))

    def ob_state(self, record: Entry) -> None:
        if record.data["state"] == "Paused":
            self._paused_s = record.time_s
        elif self._paused_s is not None:
            self.found.pauses.append((self._paused_s, record.time_s))
            self._paused_s = None

    def template_started(self, record: Entry) -> None:
        self.found.templates.append(Template(record.data["index"], record.data["name"], record.time_s))

    def template_done(self, record: Entry) -> None:
        if record.data["outcome"] == "completed" and self.found.templates:
            self.found.templates[-1].done_s = record.time_s

    def template_state(self, record: Entry) -> None:
        if record.data["state"] == "SettingUp":
            self.found.set_ups.append(record.time_s)


_HANDLERS = {
    "step": _Reader.step,
    "step_done": _Reader.step_done,
    "exposure": _Reader.exposure,
    "frame": _Reader.taken,
    "probe": _Reader.taken,
    "light_stop": _Reader.light_stop,
    "ob_state": _Reader.ob_state,
    "template_started": _Reader.template_started,
    "template_done": _Reader.template_done,
    "template_state": _Reader.template_state,
}
