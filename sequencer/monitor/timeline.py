"""The timeline: which device did what when, when light could reach the detectors, and the exposures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sequencer.monitor import drawing
from sequencer.monitor.story import Span, Story

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KIND_COLOURS = {"flat": "#e69f00", "ladder": "#cc79a7", "dark": "#404a57"}
OPEN_COLOUR, STEP_COLOUR, TEMPLATE_COLOURS = "#f4c542", "#0072b2", ("#9db7c9", "#c9d6df")
WAIT_COLOUR = "#d5d8dc"
LEGEND = (
    ("waiting", WAIT_COLOUR), ("light can come in", OPEN_COLOUR), ("steps", STEP_COLOUR), *KIND_COLOURS.items(),
)  # fmt: skip

Bars = list[tuple[float, float, str]]
"""(start, seconds, colour)"""


def rows(story: Story) -> dict[str, Bars]:
    """What the timeline shows, row by row: templates, light stops, devices, exposures per detector."""
    end_s = story.ended_s or story.last_s
    found: dict[str, Bars] = {"template": _templates(story, end_s)}
    found["waiting"] = [
        (wait.time_s, min(wait.data["until_s"], end_s) - wait.time_s, WAIT_COLOUR) for wait in story.waits
    ]
    found.update(_light_stops(story, end_s))
    for step in story.steps.values():
        found.setdefault(str(step.data["device"]), []).append(_bar(step, end_s, STEP_COLOUR))
    for frame in story.frames:
        data = frame.data
        colour = KIND_COLOURS.get(str(data.get("kind")), KIND_COLOURS["flat"])
        bar = (data["start_s"], data["end_s"] - data["start_s"], colour)
        found.setdefault(f"frames {data['detector']}", []).append(bar)
    return {name: bars for name, bars in found.items() if bars}


def _templates(story: Story, end_s: float) -> Bars:
    return [
        (item.started_s, (item.ended_s or end_s) - item.started_s, TEMPLATE_COLOURS[k % 2])
        for k, item in enumerate(story.templates)
    ]


def _light_stops(story: Story, end_s: float) -> dict[str, Bars]:
    found: dict[str, Bars] = {}
    open_since: dict[str, float] = {}
    for stop in story.stops:
        role, position = str(stop.data["role"]), stop.data["position"]
        if position != "CLOSED":
            open_since.setdefault(role, stop.time_s)
        elif role in open_since:
            start = open_since.pop(role)
            found.setdefault(f"{role} open", []).append((start, stop.time_s - start, OPEN_COLOUR))
    for role, start in open_since.items():
        found.setdefault(f"{role} open", []).append((start, end_s - start, OPEN_COLOUR))
    return found


def _bar(step: Span, end_s: float, colour: str) -> tuple[float, float, str]:
    return step.start_s, (end_s if step.end_s is None else step.end_s) - step.start_s, colour


def timeline_plot(story: Story) -> bytes | None:
    """The rows as bars against UTC, as PNG. None when nothing happened."""
    shown = rows(story)
    if not shown:
        return None
    drawn = drawing.figure(9.6, 0.9 + 0.3 * len(shown))
    axes = drawn.subplots()
    start_s, end_s = reach(shown.values())
    for height, bars in enumerate(reversed(shown.values())):
        _draw_row(axes, height, bars, (end_s - start_s) / 600)
    axes.set_yticks(range(len(shown)), list(reversed(shown)), fontsize=8)
    drawing.tidy(axes, "")
    axes.set_ylim(-0.6, len(shown) - 0.4)
    drawing.time_axis(axes, start_s, end_s)
    _explain(axes, {colour for bars in shown.values() for *_, colour in bars})
    return drawing.png(drawn)


def _explain(axes: Axes, used: set[str]) -> None:
    """Say what the colours mean."""
    from matplotlib.patches import Patch

    if handles := [Patch(color=colour, label=name) for name, colour in LEGEND if colour in used]:
        drawing.legend(axes, handles=handles)


def _draw_row(axes: Axes, height: int, bars: Bars, least_s: float) -> None:
    spans = [(start, max(seconds, least_s)) for start, seconds, _ in bars]
    axes.broken_barh(spans, (height - 0.36, 0.72), facecolors=[colour for *_, colour in bars])


def reach(all_bars: Iterable[Bars]) -> tuple[float, float]:
    """First start and last end of all bars, at least a second apart."""
    bars = [bar for row in all_bars for bar in row]
    start = min(bar[0] for bar in bars)
    end = max(bar[0] + bar[1] for bar in bars)
    return start, max(end, start + 1.0)
