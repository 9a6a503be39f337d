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


def check_window(
    call: TemplateCall, found: Findings, site: SiteConfig, night: Night, needed_s: float
) -> None:
    """Check that a twilight flat finds its twilight; warn if that is shorter than the estimate `needed_s`."""
    p = call.parameters
    lowest, highest = p["SEQ.SUNALT.MIN"], p["SEQ.SUNALT.MAX"]
    if lowest is None or highest is None or lowest >= highest:
        return
    place = Site(site.name, site.latitude_deg, site.longitude_deg, site.elevation_m)
    try:
        window = _twilight_window(place, night.start_s, p["SEQ.TWILIGHT"], lowest, highest)
    except NoTwilight as reason:
        found.problem(call, "SEQ.TWILIGHT", str(reason))
        return
    _check_against(call, found, night, window, needed_s)


def _check_against(
    call: TemplateCall, found: Findings, night: Night, window: Window, needed_s: float
) -> None:
    begins, ends = iso(window.start_s, 0), iso(window.end_s, 0)
    when = f"the next {window.kind.lower()} twilight is from {begins} to {ends} UTC"
    wait_s = window.start_s - night.start_s
    longest_s = call.parameters["SEQ.TWILIGHT.WAIT"]
    if window.start_s >= night.until_s:
        found.problem(
            call,
            "SEQ.TWILIGHT",
            f"no twilight between {iso(night.start_s, 0)} and {iso(night.until_s, 0)} UTC: {when}",
        )
    elif wait_s > longest_s:
        found.problem(
            call,
            "SEQ.TWILIGHT.WAIT",
            f"would wait {wait_s / 60:.0f} min, more than the {longest_s / 60:.0f} min allowed: {when}",
        )
    else:
        left_s = min(window.end_s, night.until_s) - max(window.start_s, night.start_s)
        if needed_s > left_s:
            found.warning(
                call,
                "SEQ.TWILIGHT",
                f"needs about {needed_s / 60:.0f} min of sky, {left_s / 60:.0f} min "
                f"are left: not everything will fit; {when}",
            )
