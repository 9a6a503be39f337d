"""A rehearsal as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from sequencer.clock import iso
from sequencer.engine.journal import read_journal
from sequencer.monitor import page
from sequencer.monitor.lines import clock_time, percent, short
from sequencer.monitor.page import badge, section, table, text
from sequencer.monitor.plots import level_plot
from sequencer.monitor.rehearsal.doings import folded
from sequencer.monitor.rehearsal.foreseen import Foreseen, ForeseenFrame, ForeseenTemplate, Interval
from sequencer.monitor.rehearsal.told import duration, interval_text, size
from sequencer.monitor.story import tell
from sequencer.monitor.timeline import timeline_plot

FRAME_HEAD = (
    "UTC", "file", "camera", "kind", "filter", "airmass", "DIT / s", "NDIT", "level %", "verdict", "raw type",
)  # fmt: skip


def rehearsal_html(foreseen: Foreseen, run_dir: Path) -> str:
    """The page as text; `run_dir` is the rehearsal's folder."""
    story = tell(read_journal(run_dir / "journal.sqlite"))
    levels, timeline = level_plot(story), timeline_plot(story)
    return page.document(
        f"{foreseen.ob} - rehearsal of {foreseen.run}",
        _header(foreseen),
        section(
            "Conflicts and warnings",
            page.bullets([*foreseen.missing, *foreseen.warnings]) or "<p>None.</p>",
        ),
        section(
            "Timeline",
            _picture(timeline, "What every device does, simulated"),
            *map(_doings, foreseen.templates),
        ),
        section("Levels", _picture(levels, "Predicted level, DIT, airmass and Sun altitude of every frame")),
        section("What takes the frames", _sets(foreseen)),
        section("Steps", _steps(foreseen)),
        section("Frames", _frames(foreseen.frames)),
        section("Predicted headers", *_headers(foreseen.frames, run_dir)),
    )


def _header(foreseen: Foreseen) -> str:
    good = sum(frame.verdict == "good" for frame in foreseen.frames)
    tiles = {
        "in virtual time": duration(foreseen.total_s),
        "frames, good of all": f"{good} of {len(foreseen.frames)}",
        **({"flats asked for that will be missing": str(foreseen.flats_missing)} if foreseen.flats_asked else {}),
        "raw frames on disk": size(foreseen.disk_bytes),
        "block status after it": foreseen.block_status,
    }
    shown = "".join(
        f'<div class="tile"><b>{text(value)}</b><span>{text(name)}</span></div>'
        for name, value in tiles.items()
    )
    return (
        f"<header><h1>{text(foreseen.ob)}, rehearsed {badge(_word(foreseen))}</h1>"
        f'<p class="quiet">{text(foreseen.instrument)}, deployment {text(foreseen.deployment)}<br>'
        f"{iso(foreseen.start_s, 0)} to {iso(foreseen.end_s, 0)} UTC, run {text(foreseen.run)}</p>"
        f"<p>{text(foreseen.reason)}</p><p>{text(interval_text(foreseen))}</p>"
        f'<div class="tiles">{shown}</div></header>'
    )


def _word(foreseen: Foreseen) -> str:
    """`completed`, or `incomplete` where what was asked for is not all there."""
    return "incomplete" if foreseen.block_status == "X" else foreseen.outcome


def _picture(png: bytes | None, caption: str) -> str:
    return page.picture(png, caption) if png else ""


def _doings(template: ForeseenTemplate) -> str:
    rows = [
        [
            clock_time(doing.start_s),
            text(doing.device),
            duration(doing.end_s - doing.start_s),
            text(doing.what),
        ]
        for doing in folded(template.doings)
    ]
    title = f"{template.name}: {template.outcome}, {len(rows)} steps and series"
    return f"<details><summary>{text(title)}</summary>{table(['UTC', 'device', 'lasts', 'what'], rows)}</details>"


def _sets(foreseen: Foreseen) -> str:
    rows = [
        [str(one.frames), text(one.recipe), text(one.name), text("; ".join(one.missing)) or "nothing"]
        for one in foreseen.sets
    ]
    return table(["frames", "recipe", "set", "still missing"], rows) if rows else ""


def _steps(foreseen: Foreseen) -> str:
    rows = [
        [text(step.step), str(step.n), duration(step.seconds / step.n), _earlier(step.earlier)]
        for step in foreseen.steps
    ]
    return table(["step", "times", "each, simulated", "each, in earlier runs"], rows) if rows else ""


def _earlier(known: Interval | None) -> str:
    """`1 min 44 s (1 min 38 s to 1 min 51 s), 12 runs`."""
    if known is None:
        return "-"
    span = f"{duration(known.low_s)} to {duration(known.high_s)}"
    return f"{duration(known.expected_s)} ({span}), {known.runs} runs"


def _frames(frames: Sequence[ForeseenFrame]) -> str:
    rows = [
        [
            clock_time(frame.start_s),
            text(frame.file),
            text(frame.camera),
            text(frame.kind),
            text(frame.filter),
            "-" if frame.airmass is None else f"{frame.airmass:.2f}",
            short(frame.dit_s),
            str(frame.ndit),
            percent(frame.level_fraction),
            badge(frame.verdict),
            text(frame.raw_type or frame.left_out),
        ]
        for frame in frames
    ]
    return (
        f"<details><summary>{len(rows)} frames</summary>{table(FRAME_HEAD, rows)}</details>" if rows else ""
    )


def _headers(frames: Sequence[ForeseenFrame], run_dir: Path) -> Iterator[str]:
    """Of each series the first frame's header; the others lie beside the page."""
    if frames:
        yield '<p>The first of each series; every frame\'s is a file in <a href="headers">headers</a>.</p>'
    for _, alike in groupby(
        frames, key=lambda frame: (frame.camera, frame.kind, frame.filter, frame.airmass)
    ):
        first = next(alike)
        cards = (run_dir / first.header_file).read_text(encoding="ascii")
        what = " ".join(word for word in (first.camera, first.kind, first.filter) if word)
        link = f'<a href="{escape(first.header_file)}">{text(first.file)}</a>'
        yield f"<details><summary>{text(what)}: {link}</summary><pre>{escape(cards)}</pre></details>"
