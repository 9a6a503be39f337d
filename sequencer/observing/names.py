"""Names in an OB measured against the instrument: aliases become canonical, near names are suggested."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from sequencer.config.models import CameraConfig, DetectorConfig, Instrument
from sequencer.config.problems import Problem
from sequencer.observing.block import OB, TemplateCall
from sequencer.observing.signature import ParameterSpec
from sequencer.observing.values import no_choice


def detector_of(parameter: str, instrument: Instrument) -> DetectorConfig | None:
    """Return the detector a parameter `DETn...` speaks of, or None."""
    match = re.match(r"DET(\d+)\.", parameter)
    index = int(match[1]) if match else 0
    return next((detector for detector in instrument.detectors.values() if detector.index == index), None)


def canonical(keyword: str, position: str, instrument: Instrument) -> str:
    """Return the canonical position of a mechanism for any of its spellings."""
    mechanism = instrument.mechanisms.get(keyword)
    return mechanism.aliases.get(position, position) if mechanism else position


def cameras_in_use(call: TemplateCall, instrument: Instrument) -> dict[str, CameraConfig]:
    """Return the cameras a template exposes, as far as the instrument has them."""
    names = call.parameters.get("SEQ.CAMERA") or []
    return {name: instrument.cameras[name] for name in names if name in instrument.cameras}


def resolve_names(ob: OB, call: TemplateCall, instrument: Instrument) -> tuple[TemplateCall, list[Problem]]:
    """Return the call with canonical names, and what is wrong with the names.

    A wrong name becomes None or leaves its list, and its parameter counts as refused.
    """
    problems: list[Problem] = []
    values, refused = dict(call.parameters), set(call.refused)
    for parameter, spec in call.signature.parameters.items():
        value = values[parameter]
        if not spec.choices_of or value is None:
            continue
        names = value if isinstance(value, list) else [value]
        spelled = [_canonical(parameter, spec, name, call, instrument) for name in names]
        allowed = _allowed(parameter, spec, call, instrument)
        wrong = [name for name in spelled if name not in allowed]
        problems += [ob.problem(call, parameter, no_choice(name, allowed)) for name in wrong]
        refused.update([parameter] if wrong else [])
        kept = [name for name in spelled if name in allowed]
        if len(set(kept)) < len(kept):
            problems.append(ob.problem(call, parameter, "names a value twice"))
        values[parameter] = (
            list(dict.fromkeys(kept)) if isinstance(value, list) else (kept[0] if kept else None)
        )
    return msgspec.structs.replace(call, parameters=values, refused=frozenset(refused)), problems


def _canonical(
    parameter: str, spec: ParameterSpec, name: str, call: TemplateCall, instrument: Instrument
) -> str:
    if spec.choices_of in ("positions", "nd"):
        return canonical(parameter, name, instrument)
    if spec.choices_of == "filters":
        for camera in _cameras(call, instrument).values():
            spelled = canonical(camera.filter_keyword, name, instrument)
            if spelled in camera.filters:
                return spelled
    return name


def _cameras(call: TemplateCall, instrument: Instrument) -> dict[str, CameraConfig]:
    """The cameras whose names count: those of the template, or all while it is not clear which these are."""
    used = cameras_in_use(call, instrument)
    return used if used and len(used) == len(call.parameters["SEQ.CAMERA"]) else instrument.cameras


def _allowed(parameter: str, spec: ParameterSpec, call: TemplateCall, instrument: Instrument) -> list[str]:
    names = list(_known(parameter, spec, call, instrument))
    return [name for name in names if not spec.choices or name in spec.choices]


def _known(parameter: str, spec: ParameterSpec, call: TemplateCall, instrument: Instrument) -> Any:
    if spec.choices_of == "cameras":
        return instrument.cameras
    if spec.choices_of == "filters":
        return dict.fromkeys(
            name for camera in _cameras(call, instrument).values() for name in camera.filters
        )
    if spec.choices_of == "modes":
        detector = detector_of(parameter, instrument)
        return detector.modes if detector else []
    if spec.choices_of == "nd":
        return next((c.nd_transmission for c in instrument.cameras.values() if c.nd_keyword == parameter), {})
    mechanism = instrument.mechanisms.get(parameter)
    return mechanism.positions if mechanism else []
