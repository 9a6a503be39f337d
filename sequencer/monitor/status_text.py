"""The status of a run in words: the rows of the live screen, of `sequencer status`, and the progress line."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from sequencer.clock import iso
from sequencer.monitor.lines import percent, short

if TYPE_CHECKING:
    from sequencer.engine.status import Status

UNKNOWN = "-"

SECONDS_BELOW_S = 120.0
"""Times below this are told in seconds."""

LEFT_SHOWN = 2
"""So many series to come are named; a line on the screen holds no more."""


def facts(status: Status) -> list[tuple[str, str]]:
    """Name and value of everything that is always visible, most vital first."""
    return [
        ("light stop", light_stop(status)),
        ("state", state(status)),
        ("UTC", f"{iso(status.utc_s, 0)}   Sun {sun(status)}"),
        ("time", time_left(status)),
        ("template", f"{status.template or UNKNOWN}   {status.template_state}".rstrip()),
        ("step", f"{status.step or UNKNOWN}   exposure {status.exposure_i} of {status.exposure_n}"),
        ("level", level(status)),
        ("good", f"{status.good} of {status.wanted}   next DIT {_unit(status.next_dit_s, 's')}"),
        ("plan", plan(status)),
        ("reduction", f"{status.reduction_lag} frames behind"),
        ("disk", f"{_unit(status.disk_free_mb, 'MB')} free, {_unit(status.disk_needed_mb, 'MB')} needed"),
        ("alarms", "; ".join(status.alarms) or "none"),
    ]


def state(status: Status) -> str:
    """`Running`, `Running, pause asked for`, `Paused`."""
    waits = status.pausing and status.ob_state != "Paused"
    return f"{status.ob_state}, pause asked for" if waits else status.ob_state


def light_stop(status: Status) -> str:
    """`CLOSED, read back 3 s ago`."""
    if status.light_stop_age_s is None:
        return f"{status.light_stop}, never read back"
    return f"{status.light_stop}, read back {status.light_stop_age_s:.0f} s ago"


def light_stop_style(status: Status) -> str:
    """Green when closed, amber when open, red when nobody knows."""
    return {"CLOSED": "bold green", "OPEN": "bold yellow"}.get(status.light_stop, "bold red")


def sun(status: Status) -> str:
    """`-12.3 deg (limits -18.0 to -9.0)`."""
    altitude = UNKNOWN if status.sun_altitude_deg is None else f"{status.sun_altitude_deg:.1f} deg"
    if status.sun_min_deg is None or status.sun_max_deg is None:
        return altitude
    return f"{altitude} (limits {status.sun_min_deg:.1f} to {status.sun_max_deg:.1f})"


def time_left(status: Status) -> str:
    """`twilight 31 min, flats need 22 min`, loudly when they do not fit; and `block: 12 min left (11 to 14)`."""
    left, needed = status.minutes_left, status.minutes_needed
    text = "" if left is None and needed is None else f"twilight {_minutes(left)}, flats need {_minutes(needed)}"
    if left is not None and needed is not None and needed > left:
        text += " - DOES NOT FIT"
    return "; ".join(part for part in (text, block_left(status)) if part) or UNKNOWN


def block_left(status: Status) -> str:
    """`block: 12 min left (11 to 14)`, right nine times out of ten, or `block: about 12 min left` where no earlier run
    taught how long things take; empty when unknown.
    """
    left_s, low_s, high_s = status.left_s, status.left_low_s, status.left_high_s
    if left_s is None or low_s is None or high_s is None:
        return ""
    return f"block: {forecast(left_s, low_s, high_s, status.left_runs)}"


def forecast(left_s: float, low_s: float, high_s: float, runs: int | None) -> str:
    """`12 min left (11 to 14)`; without the interval where it rests on the instrument's figures (`runs` 0)."""
    if runs == 0:
        scale, unit = unit_of(left_s)
        return f"about {left_s / scale:.0f} {unit} left"
    return span(left_s, low_s, high_s, "left")


def span(seconds: float, low_s: float, high_s: float, word: str = "") -> str:
    """`12 min left (11 to 14)`: expected, and from when to when. The ends are rounded out."""
    scale, unit = unit_of(seconds)
    expected = " ".join(part for part in (f"{seconds / scale:.0f} {unit}", word) if part)
    return f"{expected} ({math.floor(low_s / scale)} to {math.ceil(high_s / scale)})"


def unit_of(seconds: float) -> tuple[float, str]:
    """The unit a time is told in, and how many seconds it has: minutes, below two of them seconds."""
    return (1.0, "s") if seconds < SECONDS_BELOW_S else (60.0, "min")


def plan(status: Status) -> str:
    """`54 good of 140 planned; left: LM Lp at airmass 2, LM Lp at airmass 2.5 and 3 more`."""
    if not status.planned:
        return UNKNOWN
    text, shown = f"{status.achieved} good of {status.planned} planned", status.left[:LEFT_SHOWN]
    more = len(status.left) - len(shown)
    left = ", ".join(shown) + (f" and {more} more" if more else "")
    return f"{text}; left: {left or 'nothing'}"


def level(status: Status) -> str:
    """`Lp X1.99   last 49.8%, now predicted 50.1%`."""
    airmass = "" if status.airmass is None else f" X{status.airmass:.2f}"
    what = status.filter or status.camera or UNKNOWN
    last, now = _share(status.level_fraction), _share(status.predicted_fraction)
    return f"{what}{airmass}   last {last}, now predicted {now}"


def progress_line(status: Status) -> str:
    """One line for logs and pipes: UTC, state, light stop, Sun, good of wanted, minutes."""
    return (
        f"{iso(status.utc_s, 0)[11:]} -- {status.ob_state}/{status.template_state or UNKNOWN}, light stop "
        f"{status.light_stop}, Sun {sun(status)}, {status.good}/{status.wanted} good, {time_left(status)}"
    )


def _share(fraction: float | None) -> str:
    return UNKNOWN if fraction is None else f"{percent(fraction)}%"


def _minutes(minutes: float | None) -> str:
    return UNKNOWN if minutes is None else f"{minutes:.0f} min"


def _unit(value: float | None, unit: str) -> str:
    return UNKNOWN if value is None else f"{short(value)} {unit}"
