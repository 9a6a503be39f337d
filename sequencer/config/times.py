"""When a run can begin: the years that can be computed, and the start a deployment gives."""

from __future__ import annotations

from sequencer.clock import iso, parse_utc
from sequencer.config.models import Deployment

EARLIEST_S = parse_utc("1995-10-10")
"""MJD 50000: the least MJD-OBS of the keyword dictionary (configs/keywords/common.yaml)."""

END_S = parse_utc("2100-01-01")
"""ERFA's ephemeris of the Earth, from which the Sun's place comes, is for 1900 to 2100 (ERFA, epv00)."""


def impossible(time_s: float) -> str:
    """Why nothing can be planned or taken at a time (Unix seconds UTC); empty: it can."""
    if EARLIEST_S <= time_s < END_S:
        return ""
    try:
        shown = iso(time_s, 0)
    except (ValueError, OverflowError):
        shown = f"{time_s:g} s"
    return f"{shown} is not in 1995-10-10 to 2099-12-31: before that no header can say it, after it the Sun is unknown"


def check_start(text: str) -> str:
    """Why a text is no time at which a run can begin; empty: it is one."""
    try:
        return impossible(parse_utc(text))
    except (ValueError, OverflowError):
        return f"{text[:60]!r} is not a UTC time like 2027-03-20T09:15:00"


def simulated_start_s(deployment: Deployment) -> float | None:
    """When simulated time begins by a deployment, Unix seconds UTC; None: now, as where any device is real."""
    simulated = all(device.simulated for device in deployment.devices.values())
    return parse_utc(deployment.start) if simulated and deployment.start else None
