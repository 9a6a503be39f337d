"""One line per event, made to be read at five in the morning."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sequencer.clock import iso

Data = Mapping[str, Any]


def clock_time(time_s: float) -> str:
    """UTC time of day as `09:41:12`."""
    return iso(time_s, 0)[11:19]


def short(value: float, digits: int = 3) -> str:
    """A number in plain notation with `digits` significant digits: 0.188, 1.25, 12.5, 1250."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}"


def percent(fraction: float | None) -> str:
    """A fraction of full well as a number of per cent, `-` when unknown: 0.498 -> `49.8`."""
    return "-" if fraction is None else f"{round(100 * fraction, 1) + 0.0:.1f}"


def frame_line(data: Data, time_s: float) -> str:
    """One stored frame: `09:41:12 Lp X1.99 0.188s x5 12/30 49.8% (50.1) good`.

    Time, filter, airmass, DIT, NDIT, good of wanted, level and (predicted level) in per cent of full well,
    verdict. A dark shows its camera instead of filter and airmass; a frame that does not count says why.
    """
    parts = [clock_time(time_s), *_what(data), f"{short(data['dit_s'])}s", f"x{data['ndit']}"]
    parts.append(f"{data['good']}/{data['wanted']}")
    parts.append(f"{percent(data['level_fraction'])}%")
    if data.get("predicted_fraction"):
        parts.append(f"({percent(data['predicted_fraction'])})")
    return " ".join([*parts, verdict_text(data)])


def verdict_text(data: Data) -> str:
    """`good`, or the verdict with its reason: `low: 31.0% where 50.1% was predicted`."""
    verdict, reason = str(data["verdict"]), data.get("reason") or ""
    return verdict if verdict == "good" or not reason else f"{verdict}: {reason}"


def _what(data: Data) -> list[str]:
    if data.get("kind") == "dark":
        return ["dark", str(data["camera"])]
    parts = [str(data.get("filter") or data["camera"])]
    if data.get("kind") == "ladder":
        parts.append("ladder")
    if data.get("airmass"):
        parts.append(f"X{data['airmass']:.2f}")
    return parts


def probe_line(data: Data, time_s: float) -> str:
    """One exposure off the record that measured the rate."""
    return (
        f"{clock_time(time_s)} {data.get('filter') or data['detector']} probe {short(data['dit_s'])}s "
        f"{short(data['level_e'])} e- {verdict_text(data)}"
    )


def alarm_lines(data: Data, time_s: float) -> list[str]:
    """An alarm in three lines: what happened, so what, what to do."""
    start = clock_time(time_s)
    return [
        f"{start} ALARM   {data['what']}",
        f"{start} so what {data['so_what']}",
        f"{start} to do   {data['what_to_do']}",
    ]


def step_line(data: Data, time_s: float) -> str:
    """A command on its way to a device: `09:31:12 #4 telescope preset altitude_deg=41.8`."""
    arguments = "".join(f" {key}={_value(value)}" for key, value in data.get("args", {}).items())
    return f"{clock_time(time_s)} #{data['n']} {data['device']} {data['cmd']}{arguments}"


def step_done_line(data: Data, time_s: float) -> str:
    """How a command ended: `09:31:46 #4 done 34.2s`."""
    return f"{clock_time(time_s)} #{data['n']} {data['outcome']} {data['seconds']:.1f}s"


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_value(item)}" for key, item in value.items()) + "}"
    return str(value)
