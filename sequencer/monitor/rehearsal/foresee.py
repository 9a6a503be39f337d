"""From the folder of a rehearsal to what it foresees: its journal, its predicted headers, what takes each frame."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from sequencer.acquisition.cards import CardValue
from sequencer.acquisition.classify import Classified, FrameFile, classify
from sequencer.acquisition.files import HEADERS
from sequencer.acquisition.recipes import recipes_of
from sequencer.durations import Durations
from sequencer.engine.executed import everything_taken
from sequencer.engine.journal import read_journal
from sequencer.figures import sizes_apart
from sequencer.monitor.asked import asked, missing_series
from sequencer.monitor.lines import clock_time
from sequencer.monitor.record import Record
from sequencer.monitor.rehearsal.doings import steps_of, templates_of
from sequencer.monitor.rehearsal.foreseen import Foreseen, ForeseenFrame, ForeseenSet, Interval
from sequencer.monitor.story import Data, Story, tell
from sequencer.observing.exchange.status import status_after
from sequencer.reduction.headers import images, read_headers


def foresee(run_dir: Path, durations: Durations | None = None) -> Foreseen:
    """What the rehearsal in `run_dir` foresees; `durations` are those of earlier runs."""
    records = read_journal(run_dir / "journal.sqlite")
    story = tell(records)
    headers = {str(frame.data["file"]): _headers(run_dir, frame.data) for frame in story.frames}
    files = [FrameFile(Path(file), own[0], images(own)) for file, own in headers.items()]
    sorted_frames = classify(files, recipes_of)
    frames = list(_frames(story, headers, sorted_frames))
    sets = [
        ForeseenSet(one.name, one.tag, one.raw_type.recipe, len(one.frames), one.missing)
        for one in sorted_frames.sets
    ]
    disk_bytes, free_bytes = sum(frame.size_bytes for frame in frames), shutil.disk_usage(run_dir).free
    end_s = story.ended_s or story.last_s
    outcome, wanted = str(story.done["outcome"]) if story.done else "unfinished", asked(story)
    return Foreseen(
        run=str(story.start["run"]),
        ob=str(story.start["ob"]),
        instrument=str(story.start["instrument"]),
        deployment=str(story.start["deployment"]),
        outcome=outcome,
        reason=_reason(records),
        block_status=status_after(outcome, everything_taken(records)),
        start_s=story.started_s,
        end_s=end_s,
        total_s=max((one.ended_s or end_s for one in story.templates), default=end_s) - story.started_s,
        interval=_interval(records),
        disk_bytes=disk_bytes,
        disk_free_bytes=free_bytes,
        flats_asked=wanted.flats,
        flats_missing=wanted.missing,
        missing=list(missing_series(story)),
        warnings=list(_warnings(story, frames, disk_bytes, free_bytes)),
        templates=templates_of(story),
        sets=sets,
        steps=steps_of(story, durations),
        frames=frames,
    )


def _headers(run_dir: Path, frame: Data) -> list[dict[str, CardValue]]:
    return read_headers((run_dir / "headers" / str(frame["file"])).with_suffix(HEADERS))


def _frames(
    story: Story, headers: Mapping[str, list[dict[str, CardValue]]], found: Classified
) -> Iterator[ForeseenFrame]:
    taken = {str(file.path): one for one in found.sets for file in one.frames}
    left_out = {str(file.path): why for file, why in found.left_out}
    for moment in story.frames:
        data, file = moment.data, str(moment.data["file"])
        one = taken.get(file)
        yield ForeseenFrame(
            file=file,
            header_file=f"headers/{Path(file).with_suffix(HEADERS)}",
            start_s=data["start_s"],
            end_s=data["end_s"],
            camera=data["camera"],
            kind=data["kind"],
            filter=data["filter"],
            airmass=data["airmass"] or None,
            dit_s=data["dit_s"],
            ndit=data["ndit"],
            level_fraction=data["level_fraction"],
            verdict=data["verdict"],
            size_bytes=data["size_bytes"],
            raw_type=one.tag if one else "",
            recipe=one.raw_type.recipe if one else "",
            left_out=left_out.get(file, ""),
            headers=headers[file],
        )


def _warnings(
    story: Story, frames: Sequence[ForeseenFrame], disk_bytes: int, free_bytes: int
) -> Iterator[str]:
    """What an observer should know before the night, each once."""
    for alarm in story.alarms:
        yield f"{clock_time(alarm.time_s)} {alarm.data['what']}; {alarm.data['so_what']}"
    yield from (note.data["text"] for note in story.remarks if note.data.get("warning"))
    if disk_bytes > free_bytes:
        yield "the frames need {}, {} are free here".format(*sizes_apart(disk_bytes, free_bytes))
    verdicts = Counter(frame.verdict for frame in frames if frame.verdict != "good")
    yield from (f"{n} frames are {verdict}: no recipe takes them" for verdict, n in verdicts.items())
    believed = dict.fromkeys(warning for plan in story.plans for warning in plan.get("warnings", []))
    yield from (f"plan, before the first frame: {warning}" for warning in believed)


def _reason(records: Sequence[Record]) -> str:
    """Why the block did not end as it should; empty where it did."""
    reasons = [record.data.get("reason") or "" for record in records if record.kind == "ob_state"]
    return str(next((reason for reason in reversed(reasons) if reason), ""))


def _interval(records: Sequence[Record]) -> Interval | None:
    """What earlier runs say of the whole block, told when it began."""
    first = next((record.data for record in records if record.kind == "forecast"), None)
    if first is None or first["left_s"] is None:
        return None
    return Interval(first["left_s"], first["low_s"], first["high_s"], first["runs"])
