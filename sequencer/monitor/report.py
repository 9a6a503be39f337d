"""`report.html`: one self-contained page about a run, from its journal and its product files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sequencer.clock import iso
from sequencer.monitor import page
from sequencer.monitor.asked import asked
from sequencer.monitor.forecasts import forecast_table
from sequencer.monitor.lines import clock_time
from sequencer.monitor.page import badge, section, text
from sequencer.monitor.plots import level_plot, plan_plot
from sequencer.monitor.products import product_pictures
from sequencer.monitor.record import Record
from sequencer.monitor.story import Moment, Story, tell
from sequencer.monitor.summary import outcome
from sequencer.monitor.tables import (
    efficiency_table,
    frames_table,
    learned_table,
    plan_table,
    products_table,
    remarks_table,
    safe_state_table,
)
from sequencer.monitor.timeline import timeline_plot


def report_html(records: Iterable[Record], run_dir: Path) -> str:
    """The page as text: the same text for the same journal and products."""
    records = list(records)
    story = tell(records)
    return page.document(
        f"{story.start['ob']} - {story.start['run']}",
        _header(story),
        section("Alarms", *(_alarm(alarm) for alarm in story.alarms)),
        section("Products", products_table(story)),
        section(
            "Levels", _plot(level_plot(story), "Level, DIT, airmass and Sun altitude; dashes are predictions")
        ),
        section(
            "Planned against achieved",
            plan_table(story),
            _plot(plan_plot(story), "Achieved level against the level predicted before the exposure"),
        ),
        section("Use of the sky", efficiency_table(story)),
        section("Learned", learned_table(story)),
        section("Forecast", forecast_table(records)),
        section("Master frames", *product_pictures(run_dir, story.products)),
        section(
            "Timeline",
            _plot(
                timeline_plot(story),
                "What every device did when",
            ),
        ),
        section("Safe state", safe_state_table(story)),
        section("Remarks", remarks_table(story)),
        section("Frames", frames_table(story)),
    )


def write_report(run_dir: Path, records: Iterable[Record]) -> Path:
    """Write `report.html` into a run's folder from the records of its journal and its `products/`."""
    path = run_dir / "report.html"
    path.write_text(report_html(records, run_dir), encoding="utf-8")
    return path


def _header(story: Story) -> str:
    start, end_s = story.start, story.ended_s or story.last_s
    frames = [frame.data for frame in story.frames]
    flags = [product["qa"]["flag"] for product in story.products]
    reached = [entry["reached"] for entry in story.safe_state]
    wanted = asked(story)
    flats_s = sum(plan["needed_s"] for plan in story.plans if plan["window"])
    tiles = {
        "frames, good of all": f"{sum(frame['verdict'] == 'good' for frame in frames)} of {len(frames)}",
        **({"flats, good of those asked for": f"{wanted.good} of {wanted.flats}"} if wanted.flats else {}),
        "products, GOOD of all": f"{flags.count('GOOD')} of {len(flags)}",
        "time used": f"{(end_s - story.started_s) / 60:.0f} min",
        "planned for the flats": f"{flats_s / 60:.0f} min" if flats_s else "-",
        "devices safe": f"{sum(map(bool, reached))} of {len(reached)}",
    }
    shown = "".join(
        f'<div class="tile"><b>{text(value)}</b><span>{text(name)}</span></div>'
        for name, value in tiles.items()
    )
    reason = (story.done or {}).get("reason") or ""
    return (
        f"<header><h1>{text(start['ob'])} {badge(outcome(story))}</h1>"
        f'<p class="quiet">{text(start["instrument"])}, {text(start["programme"])}, deployment '
        f"{text(start['deployment'])}, {text(start['clock'])} clock, seed {text(start['seed'])}<br>"
        f"{iso(story.started_s, 0)} to {iso(end_s, 0)} UTC, run {text(start['run'])}{_status(story)}</p>"
        f'<p>{text(reason)}</p><div class="tiles">{shown}</div></header>'
    )


def _status(story: Story) -> str:
    """The letter the Phase-2 tools know the block by; nothing of a script."""
    return f", block status {text(story.block_status)}" if story.block_status else ""


def _alarm(alarm: Moment) -> str:
    data = alarm.data
    return (
        f'<div class="alarm"><b>{clock_time(alarm.time_s)} {text(data["what"])}</b>'
        f"<br>{text(data['so_what'])}<br>What to do: {text(data['what_to_do'])}</div>"
    )


def _plot(png: bytes | None, caption: str) -> str:
    return page.picture(png, caption) if png else ""
