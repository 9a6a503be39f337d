"""How all plots of a report look: sizes, colours, time axis, and PNG bytes without dates or versions."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sequencer.monitor.lines import clock_time

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f6a00", "#555555",
    "#1b1b8f", "#8c1c13", "#00441b", "#7a0177",
)  # fmt: skip
"""Okabe and Ito's palette, told apart with any colour vision (https://jfly.uni-koeln.de/color/), then darker ones."""

BAD, QUIET, GRID = "#b00020", "#8a8f98", "#e3e6ea"
DPI = 110
TICK_STEPS_S = (1, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400)


def figure(width_in: float, height_in: float) -> Figure:
    """An empty figure, drawn without any global state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in), dpi=DPI, layout="constrained", facecolor="white")


def png(drawn: Figure) -> bytes:
    """The figure as PNG: the same bytes for the same figure."""
    buffer = io.BytesIO()
    drawn.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def tidy(axes: Axes, label: str) -> None:
    """Light grid, no frame on top and right, a label that says quantity and unit."""
    axes.set_ylabel(label, fontsize=9)
    axes.tick_params(labelsize=8, color=QUIET)
    axes.grid(visible=True, color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(QUIET)


def time_ticks(start_s: float, end_s: float, most: int = 9) -> list[float]:
    """Whole times of day between two instants, at most `most` of them."""
    span = max(end_s - start_s, 1.0)
    step = next((step for step in TICK_STEPS_S if span / step < most), TICK_STEPS_S[-1])
    first = math.ceil(start_s / step)
    return [step * count for count in range(first, math.floor(end_s / step) + 1)]


def time_axis(axes: Axes, start_s: float, end_s: float) -> None:
    """Label the x axis with UTC times of day; seconds are shown only when ticks are closer than a minute."""
    ticks = time_ticks(start_s, end_s)
    characters = 8 if any(tick % 60 for tick in ticks) else 5
    axes.set_xlim(start_s, end_s)
    axes.set_xticks(ticks, [clock_time(tick)[:characters] for tick in ticks])
    axes.set_xlabel("UTC", fontsize=9)


def plain_log(axes: Axes, values: Iterable[float]) -> None:
    """A logarithmic y axis about the positive values, labelled with plain numbers at 1, 2, 5, 10.

    Linear when no value is positive. The margin of 1.6 leaves room for at least one label (1.6^2 > 5 / 2).
    """
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    positive = [value for value in values if value > 0]
    if not positive:
        return
    axes.set_yscale("log")
    axes.set_ylim(min(positive) / 1.6, max(positive) * 1.6)
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_locator(NullLocator())


def colours_of(names: Iterable[str]) -> dict[str, str]:
    """One colour a name, in order of first appearance."""
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(name, COLOURS[len(found) % len(COLOURS)])
    return found


def legend(axes: Axes, **options: Any) -> None:
    """A legend above the plot, in one row."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=8,
        fontsize=8,
        frameon=False,
        borderaxespad=0.2,
        **options,
    )
