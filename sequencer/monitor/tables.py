"""The tables of a report: products, plan, safe state, remarks, frames."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sequencer.monitor import page
from sequencer.monitor.efficiency import flat_series, total
from sequencer.monitor.lines import clock_time, percent, short
from sequencer.monitor.page import badge, table, text
from sequencer.monitor.plots import label
from sequencer.monitor.story import Data, Story

PLAN_HEAD = (
    "kind", "filter", "airmass", "planned", "good", "DIT planned / s", "DIT taken / s", "level planned %",
    "level taken %", "note",
)  # fmt: skip


def products_table(story: Story) -> str:
    """Products with QA flag and its reasons, the last made (flats) first."""
    if not story.products:
        return '<p class="quiet">None.</p>'
    rows = [
        [
            text(item["file"]),
            text(item["category"]),
            badge(item["qa"]["flag"]),
            text(" · ".join(item["qa"]["reasons"])),
            str(len(item["inputs"])),
        ]
        for item in reversed(story.products)
    ]
    return table(["file", "category", "QA", "reasons", "frames"], rows)


def plan_table(story: Story) -> str:
    """What was planned, beside what came of it; the warnings of the plan above."""
    rows = [_plan_row(story, row) for plan in story.plans for row in _joined(plan["rows"])]
    warnings = page.bullets(warning for plan in story.plans for warning in plan.get("warnings", []))
    return warnings + table(PLAN_HEAD, rows) if rows else warnings


def _joined(rows: Iterable[Data]) -> list[Data]:
    """Flats of one filter and airmass as one row, whose DITs follow the sky: its DIT is the first one's."""
    joined: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key: tuple[Any, ...] = (row["camera"], row["filter"], row.get("requested_airmass"))
        if row["kind"] != "flat":
            key = (*key, row["kind"], row["dit_s"], row.get("predicted_fraction"), len(joined))
        if key not in joined:
            joined[key] = dict(row)
            continue
        joined[key]["n"] += row["n"]
        joined[key]["note"] = joined[key].get("note") or row.get("note")
    return list(joined.values())


def efficiency_table(story: Story) -> str:
    """Each series of flats: how much of its time the good frames needed, and what was exposed in vain."""
    series = flat_series(story)
    rows = [
        [
            text(one.filter),
            _airmass(one.airmass),
            f"{one.good} of {one.wanted}",
            str(one.wasted),
            f"{one.taken_s:.0f}",
            f"{one.least_s:.0f}",
            f"{100 * one.efficiency:.0f} %",
        ]
        for one in series
    ]
    if not rows:
        return ""
    head = ["filter", "airmass", "good", "wasted", "time taken / s", "least time / s", "efficiency"]
    words = (
        f"{100 * total(series):.0f} % of the time between the first opening and the last closing of each series was "
        "needed by its good frames, one right after the other; wasted exposures are probes and frames not good."
    )
    return f"<p>{words}</p>{table(head, rows)}"


def learned_table(story: Story) -> str:
    """What each filter taught: measured over predicted rate."""
    rows = [
        [
            text(camera),
            text(name),
            f"{item['throughput']:.3f}",
            f"{100 * item['sigma']:.1f} %",
            str(item["frames"]),
        ]
        for camera, filters in story.learned.items()
        for name, item in filters.items()
    ]
    return table(["camera", "filter", "measured / predicted rate", "1 sigma", "frames"], rows) if rows else ""


def _plan_row(story: Story, row: Data) -> list[str]:
    good = [
        frame.data for frame in story.frames if frame.data["verdict"] == "good" and _belongs(frame.data, row)
    ]
    dits = sorted(frame["dit_s"] for frame in good)
    levels = sorted(frame["level_fraction"] for frame in good if frame["level_fraction"] is not None)
    return [
        text(row["kind"]),
        text(label(row)),
        _airmass(row.get("requested_airmass")),
        str(row["n"]),
        str(len(good)),
        short(row["dit_s"]),
        short(_middle(dits)) if dits else "-",
        percent(row.get("predicted_fraction")),
        percent(_middle(levels)) if levels else "-",
        text(row.get("note") or ""),
    ]


def _middle(ordered: list[float]) -> float:
    return ordered[len(ordered) // 2]


def _belongs(frame: Data, row: Data) -> bool:
    """Whether a frame was taken for a row of the plan: by airmass for flats, level for ladders, DIT for darks."""
    if any(frame.get(key) != row.get(key) for key in ("camera", "kind")):
        return False
    if row["kind"] == "dark":
        return _near(frame["dit_s"], row["dit_s"], 1e-6)
    if frame.get("filter") != row.get("filter"):
        return False
    if row["kind"] == "ladder":
        return _near(frame.get("predicted_fraction"), row.get("predicted_fraction"), 0.03)
    return _near(frame.get("airmass"), row.get("airmass"), 0.1)


def _near(one: float | None, other: float | None, tolerance: float) -> bool:
    return one is None or other is None or abs(one - other) < tolerance


def _airmass(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def safe_state_table(story: Story) -> str:
    """Every device with the time until its safe state was read back."""
    rows = [
        [
            text(entry["device"]),
            badge("safe" if entry["reached"] else "NOT SAFE"),
            f"{entry['seconds']:.1f} s",
        ]
        for entry in story.safe_state
    ]
    return table(["device", "read back", "after"], rows) if rows else '<p class="quiet">Not read back.</p>'


def remarks_table(story: Story) -> str:
    """Operator verbs and notes; nothing when there are none."""
    rows = [
        [
            clock_time(item.time_s),
            text(item.data["by"]),
            text(item.data.get("verb", "note")),
            text(item.data["text"]),
        ]
        for item in story.remarks
    ]
    return table(["UTC", "by", "what", "text"], rows) if rows else ""


def frames_table(story: Story) -> str:
    """All frames, folded away; nothing when there are none."""
    rows = [
        [
            clock_time(item.time_s),
            text(item.data["file"]),
            text(label(item.data)),
            _airmass(item.data.get("airmass")),
            short(item.data["dit_s"]),
            str(item.data["ndit"]),
            percent(item.data["level_fraction"]),
            percent(item.data.get("predicted_fraction")),
            badge(item.data["verdict"]),
            text(item.data.get("reason") or ""),
        ]
        for item in story.frames
    ]
    head = [
        "UTC",
        "file",
        "filter",
        "airmass",
        "DIT / s",
        "NDIT",
        "level %",
        "predicted %",
        "verdict",
        "reason",
    ]
    return f"<details><summary>{len(rows)} frames</summary>{table(head, rows)}</details>" if rows else ""
