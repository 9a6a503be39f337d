"""A run as its journal tells it: templates with their frames, steps, products, alarms, safe state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sequencer.monitor.record import Record

Data = Mapping[str, Any]


@dataclass
class Moment:
    """Something that happened at one instant (`time_s`, Unix seconds UTC)."""

    time_s: float
    data: Data


@dataclass
class Span:
    """Something that lasted. `end_s` is None while it goes on (or for ever, when the run broke off)."""

    start_s: float
    end_s: float | None
    data: Data


@dataclass
class TemplateStory:
    """One template of the OB: name, how it ended (`unfinished` if it did not), its frames in order."""

    name: str
    started_s: float
    outcome: str = "unfinished"
    ended_s: float | None = None
    frames: list[Moment] = field(default_factory=list)


@dataclass
class Story:
    """Everything a report needs, in order of the journal."""

    start: Data = field(default_factory=dict)
    started_s: float = 0.0
    done: Data | None = None
    ended_s: float | None = None
    last_s: float = 0.0
    templates: list[TemplateStory] = field(default_factory=list)
    plans: list[Data] = field(default_factory=list)
    steps: dict[int, Span] = field(default_factory=dict)
    stops: list[Moment] = field(default_factory=list)
    waits: list[Moment] = field(default_factory=list)
    probes: list[Moment] = field(default_factory=list)
    products: list[Data] = field(default_factory=list)
    alarms: list[Moment] = field(default_factory=list)
    remarks: list[Moment] = field(default_factory=list)
    safe_state: list[Data] = field(default_factory=list)
    learned: Data = field(default_factory=dict)
    block_status: str = ""

    @property
    def frames(self) -> list[Moment]:
        """All stored frames of all templates."""
        return [frame for template in self.templates for frame in template.frames]


def tell(records: Iterable[Record]) -> Story:
    """Fold the records of one run into its story. Kinds a story does not need are passed over."""
    story = Story()
    for record in records:
        story.last_s = record.time_s
        handler = _HANDLERS.get(record.kind)
        if handler:
            handler(story, Moment(record.time_s, record.data))
    return story


def _run_started(story: Story, at: Moment) -> None:
    story.start, story.started_s = at.data, at.time_s


def _run_done(story: Story, at: Moment) -> None:
    story.done, story.ended_s = at.data, at.time_s


def _template_started(story: Story, at: Moment) -> None:
    story.templates.append(TemplateStory(at.data["name"], at.time_s))


def _template_done(story: Story, at: Moment) -> None:
    story.templates[-1].outcome = at.data["outcome"]
    story.templates[-1].ended_s = at.time_s


def _frame(story: Story, at: Moment) -> None:
    if not story.templates:
        story.templates.append(TemplateStory("script", at.time_s))
    story.templates[-1].frames.append(at)


def _step(story: Story, at: Moment) -> None:
    story.steps[at.data["n"]] = Span(at.time_s, None, at.data)


def _step_done(story: Story, at: Moment) -> None:
    step = story.steps.get(at.data["n"])
    if step:
        step.end_s = at.time_s


def _product(story: Story, at: Moment) -> None:
    kept = [product for product in story.products if _stem(product["file"]) != _stem(at.data["file"])]
    story.products = [*kept, at.data]


def _reduction(story: Story, at: Moment) -> None:
    """Reduced again: what is not made any more is gone."""
    gone = at.data.get("removed", [])
    story.products = [product for product in story.products if product["file"] not in gone]


def _stem(file: str) -> str:
    return file.rpartition(".")[0]


def _block_status(story: Story, at: Moment) -> None:
    story.block_status = at.data["status"]


def _learned(story: Story, at: Moment) -> None:
    story.learned = at.data["rates"]


def _safe_state(story: Story, at: Moment) -> None:
    kept = [entry for entry in story.safe_state if entry["device"] != at.data["device"]]
    story.safe_state = [*kept, at.data]


_HANDLERS = {
    "run_started": _run_started,
    "run_done": _run_done,
    "block_status": _block_status,
    "template_started": _template_started,
    "template_done": _template_done,
    "frame": _frame,
    "plan": lambda story, at: story.plans.append(at.data),
    "step": _step,
    "step_done": _step_done,
    "light_stop": lambda story, at: story.stops.append(at),
    "wait": lambda story, at: story.waits.append(at),
    "probe": lambda story, at: story.probes.append(at),
    "product": _product,
    "reduction": _reduction,
    "learned": _learned,
    "alarm": lambda story, at: story.alarms.append(at),
    "operator": lambda story, at: story.remarks.append(at),
    "note": lambda story, at: story.remarks.append(at),
    "safe_state": _safe_state,
}
