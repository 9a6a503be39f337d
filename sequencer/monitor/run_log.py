"""`run.log`: the journal as text, the same text for the same journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from sequencer.monitor import lines
from sequencer.monitor.lines import Data, clock_time
from sequencer.monitor.record import Record
from sequencer.monitor.status_text import forecast


def _run_started(data: Data) -> str:
    return (
        f"run {data['run']}: {data['ob']} ({data['instrument']}, programme {data['programme']}) on "
        f"{data['deployment']}, {data['clock']} clock, seed {data['seed']}"
    )


def _plan(data: Data) -> str:
    rows = data["rows"]
    exposures = sum(row["n"] for row in rows)
    text = f"plan: {len(rows)} groups, {exposures} exposures, {data['needed_s'] / 60:.0f} min needed"
    return text + "".join(f"; warning: {warning}" for warning in data.get("warnings", []))


def _replan(data: Data) -> str:
    exposures = sum(row["n"] for row in data["rows"])
    return f"plan again, {data['why']}: {exposures} exposures left, {data['needed_s'] / 60:.0f} min needed"


def _forecast(data: Data) -> str:
    left = forecast(data["left_s"], data["low_s"], data["high_s"], data["runs"])
    whence = {None: "nothing to learn from", 0: "by the instrument's figures"}
    taught = whence.get(data["runs"], f"from {data['runs']} runs")
    return f"{data['when']}: block {left}, {taught}"


def _exposure(data: Data) -> str:
    what = data.get("filter") or data["camera"]
    how = f"{lines.short(data['dit_s'])}s x{data['ndit']} {data['i']}/{data['n']}"
    return f"expose {data['exposure']} {what} {how}"


def _reached(data: Data) -> str:
    state = "safe, read back" if data["reached"] else "NOT SAFE"
    return f"{data['device']}: {state} after {data['seconds']:.1f}s"


def _product(data: Data) -> str:
    qa = data["qa"]
    reasons = "; ".join(qa["reasons"])
    return f"product {data['file']} ({data['category']}): {qa['flag']}" + (f": {reasons}" if reasons else "")


def _learned(data: Data) -> str:
    told = [
        f"{camera} {name} {item['throughput']:.3f} +- {item['sigma']:.3f} from {item['frames']} frames"
        for camera, filters in data["rates"].items()
        for name, item in filters.items()
    ]
    return "learned, measured over predicted rate: " + ", ".join(told)


def _because(data: Data, word: str) -> str:
    return f"{word}: {data['reason']}" if data.get("reason") else word


_TEXT: dict[str, Callable[[Data], str]] = {
    "run_started": _run_started,
    "ob_state": lambda data: _because(data, f"OB {data['state']}"),
    "template_started": lambda data: f"template {data['index']} {data['name']} started",
    "template_state": lambda data: f"template {data['state']}",
    "template_done": lambda data: f"template {data['index']} {data['name']} {data['outcome']}",
    "plan": _plan,
    "replan": _replan,
    "wait": lambda data: f"{data['why']}, until {clock_time(data['until_s'])}",
    "forecast": _forecast,
    "exposure": _exposure,
    "light_stop": lambda data: f"{data['role']} {data['position']}, read back",
    "product": _product,
    "learned": _learned,
    "operator": lambda data: f"operator {data['by']}: {data['verb']} {data['text']}".rstrip(),
    "note": lambda data: f"note by {data['by']}: {data['text']}",
    "safe_state": _reached,
    "block_status": lambda data: f"block status {data['status']}: {data['means']}",
    "run_done": lambda data: _because(data, f"run {data['outcome']}"),
}
_LINES: dict[str, Callable[[Data, float], str]] = {
    "frame": lines.frame_line,
    "probe": lines.probe_line,
    "step": lines.step_line,
    "step_done": lines.step_done_line,
}


def log_lines(record: Record) -> list[str]:
    """The lines of one journal entry; an entry of a kind unknown here shows its kind and data."""
    if record.kind == "alarm":
        return lines.alarm_lines(record.data, record.time_s)
    if record.kind in _LINES:
        return [_LINES[record.kind](record.data, record.time_s)]
    tell = _TEXT.get(record.kind)
    text = tell(record.data) if tell else f"{record.kind} {dict(record.data)}"
    return [f"{clock_time(record.time_s)} {text}"]


def screen_lines(record: Record) -> list[str]:
    """The same for a screen, where a product is named with its flag only; the reasons are in log and report."""
    if record.kind != "product":
        return log_lines(record)
    return [f"{clock_time(record.time_s)} product {record.data['file']}: {record.data['qa']['flag']}"]


def run_log(records: Iterable[Record]) -> str:
    """The whole log of a run."""
    return "".join(line + "\n" for record in records for line in log_lines(record))


def write_run_log(run_dir: Path, records: Iterable[Record]) -> Path:
    """Write `run.log` into a run's folder."""
    path = run_dir / "run.log"
    path.write_text(run_log(records), encoding="utf-8")
    return path
