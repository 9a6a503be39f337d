"""Rules of validation about the night: is there a twilight inside the times given, and is it long enough?"""

from __future__ import annotations

from sequencer.clock import iso
from sequencer.config.models import SiteConfig
from sequencer.figures import apart
from sequencer.observing.block import TemplateCall
from sequencer.observing.estimate import Need
from sequencer.observing.findings import Findings, Night
from sequencer.observing.planning.twilight import Twilight, twilight_in, window_of
from sequencer.sky.site import Site
from sequencer.sky.twilight import NoTwilight, Window


def find_twilight(call: TemplateCall, found: Findings, site: SiteConfig, night: Night) -> Twilight | None:
    """Return the twilight a template will work in; None, with the reason among the problems, if there is none."""
    p = call.parameters
    lowest, highest = p["SEQ.SUNALT.MIN"], p["SEQ.SUNALT.MAX"]
    if not call.trusts("SEQ.TWILIGHT", "SEQ.SUNALT.MIN", "SEQ.SUNALT.MAX"):
        return None
    if lowest is None or highest is None or lowest >= highest or night.until_s <= night.start_s:
        return None
    place = Site(site.name, site.latitude_deg, site.longitude_deg, site.elevation_m)
    try:
        window = window_of(p, place, night.start_s)
    except NoTwilight as reason:
        found.problem(call, "SEQ.TWILIGHT", str(reason))
        return None
    if not _fits_the_night(call, found, night, window):
        return None
    return twilight_in(window, place, night.start_s, found.instrument.telescope.preset_s, night.until_s)


def check_fits(call: TemplateCall, found: Findings, twilight: Twilight, need: Need) -> None:
    """Warn if fewer frames are foreseen than asked for; what is too bright at any time is said elsewhere."""
    short = [shortfall for shortfall in need.shortfalls if not shortfall.steady]
    if not short:
        return
    missing = sum(shortfall.asked - shortfall.taken for shortfall in short)
    others = f", and {len(short) - 1} more series fall short" if short[1:] else ""
    text = (
        f"not everything will fit: {missing} flats will be missing, {twilight.left_s / 60:.0f} min of sky are left; "
        f"{short[0]}{others}; {_when(twilight.window)}"
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
        wait, longest = apart(wait_s / 60.0, longest_s / 60.0, "0f")
        text = f"would wait {wait} min, more than the {longest} min allowed: {_when(window)}"
        found.problem(call, "SEQ.TWILIGHT.WAIT", text)
        return False
    return True
