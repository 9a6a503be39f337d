"""A rehearsal as text: when what happens, which frames come and who takes them, how long and how much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from sequencer.clock import iso
from sequencer.monitor.lines import clock_time
from sequencer.monitor.rehearsal.doings import folded
from sequencer.monitor.rehearsal.foreseen import Doing, Foreseen, ForeseenTemplate


def told(foreseen: Foreseen) -> list[str]:
    """The lines of the text."""
    return [*_head(foreseen), *_warnings(foreseen), *_timeline(foreseen.templates), *_sets(foreseen)]


def duration(seconds: float) -> str:
    """`54 min 12 s`, `12.4 s`."""
    if seconds < 60.0:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def size(n_bytes: int) -> str:
    """`3.71 GB`, `12.3 MB`."""
    return f"{n_bytes / 1e9:.2f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.1f} MB"


def interval_text(foreseen: Foreseen) -> str:
    """`nine times out of ten 52 min 10 s to 57 min 03 s, as 12 runs taught`; empty when nothing is said of it."""
    known = foreseen.interval
    if known is None:
        return ""
    span = f"{duration(known.low_s)} to {duration(known.high_s)}"
    if not known.runs:
        expected = duration(known.expected_s)
        return f"about {expected} by the instrument's figures; no earlier run has taught how long its steps take"
    return f"nine times out of ten {span}, as {known.runs} earlier runs taught"


def outcome_text(foreseen: Foreseen) -> str:
    """`completed (block status C)`, `failed: the telescope does not answer (block status A)`."""
    text = f"{foreseen.outcome}: {foreseen.reason}" if foreseen.reason else foreseen.outcome
    return f"{text} (block status {foreseen.block_status})"


def _head(foreseen: Foreseen) -> Iterator[str]:
    yield f"{foreseen.ob} on {foreseen.deployment}, rehearsed: {outcome_text(foreseen)}"
    yield (
        f"  from   {iso(foreseen.start_s, 0)} to {iso(foreseen.end_s, 0)} UTC, {duration(foreseen.total_s)}"
    )
    if text := interval_text(foreseen):
        yield f"         {text}"
    if foreseen.flats_missing:
        yield f"  flats  {foreseen.flats_missing} of {foreseen.flats_asked} asked for will be missing"
    good = sum(frame.verdict == "good" for frame in foreseen.frames)
    disk = f"{size(foreseen.disk_bytes)} of disk ({size(foreseen.disk_free_bytes)} free)"
    yield f"  frames {len(foreseen.frames)}, {good} good, {disk}"


def _warnings(foreseen: Foreseen) -> Iterator[str]:
    yield ""
    told = [*foreseen.missing, *foreseen.warnings]
    yield from (f"  ! {text}" for text in told)
    if not told:
        yield "  no conflict, nothing to warn of"


def _timeline(templates: Sequence[ForeseenTemplate]) -> Iterator[str]:
    for template in templates:
        yield ""
        yield (
            f"{template.name}: {template.outcome}, {clock_time(template.start_s)} to {clock_time(template.end_s)}"
        )
        width = max((len(doing.device) for doing in template.doings), default=0)
        yield from (_line(doing, width) for doing in folded(template.doings))


def _line(doing: Doing, width: int) -> str:
    lasts = duration(doing.end_s - doing.start_s)
    return f"  {clock_time(doing.start_s)}  {doing.device:{width}}  {lasts:>12}  {doing.what}"


def _sets(foreseen: Foreseen) -> Iterator[str]:
    yield ""
    yield "Frames by the recipe that takes them"
    for recipe in dict.fromkeys(one.recipe for one in foreseen.sets):
        own = [one for one in foreseen.sets if one.recipe == recipe]
        common = [text for text in own[0].missing if all(text in one.missing for one in own)]
        yield f"  {recipe}" + (f": still wants {', '.join(common)}" if common else "")
        for one in own:
            also = [text for text in one.missing if text not in common]
            yield f"  {one.frames:6}  {one.name}" + (f": {', '.join(also)}" if also else "")
    left = Counter(frame.left_out for frame in foreseen.frames if frame.left_out)
    if left:
        yield "  taken by no recipe"
        yield from (f"  {n:6}  {why}" for why, n in left.items())
