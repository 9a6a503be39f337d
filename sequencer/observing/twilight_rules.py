"""Rules of validation about twilight flats: cameras, filters, levels, airmasses."""

from __future__ import annotations

from typing import Any

import msgspec

from sequencer.config.models import CameraConfig, Instrument
from sequencer.exposure.ladder import ladder
from sequencer.observing.block import TemplateCall
from sequencer.observing.detector_rules import mode_of
from sequencer.observing.findings import Findings
from sequencer.observing.names import cameras_in_use
from sequencer.observing.prediction import detector_limits, predicted_level, predicted_rate_e_s
from sequencer.sky.airmass import airmass, pointing_altitude_deg


def is_twilight(call: TemplateCall) -> bool:
    """Tell whether a template takes twilight flats, by its parameters."""
    return "SEQ.TWILIGHT" in call.signature.parameters


def complete(call: TemplateCall, instrument: Instrument) -> TemplateCall:
    """Return the call with what follows from others: filters, mode, limits of the Sun's altitude."""
    values = dict(call.parameters)
    cameras = cameras_in_use(call, instrument)
    if values["SEQ.DIT.FILT.LIST"] is None:
        wheels = [values.get(camera.filter_keyword) for camera in cameras.values()]
        values["SEQ.DIT.FILT.LIST"] = [name for name in dict.fromkeys(wheels) if name] or None
    if values["SEQ.DIT.ADJUST"] is not None and "SEQ.MODE" not in call.given:
        values["SEQ.MODE"] = "AIRMASS" if values["SEQ.DIT.ADJUST"] else "FIXED"
    if cameras and values["SEQ.SUNALT.MIN"] is None:
        values["SEQ.SUNALT.MIN"] = max(camera.sun_altitude_deg[0] for camera in cameras.values())
    if cameras and values["SEQ.SUNALT.MAX"] is None:
        values["SEQ.SUNALT.MAX"] = min(camera.sun_altitude_deg[1] for camera in cameras.values())
    return msgspec.structs.replace(call, parameters=values)


def filters_of(call: TemplateCall, camera: CameraConfig) -> list[str]:
    """Return those of a template's filters that a camera has."""
    return [name for name in call.parameters["SEQ.DIT.FILT.LIST"] or [] if name in camera.filters]


def reachable_airmasses(wanted: list[float], instrument: Instrument) -> list[float]:
    """Return the airmasses as they will be: what the altitude limit forbids becomes the highest in reach."""
    highest = float(airmass(instrument.telescope.altitude_deg[0]))
    return list(dict.fromkeys(min(value, highest) for value in wanted))


def rate_in_beam_e_s(
    call: TemplateCall, camera: CameraConfig, name: str, at_airmass: float, sun_altitude_deg: float
) -> float:
    """Return the predicted rate per pixel in e-/s through a filter and the template's neutral density."""
    density = call.parameters.get(camera.nd_keyword) or camera.nd_open
    transmission = camera.nd_transmission.get(density, 1.0)
    return transmission * predicted_rate_e_s(camera.filters[name], at_airmass, sun_altitude_deg)


def check_twilight(call: TemplateCall, found: Findings) -> None:
    """Check a twilight flat whose names are canonical and which is `complete`."""
    _check_mode(call, found)
    _check_levels(call, found)
    _check_airmasses(call, found)
    for name, camera in cameras_in_use(call, found.instrument).items():
        _check_filters(call, found, name, camera)
        _check_ladder(call, found, name, camera)


def _check_mode(call: TemplateCall, found: Findings) -> None:
    p = call.parameters
    wanted = {True: "AIRMASS", False: "FIXED"}.get(p["SEQ.DIT.ADJUST"], p["SEQ.MODE"])
    if wanted != p["SEQ.MODE"]:
        found.problem(call, "SEQ.DIT.ADJUST", f"contradicts SEQ.MODE {p['SEQ.MODE']}: it means {wanted}")
    if p["SEQ.MODE"] == "LADDER" and not p["SEQ.LEVEL.LIST"]:
        found.problem(call, "SEQ.LEVEL.LIST", "must not be empty in SEQ.MODE LADDER")
    lowest, highest = p["SEQ.SUNALT.MIN"], p["SEQ.SUNALT.MAX"]
    if lowest is not None and highest is not None and lowest >= highest:
        found.problem(call, "SEQ.SUNALT.MIN", f"{lowest:g} deg must be below SEQ.SUNALT.MAX {highest:g} deg")


def _check_levels(call: TemplateCall, found: Findings) -> None:
    p = call.parameters
    highest = p["SEQ.LEVEL.MAX"]
    if p["SEQ.LEVEL.TARGET"] > highest:
        text = f"{p['SEQ.LEVEL.TARGET']:g} is above SEQ.LEVEL.MAX {highest:g}"
        found.problem(call, "SEQ.LEVEL.TARGET", text)
    for level in p["SEQ.LEVEL.LIST"]:
        if level > highest:
            found.problem(call, "SEQ.LEVEL.LIST", f"{level:g} is above SEQ.LEVEL.MAX {highest:g}")


def _check_airmasses(call: TemplateCall, found: Findings) -> None:
    lowest_deg, highest_deg = found.instrument.telescope.altitude_deg
    most = float(airmass(lowest_deg))
    for wanted in call.parameters["SEQ.AIRMASS.LIST"]:
        if wanted > most:
            text = (
                f"{wanted:g} is below the altitude limit of {lowest_deg:g} deg: "
                f"the highest reachable is {most:.2f}, taken unless already listed"
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
    if not filters:
        found.problem(call, "SEQ.DIT.FILT.LIST", f"names no filter of camera {name}")
        return
    if not camera.nd_keyword and all(camera.filters[item].twilight_band for item in filters):
        return
    left_out = [item for item in filters if _is_left_out(call, found, name, camera, item)]
    if left_out == filters:
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
    hint = f"; {camera.nd_keyword} may allow a neutral density" if density == camera.nd_open else ""
    found.warning(call, "SEQ.DIT.FILT.LIST", f"{text}: it is left out{hint}")
    return True


def _brightest(call: TemplateCall, found: Findings, camera: CameraConfig, item: str) -> float:
    """Return the rate in e-/s at the highest airmass, the Sun at its lowest: what does not fade away."""
    most = max(reachable_airmasses(call.parameters["SEQ.AIRMASS.LIST"], found.instrument))
    return rate_in_beam_e_s(call, camera, item, most, call.parameters["SEQ.SUNALT.MIN"])


def _check_ladder(call: TemplateCall, found: Findings, name: str, camera: CameraConfig) -> None:
    p: dict[str, Any] = call.parameters
    wished = [item for item in p["SEQ.LEVEL.FILT"] or [] if item in camera.filters]
    if len(wished) > 1:
        found.problem(
            call, "SEQ.LEVEL.FILT", f"names {len(wished)} filters of camera {name}: one ladder a camera"
        )
    for item in wished:
        if item not in filters_of(call, camera):
            found.problem(call, "SEQ.LEVEL.FILT", f"{item} is not in SEQ.DIT.FILT.LIST")
    filters = wished or filters_of(call, camera)
    levels = p["SEQ.LEVEL.LIST"]
    if p["SEQ.MODE"] == "LEVEL" or not levels or not filters:
        return
    detector = found.instrument.detectors[camera.detector]
    limits = detector_limits(detector, mode_of(call, detector))
    first = reachable_airmasses(p["SEQ.AIRMASS.LIST"], found.instrument)[0]
    out_of_reach: dict[str, int] = {}
    for item in filters:
        rate = rate_in_beam_e_s(call, camera, item, first, p["SEQ.SUNALT.MIN"]) + limits.dark_rate_e_s
        rungs = ladder(
            levels, rate, limits.full_well_e, limits.linearity_k, limits.min_dit_s, limits.max_dit_s
        )
        out_of_reach[item] = sum(not rung.reachable for rung in rungs)
    best = min(out_of_reach, key=lambda item: out_of_reach[item])
    if out_of_reach[best]:
        text = f"{out_of_reach[best]} of {len(levels)} rungs are out of reach of the DIT in {best} of {name}"
        found.warning(call, "SEQ.LEVEL.LIST", text)
