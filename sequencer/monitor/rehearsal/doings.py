"""Who does what when in a rehearsed block: commands one by one, exposures of a series together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sequencer.durations import Durations, Work
from sequencer.durations import step as key
from sequencer.monitor.lines import short
from sequencer.monitor.rehearsal.foreseen import Doing, ForeseenStep, ForeseenTemplate, Interval
from sequencer.monitor.story import Data, Story, TemplateStory


def templates_of(story: Story) -> list[ForeseenTemplate]:
    """The templates in order, with what the devices do in each."""
    found = []
    end_s = story.ended_s or story.last_s
    for template in story.templates:
        own = Doings(story, template)
        found.append(
            ForeseenTemplate(
                template.name, template.started_s, template.ended_s or end_s, template.outcome, own.ordered()
            )
        )
    return found


class Doings:
    """What the devices do in one template."""

    def __init__(self, story: Story, template: TemplateStory) -> None:
        self._start_s = template.started_s
        self._end_s = template.ended_s or story.ended_s or story.last_s
        self._story = story
        self._template = template

    def ordered(self) -> list[Doing]:
        """All of it, in order of time."""
        found = [*self._waits(), *self._commands(), *self._light_stops(), *self._exposures()]
        return sorted(found, key=lambda doing: (doing.start_s, doing.device))

    def _waits(self) -> Iterator[Doing]:
        for wait in self._story.waits:
            if self._start_s <= wait.time_s < self._end_s:
                yield Doing("sequencer", wait.time_s, min(wait.data["until_s"], self._end_s), wait.data["why"])

    def _commands(self) -> Iterator[Doing]:
        for step in self._story.steps.values():
            if self._start_s <= step.start_s < self._end_s:
                end_s = self._end_s if step.end_s is None else step.end_s
                what = f"{step.data['cmd']}{arguments(step.data.get('args', {}))}"
                yield Doing(str(step.data["device"]), step.start_s, end_s, what)

    def _light_stops(self) -> Iterator[Doing]:
        open_since: dict[str, float] = {}
        for stop in self._story.stops:
            role, position = str(stop.data["role"]), stop.data["position"]
            if not self._start_s <= stop.time_s <= self._end_s:
                continue
            if position != "CLOSED":
                open_since.setdefault(role, stop.time_s)
            elif role in open_since:
                yield Doing(role, open_since.pop(role), stop.time_s, "open")
        yield from (Doing(role, start_s, self._end_s, "open") for role, start_s in open_since.items())

    def _exposures(self) -> Iterator[Doing]:
        frames = [frame.data for frame in self._template.frames]
        for detector in dict.fromkeys(frame["detector"] for frame in frames):
            own = [frame for frame in frames if frame["detector"] == detector]
            for _, alike in groupby(own, key=_series):
                yield _exposed(str(detector), list(alike))


def folded(doings: Sequence[Doing]) -> list[Doing]:
    """The doings with what is repeated from exposure to exposure of a series (a dither, the shutter) told once."""
    series = [doing for doing in doings if doing.frames > 1]
    groups: dict[tuple[Any, ...], list[Doing]] = {}
    for number, doing in enumerate(doings):
        within = next((k for k, one in enumerate(series) if not doing.frames and _during(doing, one)), None)
        key = (number,) if within is None else (within, doing.device, doing.what.partition(" ")[0])
        groups.setdefault(key, []).append(doing)
    return [_together(group) for group in groups.values()]


def _during(doing: Doing, series: Doing) -> bool:
    return series.start_s <= doing.start_s and doing.end_s <= series.end_s


def _together(group: Sequence[Doing]) -> Doing:
    first, last = group[0], group[-1]
    if len(group) == 1:
        return first
    return Doing(first.device, first.start_s, last.end_s, f"{len(group)} x {first.what.partition(' ')[0]}")


def steps_of(story: Story, durations: Durations | None) -> list[ForeseenStep]:
    """Each kind of command with its number and its seconds in all, the longest first; and what earlier runs taught."""
    n: dict[str, int] = {}
    seconds: dict[str, float] = {}
    for step in story.steps.values():
        if step.end_s is not None:
            name = key(str(step.data["device"]), str(step.data["cmd"]))
            n[name] = n.get(name, 0) + 1
            seconds[name] = seconds.get(name, 0.0) + step.end_s - step.start_s
    found = (ForeseenStep(name, n[name], round(seconds[name], 3), _earlier(name, durations)) for name in n)
    return sorted(found, key=lambda step: -step.seconds)


def _earlier(name: str, durations: Durations | None) -> Interval | None:
    if durations is None or not durations.known(name):
        return None
    one = durations.forecast(Work(counts={name: 1}))
    return Interval(one.expected_s, one.low_s, one.high_s, one.runs or 0)


def arguments(args: Mapping[str, Any]) -> str:
    """Arguments of a command as a person reads them: ` INS.OPTI10.NAME Lp`, ` altitude_deg 41.8`."""
    return "".join(
        f" {name} {short(value) if isinstance(value, float) else value}" for name, value in args.items()
    )


def _series(frame: Data) -> tuple[Any, ...]:
    dit = frame["dit_s"] if frame["kind"] not in ("flat", "ladder") else None
    return frame["kind"], frame["filter"], round(frame["airmass"] or 0.0, 1), frame["mode"], dit


def _exposed(detector: str, frames: Sequence[Data]) -> Doing:
    first = frames[0]
    dits = sorted(frame["dit_s"] for frame in frames)
    dit = short(dits[0]) if short(dits[0]) == short(dits[-1]) else f"{short(dits[0])} to {short(dits[-1])}"
    where = f" {first['filter']} X{first['airmass']:.2f}" if first["filter"] and first["airmass"] else ""
    good = sum(frame["verdict"] == "good" for frame in frames)
    judged = "" if good == len(frames) else f", {good} good"
    what = f"{len(frames)} x {first['kind']}{where}, DIT {dit} s x {first['ndit']}{judged}"
    return Doing(detector, first["start_s"], frames[-1]["end_s"], what, len(frames))
