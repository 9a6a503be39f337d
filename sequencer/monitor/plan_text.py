"""The plan of a night as a table: read on a terminal before anything moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sequencer.clock import iso
from sequencer.monitor.lines import clock_time, percent, short

Row = Mapping[str, Any]

HEAD = ("UTC", "min", "kind", "camera", "filter", "airmass", "DIT/s", "NDIT", "n", "level/%", "")
POINTING_HEAD = ("point at", "airmass", "alt/deg", "az/deg", "because")
RIGHT = {"min", "airmass", "DIT/s", "NDIT", "n", "alt/deg", "az/deg"}

SPARE_S = 60.0
"""Time to spare below which a plan reaches to the end of its twilight."""


def plan_lines(plan: Mapping[str, Any]) -> list[str]:
    """The whole plan: the twilight, how much of it is used, where to point, a line a series, what is not as asked.

    `plan` is the `plan` record of a journal: `window`, `needed_s`, `rows`, `pointing`, `warnings`.
    """
    lines = [window_line(plan), *filter(None, [times_line(plan)]), ""]
    if aims := plan.get("pointing", []):
        lines += [*aligned(POINTING_HEAD, [_aim_cells(aim) for aim in aims]), ""]
    lines += [*aligned(HEAD, [plan_cells(row) for row in plan["rows"]]), ""]
    return [
        *lines,
        *([f"! {text}" for text in plan.get("warnings", [])] or ["everything fits, as asked for"]),
    ]


def window_line(plan: Mapping[str, Any]) -> str:
    """When the twilight is, or how long the plan takes where it has none."""
    window = plan["window"]
    if not window:
        return f"{plan['needed_s'] / 60.0:.0f} min needed"
    left = (window["end_s"] - window["start_s"]) / 60.0
    begins, ends = iso(window["start_s"], 0).replace("T", " "), clock_time(window["end_s"])
    return f"{window.get('kind', '').lower()} twilight {begins} to {ends} UTC: {left:.0f} min".lstrip()


def times_line(plan: Mapping[str, Any]) -> str:
    """From when to when the frames are taken, and how much of the twilight is left; empty without a time."""
    spans = {
        what: _span([row for row in plan["rows"] if (row["kind"] == "dark") == (what == "darks")])
        for what in ("sky", "darks")
    }
    told = [f"{what} {clock_time(span[0])} to {clock_time(span[1])}" for what, span in spans.items() if span]
    window, sky = plan["window"], spans["sky"]
    if window and sky:
        spare_s = window["end_s"] - sky[1]
        told[0] += (
            f", {spare_s / 60.0:.0f} min to spare" if spare_s >= SPARE_S else ", to the end of the twilight"
        )
    return "; ".join(told)


def _span(rows: Iterable[Row]) -> tuple[float, float] | None:
    timed = [row for row in rows if row["n"] and row.get("start_s")]
    if not timed:
        return None
    return min(row["start_s"] for row in timed), max(row["start_s"] + row["seconds"] for row in timed)


def _aim_cells(aim: Row) -> list[str]:
    return [
        clock_time(aim["start_s"]),
        f"{aim['airmass']:.2f}",
        f"{aim['altitude_deg']:.1f}",
        f"{aim['azimuth_deg']:.1f}",
        "; ".join(aim["reasons"][:2]),
    ]


def plan_cells(row: Row) -> list[str]:
    """One series as text cells under `HEAD`: `-` for what it does not have, `!` if it is not as asked for."""
    dark = row["kind"] == "dark"
    level = "-" if dark or not row["n"] else percent(row["predicted_fraction"])
    sigma = row.get("predicted_sigma")
    return [
        clock_time(row["start_s"]) if row.get("start_s") else "-",
        f"{row['seconds'] / 60.0:.1f}" if row["n"] else "-",
        row["kind"],
        row["camera"],
        row.get("filter") or "-",
        f"{row['airmass']:.2f}" if row.get("airmass") else "-",
        short(row["dit_s"]) if row["n"] else "-",
        str(row["ndit"]) if row["n"] else "-",
        str(row["n"]),
        level if level == "-" or not sigma else f"{level} +- {percent(sigma)}",
        "!" if row.get("note") else "",
    ]


def aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns of equal width under their heads, numbers to the right."""
    *_, last = head
    widths = [
        0 if name == last else max(len(cell) for cell in column)
        for name, column in zip(head, zip(head, *rows, strict=True), strict=True)
    ]
    return ["  ".join(_padded(head, cells, widths)).rstrip() for cells in (head, *rows)]


def _padded(head: Sequence[str], cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell.rjust(width) if name in RIGHT else cell.ljust(width)
        for name, cell, width in zip(head, cells, widths, strict=True)
    ]
