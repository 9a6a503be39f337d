"""Rules of validation about the night: is there a twilight inside the times given, and is it long enough?"""

from __future__ import annotations

from functools import lru_cache

from sequencer.clock import iso
from sequencer.config.models import SiteConfig
from sequencer.observing.block import TemplateCall
from sequencer.observing.findings import Findings, Night
from sequencer.sky.site import Site
from sequencer.sky.twilight import NoTwilight, Window, twilight_window

_twilight_window = lru_cache(maxsize=32)(twilight_window)  # a pure function; several templates ask the same


def find_window(call: TemplateCall, found: Findings, site: SiteConfig, night: Night) -> Window | None:
    """Return the twilight a template will work in; None, with the reason among the problems, if there is none."""
    p = call.parameters
    lowest, highest = p["SEQ.SUNALT.MIN"], p["SEQ.SUNALT.MAX"]
    if not call.trusts("SEQ.TWILIGHT", "SEQ.SUNALT.MIN", "SEQ.SUNALT.MAX"):
        return None
    if lowest is None or highest is None or lowest >= highest or night.until_s <= night.start_s:
        return None
    place = Site(site.name, site.latitude_deg, site.longitude_deg, site.elevation_m)
    try:
        window = _twilight_window(place, night.start_s, p["SEQ.TWILIGHT"], lowest, highest)
    except NoTwilight as reason:
        found.problem(call, "SEQ.TWILIGHT", str(reason))
        return None
    return window if _fits_the_night(call, found, night, window) else None


def check_duration(
    call: TemplateCall, found: Findings, night: Night, window: Window, needed_s: float
) -> None:
    """Warn if a twilight is shorter than the estimate `needed_s`."""
    left_s = min(window.end_s, night.until_s) - max(window.start_s, night.start_s)
    if needed_s > left_s:
        text = (
            f"needs about {needed_s / 60:.0f} min of sky, {left_s / 60:.0f} min are left: "
            f"not everything will fit; {_when(window)}"
        )
        found.warning(call, "SEQ.TWILIGHT", text)


def _when(window: Window) -> str:
    begins, ends = iso(window.start_s, 0), iso(window.end_s, 0)
    return f"the next {window.kind.lower()} twilight is from {begins} to {ends} UTC"


def _fits_the_night(call: TemplateCall, found: Findings, night: Night, window: Window) -> bool:
    wait_s = window.start_s - night.start_s
    longest_s = call.parameters["SEQ.TWILIGHT.WAIT"]
    if window.start_s >= night.until_s:
        ends = iso(night.until_s, 0)
        text = f"no twilight between {iso(night.start_s, 0)} and {ends} UTC: {_when(window)}"
        found.problem(call, "SEQ.TWILIGHT", text)
        return False
    if wait_s > longest_s and call.trusts("SEQ.TWILIGHT.WAIT"):
        limit = f"more than the {longest_s / 60:.0f} min allowed"
        text = f"would wait {wait_s / 60:.0f} min, {limit}: {_when(window)}"
        found.problem(call, "SEQ.TWILIGHT.WAIT", text)
        return False
    return True
