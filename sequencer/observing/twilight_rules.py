"""Rules of validation about twilight flats: cameras, filters, levels, airmasses."""

from __future__ import annotations

from sequencer.config.models import CameraConfig
from sequencer.figures import apart
from sequencer.observing.beam import brightness_known, filters_of, rate_in_beam_e_s, reachable_airmasses
from sequencer.observing.block import TemplateCall
from sequencer.observing.detector_rules import mode_of
from sequencer.observing.findings import Findings
from sequencer.observing.ladder_rules import check_ladder
from sequencer.observing.names import cameras_in_use
from sequencer.observing.prediction import detector_limits, predicted_level
from sequencer.sky.airmass import airmass, pointing_altitude_deg


def check_twilight(call: TemplateCall, found: Findings) -> None:
    """Check a twilight flat whose names are canonical and which is `complete`.

    No rule speaks of what follows from a refused parameter.
    """
    _check_mode(call, found)
    _check_levels(call, found)
    if call.trusts("SEQ.AIRMASS.LIST"):
        _check_airmasses(call, found)
    for name, camera in cameras_in_use(call, found.instrument).items():
        _check_filters(call, found, name, camera)
        check_ladder(call, found, name, camera)


def _check_mode(call: TemplateCall, found: Findings) -> None:
    p = call.parameters
    wanted = {True: "AIRMASS", False: "FIXED"}.get(p["SEQ.DIT.ADJUST"], p["SEQ.MODE"])
    if wanted != p["SEQ.MODE"] and call.trusts("SEQ.MODE"):
        found.problem(call, "SEQ.DIT.ADJUST", f"contradicts SEQ.MODE {p['SEQ.MODE']}: it means {wanted}")
    if p["SEQ.MODE"] == "LADDER" and not p["SEQ.LEVEL.LIST"] and call.trusts("SEQ.LEVEL.LIST"):
        found.problem(call, "SEQ.LEVEL.LIST", "must not be empty in SEQ.MODE LADDER")
    lowest, highest = p["SEQ.SUNALT.MIN"], p["SEQ.SUNALT.MAX"]
    if not call.trusts("SEQ.SUNALT.MIN", "SEQ.SUNALT.MAX"):
        return
    if lowest is not None and highest is not None and lowest >= highest:
        least, most = apart(lowest, highest)
        found.problem(call, "SEQ.SUNALT.MIN", f"{least} deg must be below SEQ.SUNALT.MAX {most} deg")


def _check_levels(call: TemplateCall, found: Findings) -> None:
    p = call.parameters
    if p["SEQ.LEVEL.TOL"] >= 1.0 and call.trusts("SEQ.LEVEL.TOL"):
        found.problem(
            call, "SEQ.LEVEL.TOL", f"{p['SEQ.LEVEL.TOL']:g} must be below 1: it would allow no light at all"
        )
    highest = p["SEQ.LEVEL.MAX"]
    if not call.trusts("SEQ.LEVEL.MAX"):
        return
    if p["SEQ.LEVEL.TARGET"] > highest and call.trusts("SEQ.LEVEL.TARGET"):
        target, most = apart(p["SEQ.LEVEL.TARGET"], highest)
        found.problem(call, "SEQ.LEVEL.TARGET", f"{target} is above SEQ.LEVEL.MAX {most}")
    for level in p["SEQ.LEVEL.LIST"] if call.trusts("SEQ.LEVEL.LIST") else []:
        if level > highest:
            asked, most = apart(level, highest)
            found.problem(call, "SEQ.LEVEL.LIST", f"{asked} is above SEQ.LEVEL.MAX {most}")


def _check_airmasses(call: TemplateCall, found: Findings) -> None:
    lowest_deg, highest_deg = found.instrument.telescope.altitude_deg
    most = float(airmass(lowest_deg))
    for wanted in call.parameters["SEQ.AIRMASS.LIST"]:
        if wanted > most:
            reachable, asked = apart(most, wanted, "2f")
            text = (
                f"{asked} is below the altitude limit of {lowest_deg:g} deg: "
                f"the highest reachable is {reachable}, taken unless already listed"
            )
            found.warning(call, "SEQ.AIRMASS.LIST", text)
        elif pointing_altitude_deg(wanted) > highest_deg:
            least = float(airmass(highest_deg))
            found.warning(
                call,
                "SEQ.AIRMASS.LIST",
                f"{wanted:g} is above the altitude limit of {highest_deg:g} deg, airmass {least:.4f}",
            )


def _check_filters(call: TemplateCall, found: Findings, name: str, camera: CameraConfig) -> None:
    filters = filters_of(call, camera)
    known = call.trusts("SEQ.DIT.FILT.LIST", camera.filter_keyword)
    if not filters:
        if known:
            found.problem(call, "SEQ.DIT.FILT.LIST", f"names no filter of camera {name}")
        return
    if not brightness_known(call, camera, found.instrument):
        return
    left_out = [item for item in filters if _is_left_out(call, found, name, camera, item)]
    if left_out == filters and known:
        found.problem(
            call,
            "SEQ.DIT.FILT.LIST",
            f"nothing left to expose in camera {name}: every filter is over SEQ.LEVEL.MAX at the minimum DIT",
        )


def _is_left_out(call: TemplateCall, found: Findings, name: str, camera: CameraConfig, item: str) -> bool:
    """Say what will become of a filter too bright for the minimum DIT; whether it is left out."""
    p = call.parameters
    detector = found.instrument.detectors[camera.detector]
    mode = mode_of(call, detector)
    limits = detector_limits(detector, mode)
    rate = _brightest(call, found, camera, item)
    level = predicted_level(limits.min_dit_s, rate, limits)
    text = f"{item} of {name} reaches {level:.0%} of full well at the minimum DIT {limits.min_dit_s:g} s"
    if level <= p["SEQ.LEVEL.TARGET"] * (1 + p["SEQ.LEVEL.TOL"]):
        return False
    if level <= p["SEQ.LEVEL.MAX"]:
        found.warning(call, "SEQ.DIT.FILT.LIST", f"{text}, above the target: it is taken")
        return False
    density = p.get(camera.nd_keyword) or camera.nd_open
    may_help = camera.nd_keyword and density == camera.nd_open
    hint = f"; {camera.nd_keyword} may allow a neutral density" if may_help else ""
    found.warning(call, "SEQ.DIT.FILT.LIST", f"{text}: it is left out{hint}")
    return True


def _brightest(call: TemplateCall, found: Findings, camera: CameraConfig, item: str) -> float:
    """Return the rate in e-/s at the highest airmass, the Sun at its lowest: what does not fade away."""
    most = max(reachable_airmasses(call.parameters["SEQ.AIRMASS.LIST"], found.instrument))
    return rate_in_beam_e_s(call, camera, item, most, call.parameters["SEQ.SUNALT.MIN"])
