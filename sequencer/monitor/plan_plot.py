"""The plan of a night as a picture: levels and DITs against time, with the Sun's altitude and the airmass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sequencer.clock import iso
from sequencer.monitor import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = Mapping[str, Any]

ROOM_FOR_NAME = 30.0
"""Level in % above which a filter's name fits under its mark."""

SHORT_NAME = 2
"""Letters of a name that needs no turning."""


def planned_course(plan: Mapping[str, Any], sun_altitude_deg: Callable[[float], float]) -> bytes | None:
    """Planned level (with 1 sigma), DIT, airmass and the Sun's altitude against UTC, as PNG. None without a row.

    Each run of a filter bears its name; what falls out is named on top; grey is the twilight.
    `plan` is a `plan` record of a journal: `rows`, and `window` with `start_s` and `end_s` (Unix s UTC).
    """
    rows, window = plan["rows"], plan["window"]
    shown = [row for row in rows if row["kind"] != "dark" and row["n"] and row.get("start_s")]
    if not shown:
        return None
    drawn = drawing.figure(9.6, 6.2)
    panels = list(drawn.subplots(4, 1, sharex=True, height_ratios=[3, 1.3, 1.1, 1.1]))
    drawn.suptitle(_title(plan), x=0.06, ha="left", fontsize=9)
    panels[0].set_title(_falls_out(rows), loc="left", fontsize=8, color=drawing.BAD, wrap=True)
    colours = drawing.colours_of(_label(row) for row in shown)
    for number, row in enumerate(shown):
        _draw_row(panels, row, colours[_label(row)])
        if number == 0 or _label(shown[number - 1]) != _label(row):
            _name_row(panels[0], row, colours[_label(row)])
    _dress(panels, shown, window, sun_altitude_deg)
    return drawing.png(drawn)


def _title(plan: Mapping[str, Any]) -> str:
    window = plan["window"]
    day = f"{iso(window['start_s'], 0)[:16].replace('T', ' ')} to {iso(window['end_s'], 0)[11:16]} UTC"
    return f"{plan.get('template', 'plan')}, {window.get('kind', '').lower()} twilight {day}"


def _falls_out(rows: Sequence[Row]) -> str:
    missing: dict[float, list[str]] = {}
    for row in rows:
        if row["kind"] != "dark" and not row["n"]:
            missing.setdefault(row["requested_airmass"], []).append(_label(row))
    return "\n".join(f"none at airmass {airmass:g}: {', '.join(names)}" for airmass, names in missing.items())


def _label(row: Row) -> str:
    return f"{row.get('filter') or row['camera']}{' ladder' if row['kind'] == 'ladder' else ''}"


def _draw_row(panels: Sequence[Axes], row: Row, colour: str) -> None:
    span = [row["start_s"], row["start_s"] + row["seconds"]]
    level, sigma = 100 * row["predicted_fraction"], 100 * (row.get("predicted_sigma") or 0.0)
    panels[0].fill_between(span, level - sigma, level + sigma, color=colour, alpha=0.15, linewidth=0)
    for panel, value in ((panels[0], level), (panels[1], row["dit_s"]), (panels[2], row.get("airmass"))):
        if value:
            panel.plot(span, [value, value], color=colour, linewidth=3, solid_capstyle="butt")


def _name_row(panel: Axes, row: Row, colour: str) -> None:
    """The filter's name, a long one upright: under its mark, or over one too low for that."""
    level, sigma = 100 * row["predicted_fraction"], 100 * (row.get("predicted_sigma") or 0.0)
    name, under = _label(row), level - sigma > ROOM_FOR_NAME
    panel.text(
        row["start_s"] + 0.5 * row["seconds"],
        level - sigma - 2.0 if under else level + sigma + 2.0,
        name,
        color=colour,
        fontsize=7,
        rotation=90 if len(name) > SHORT_NAME else 0,
        ha="center",
        va="top" if under else "bottom",
        clip_on=True,
    )


def _dress(
    panels: Sequence[Axes],
    rows: Sequence[Row],
    window: Mapping[str, float],
    sun_altitude_deg: Callable[[float], float],
) -> None:
    labels = ("level / % of full well", "DIT / s", "airmass", "Sun / deg")
    for panel, text in zip(panels, labels, strict=True):
        drawing.tidy(panel, text)
    panels[0].set_ylim(0, 100)
    panels[0].figure.align_ylabels()
    drawing.plain_log(panels[1], [row["dit_s"] for row in rows])
    first = min(window["start_s"], *(row["start_s"] for row in rows))
    last = max(window["end_s"], *(row["start_s"] + row["seconds"] for row in rows))
    times = [first + step * (last - first) / 60.0 for step in range(61)]
    panels[3].plot(times, [sun_altitude_deg(time_s) for time_s in times], color=drawing.QUIET)
    for panel in panels:
        panel.axvspan(window["start_s"], window["end_s"], color=drawing.GRID, alpha=0.4, linewidth=0)
    drawing.time_axis(panels[3], first, last)
