"""What a twilight flat puts into the beam, as its parameters and the instrument say: filters, airmasses, rates."""

from __future__ import annotations

import msgspec

from sequencer.config.models import CameraConfig, Instrument
from sequencer.observing.block import TemplateCall
from sequencer.observing.detector_rules import mode_parameter
from sequencer.observing.names import cameras_in_use
from sequencer.observing.prediction import predicted_rate_e_s
from sequencer.sky.airmass import airmass


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


def brightness_known(call: TemplateCall, camera: CameraConfig, instrument: Instrument) -> bool:
    """Tell whether nothing was refused that a predicted level of a camera rests on."""
    mode = mode_parameter(instrument.detectors[camera.detector])
    levels = ("SEQ.LEVEL.TARGET", "SEQ.LEVEL.TOL", "SEQ.LEVEL.MAX", "SEQ.SUNALT.MIN")
    return call.trusts("SEQ.AIRMASS.LIST", camera.nd_keyword, mode, *levels)
