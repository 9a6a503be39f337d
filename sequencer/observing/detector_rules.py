"""Rules of validation about DIT, NDIT and read-out mode."""

from __future__ import annotations

from typing import Any

from sequencer.config.models import DetectorConfig, ReadoutMode
from sequencer.devices.detector import dit_problems, ndit_problems
from sequencer.observing.block import TemplateCall
from sequencer.observing.findings import Findings
from sequencer.observing.names import cameras_in_use

LONGEST_EXPOSURE_S = 43200.0
"""Longest DIT x NDIT of one exposure in s: a night of 12 hours."""


def mode_parameter(detector: DetectorConfig) -> str:
    """Return the parameter that holds a detector's read-out mode."""
    return f"DET{detector.index}.NCORRS.NAME"


def mode_name_of(call: TemplateCall, detector: DetectorConfig) -> str:
    """Return the read-out mode a template uses on a detector: its own wish, or the detector's default."""
    name = call.parameters.get(mode_parameter(detector))
    return name if name in detector.modes else detector.default_mode


def mode_of(call: TemplateCall, detector: DetectorConfig) -> ReadoutMode:
    """Return that read-out mode's limits."""
    return detector.modes[mode_name_of(call, detector)]


def detectors_in_use(call: TemplateCall, found: Findings) -> list[DetectorConfig]:
    """Return the detectors a template exposes, in the order of their index."""
    detectors = sorted(found.instrument.detectors.values(), key=lambda detector: detector.index)
    if "SEQ.CAMERA" in call.signature.parameters:
        used = {camera.detector for camera in cameras_in_use(call, found.instrument).values()}
        return [
            d
            for name, d in sorted(found.instrument.detectors.items(), key=lambda i: i[1].index)
            if name in used
        ]
    if "EXPTIME" in call.signature.parameters:
        return detectors[:1]
    return [d for d in detectors if (call.parameters.get(f"SEQ.NEXPO{d.index}") or 0) > 0]


def check_detectors(call: TemplateCall, found: Findings) -> None:
    """Check what a template asks of every detector it uses, and that a dark exposes at all."""
    used = detectors_in_use(call, found)
    dark = "SEQ.NEXPO1" in call.signature.parameters
    numbers = [f"SEQ.NEXPO{detector.index}" for detector in found.instrument.detectors.values()]
    if dark and not used and call.trusts(*numbers):
        found.problem(call, "SEQ.NEXPO1", "no detector has an exposure to take")
    for detector in found.instrument.detectors.values():
        name = f"DET{detector.index}.DIT"
        if dark and detector not in used and call.parameters.get(name) is not None:
            found.warning(call, name, f"is not used: SEQ.NEXPO{detector.index} is 0")
    for detector in used:
        name = "EXPTIME" if "EXPTIME" in call.signature.parameters else f"DET{detector.index}.DIT"
        dit_s = call.parameters.get(name)
        if dark and dit_s is None and call.trusts(name, f"SEQ.NEXPO{detector.index}"):
            found.problem(call, name, f"is required: {_exposures(call, detector)}")
        if dit_s is not None and call.trusts(mode_parameter(detector)):
            _check_dit(call, found, detector, name, dit_s)
        _check_ndit(call, found, detector, dit_s)


def _exposures(call: TemplateCall, detector: DetectorConfig) -> str:
    """How many exposures a detector takes; where nobody asked for them, how to have none."""
    name = f"SEQ.NEXPO{detector.index}"
    number = f"{name} is {call.parameters[name]}"
    return number if name in call.given else f"{number} by default; {name}: 0 leaves {detector.camera} out"


def _check_dit(
    call: TemplateCall, found: Findings, detector: DetectorConfig, name: str, dit_s: float
) -> None:
    mode, mode_name = mode_of(call, detector), mode_name_of(call, detector)
    if wrong := dit_problems(mode, mode_name, dit_s):
        found.problem(call, name, f"{wrong[0]} of {detector.camera}")
    elif mode.dark_e_s * dit_s >= mode.full_well_e:
        longest = mode.full_well_e / mode.dark_e_s
        where = f"of read-out mode {mode_name} of {detector.camera}"
        found.problem(
            call,
            name,
            f"{dit_s:g} s saturates on the dark current alone, which fills the well {where} in {longest:g} s",
        )


def _check_ndit(call: TemplateCall, found: Findings, detector: DetectorConfig, dit_s: float | None) -> None:
    name = f"DET{detector.index}.NDIT"
    ndit: Any = call.parameters.get(name)
    if ndit is None:
        return
    wrong = ndit_problems(mode_of(call, detector), mode_name_of(call, detector), ndit)
    if wrong and call.trusts(mode_parameter(detector)):
        found.problem(call, name, f"{wrong[0]} of {detector.camera}")
    elif dit_s is not None and dit_s * ndit > LONGEST_EXPOSURE_S:
        found.problem(
            call, name, f"DIT x NDIT is {dit_s * ndit:g} s, longer than a night of {LONGEST_EXPOSURE_S:g} s"
        )
