"""Plots of a run's course: levels against time, planned against achieved, the timeline of devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sequencer.monitor import drawing
from sequencer.monitor.story import Data, Moment, Story

if TYPE_CHECKING:
    from matplotlib.axes import Axes


DARK_KINDS = ("dark", "bias")


def label(data: Data) -> str:
    """What tells frames apart in a plot: the filter, or the camera where there is none."""
    return str(data.get("filter") or data["camera"])


def level_plot(story: Story) -> bytes | None:
    """Level, DIT, airmass and Sun altitude against time, one point a frame with light, as PNG. None without any."""
    frames = [frame for frame in story.frames if frame.data.get("kind") not in DARK_KINDS]
    if not frames:
        return None
    drawn = drawing.figure(9.6, 6.6)
    panels = drawn.subplots(4, 1, sharex=True, height_ratios=[3, 1.3, 1.1, 1.1])
    colours = drawing.colours_of(label(frame.data) for frame in frames)
    for name, colour in colours.items():
        _draw_filter(panels, [frame.data for frame in frames if label(frame.data) == name], name, colour)
    _dress_levels(panels, frames)
    return drawing.png(drawn)


def _draw_filter(panels: Sequence[Axes], frames: list[Data], name: str, colour: str) -> None:
    times = [_middle(frame) for frame in frames]
    for verdict_good, marker, edge in ((True, "o", colour), (False, "X", drawing.BAD)):
        chosen = [k for k, frame in enumerate(frames) if (frame["verdict"] == "good") == verdict_good]
        levels = [100 * (frames[k]["level_fraction"] or 0.0) for k in chosen]
        shown = name if verdict_good or len(chosen) == len(frames) else "_nolegend_"
        panels[0].scatter(
            [times[k] for k in chosen],
            levels,
            s=22,
            c=colour,
            marker=marker,
            edgecolors=edge,
            linewidths=0.8,
            label=shown,
            zorder=3,
        )
    known = [k for k, frame in enumerate(frames) if frame.get("predicted_fraction") is not None]
    panels[0].scatter(
        [times[k] for k in known],
        [100 * frames[k]["predicted_fraction"] for k in known],
        s=60,
        c="#444444",
        marker="_",
        linewidths=1.0,
        zorder=4,
    )
    for panel, key in ((panels[1], "dit_s"), (panels[2], "airmass"), (panels[3], "sun_altitude_deg")):
        known = [k for k, frame in enumerate(frames) if frame.get(key) is not None]
        panel.scatter([times[k] for k in known], [frames[k][key] for k in known], s=12, c=colour)


def _dress_levels(panels: Sequence[Axes], frames: list[Moment]) -> None:
    for panel, text in zip(
        panels, ("level / % of full well", "DIT / s", "airmass", "Sun / deg"), strict=True
    ):
        drawing.tidy(panel, text)
    top = max(100 * (frame.data["level_fraction"] or 0.0) for frame in frames)
    panels[0].set_ylim(0, max(1.15 * top, 1e-3))
    drawing.plain_log(panels[1], [frame.data["dit_s"] for frame in frames])
    panels[0].scatter([], [], marker="_", c="#444444", label="predicted")
    drawing.legend(panels[0])
    times = [_middle(frame.data) for frame in frames]
    margin = 0.02 * (max(times) - min(times)) + 1.0
    drawing.time_axis(panels[3], min(times) - margin, max(times) + margin)


def _middle(frame: Data) -> float:
    return float(frame["start_s"] + frame["end_s"]) / 2


def plan_plot(story: Story) -> bytes | None:
    """Level achieved against level predicted, and their difference, as PNG. None without predictions."""
    frames = [frame.data for frame in story.frames if frame.data.get("predicted_fraction")]
    if not frames:
        return None
    drawn = drawing.figure(9.6, 3.9)
    both, difference = drawn.subplots(1, 2)
    for name, colour in drawing.colours_of(label(frame) for frame in frames).items():
        planned = [100 * frame["predicted_fraction"] for frame in frames if label(frame) == name]
        achieved = [100 * (frame["level_fraction"] or 0.0) for frame in frames if label(frame) == name]
        both.scatter(planned, achieved, s=20, c=colour, label=name)
        relative = [100 * (got / wanted - 1) for got, wanted in zip(achieved, planned, strict=True)]
        difference.scatter(planned, relative, s=20, c=colour)
    top = 1.1 * max(
        100 * max(frame["predicted_fraction"], frame["level_fraction"] or 0.0) for frame in frames
    )
    both.plot([0, top], [0, top], color=drawing.QUIET, linewidth=1)
    both.set(xlim=(0, top), ylim=(0, top))
    difference.axhline(0, color=drawing.QUIET, linewidth=1)
    difference.set_xlim(0, top)
    drawing.tidy(both, "achieved / % of full well")
    drawing.tidy(difference, "achieved over predicted - 1 / %")
    for axes in (both, difference):
        axes.set_xlabel("predicted / % of full well", fontsize=9)
    drawing.legend(both)
    return drawing.png(drawn)


def linearity_plot(points: Data) -> bytes:
    """The ladder and its straight line above, the departure from it below, as PNG.

    `points` has equally long lists: `illumination` (relative, drift taken out), `level_e` (measured), and
    `linear_e` (the straight part of the fit).
    """
    drawn = drawing.figure(6.4, 4.6)
    above, below = drawn.subplots(2, 1, sharex=True, height_ratios=[2, 1])
    illumination, level, linear = points["illumination"], points["level_e"], points["linear_e"]
    order = sorted(range(len(illumination)), key=lambda k: illumination[k])
    above.plot([illumination[k] for k in order], [linear[k] for k in order], color=drawing.QUIET, linewidth=1)
    above.scatter(illumination, level, s=20, c=drawing.COLOURS[0])
    departure = [100 * (got / straight - 1) for got, straight in zip(level, linear, strict=True)]
    below.scatter(illumination, departure, s=20, c=drawing.COLOURS[1])
    below.axhline(0, color=drawing.QUIET, linewidth=1)
    drawing.tidy(above, "level / e-")
    drawing.tidy(below, "departure / %")
    below.set_xlabel("illumination, drift taken out (DIT x relative rate) / s", fontsize=9)
    return drawing.png(drawn)
