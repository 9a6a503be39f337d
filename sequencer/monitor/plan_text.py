"""The plan of a night as a table: read on a terminal before anything moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sequencer.clock import iso
from sequencer.monitor.lines import clock_time, percent, short

Row = Mapping[str, Any]

HEAD = ("UTC", "min", "kind", "camera", "filter", "airmass", "DIT/s", "NDIT", "n", "level %")
RIGHT = {"min", "airmass", "DIT/s", "NDIT", "n"}


def plan_lines(plan: Mapping[str, Any]) -> list[str]:
    """The whole plan: the twilight, where to point, a line for each series with its note, what is missing.

    `plan` is the `plan` record of a journal: `window`, `needed_s`, `rows`, `pointing`, `warnings`.
    """
    lines = [window_line(plan), *pointing_lines(plan.get("pointing", [])), ""]
    lines += aligned(
        HEAD, [plan_cells(row) for row in plan["rows"]], [row.get("note", "") for row in plan["rows"]]
    )
    missing = list(plan.get("warnings", []))
    return [*lines, "", *(f"! {text}" for text in missing)] if missing else lines


def window_line(plan: Mapping[str, Any]) -> str:
    """When the twilight is, and how much of it is needed."""
    window, needed = plan["window"], plan["needed_s"] / 60.0
    if not window:
        return f"{needed:.0f} min needed"
    left = (window["end_s"] - window["start_s"]) / 60.0
    begins, ends = iso(window["start_s"], 0).replace("T", " "), clock_time(window["end_s"])
    return f"twilight {begins} to {ends} UTC: {left:.0f} min, {needed:.0f} min needed"


def pointing_lines(pointing: Iterable[Row]) -> list[str]:
    """One line an airmass: when, where, and the first reason for it."""
    return [
        f"X{item['airmass']:.2f} from {clock_time(item['start_s'])}: altitude {item['altitude_deg']:.1f}, "
        f"azimuth {item['azimuth_deg']:.1f} deg; {'; '.join(item['reasons'][:2])}"
        for item in pointing
    ]


def plan_cells(row: Row) -> list[str]:
    """One series as text cells under `HEAD`; the level with its 1 sigma, `-` for what it does not have."""
    dark = row["kind"] == "dark"
    level = "-" if dark or not row["n"] else percent(row["predicted_fraction"])
    sigma = row.get("predicted_sigma")
    return [
        clock_time(row["start_s"]) if row.get("start_s") else "-",
        f"{row['seconds'] / 60.0:.1f}",
        row["kind"],
        row["camera"],
        row.get("filter") or "-",
        f"{row['airmass']:.2f}" if row.get("airmass") else "-",
        short(row["dit_s"]) if row["n"] else "-",
        str(row["ndit"]),
        str(row["n"]),
        level if level == "-" or not sigma else f"{level} +- {percent(sigma)}",
    ]


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str]) -> list[str]:
    """Columns of equal width under their heads, numbers to the right; a note goes at the end of its line."""
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str], note: str) -> str:
        padded = [
            cell.rjust(width) if name in RIGHT else cell.ljust(width)
            for name, cell, width in zip(head, cells, widths, strict=True)
        ]
        return "  ".join([*padded, note]).rstrip()

    return [line(head, ""), *(line(cells, note) for cells, note in zip(rows, notes, strict=True))]
