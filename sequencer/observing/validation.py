"""Validation: everything that is wrong with an OB, said at once, before anything moves."""

from __future__ import annotations

import math

import msgspec

from sequencer.acquisition import map_problem
from sequencer.config.load import load_site
from sequencer.config.models import Deployment, Instrument
from sequencer.config.problems import Problem, did_you_mean, ordered
from sequencer.figures import apart
from sequencer.observing.beam import complete, is_twilight
from sequencer.observing.block import OB, TemplateCall
from sequencer.observing.constraint_rules import check_particulars
from sequencer.observing.detector_rules import check_detectors
from sequencer.observing.estimate import Need, asked_flats, estimate_dark, estimate_twilight
from sequencer.observing.findings import Findings, Night
from sequencer.observing.names import resolve_names
from sequencer.observing.twilight_rules import check_twilight
from sequencer.observing.window_rules import check_fits, find_twilight

MOST_FRAMES = 100_000
LONGEST_OB_S = 86_400.0


class Validation(msgspec.Struct, frozen=True):
    """The verdict on an OB: it may run if there are no problems.

    `ob` has canonical names and everything resolved. `frames`, `disk_bytes` (raw files) and `duration_s` are
    estimates, in a twilight of what will fit; 0 where problems forbid one.
    """

    problems: list[Problem]
    warnings: list[Problem]
    ob: OB
    frames: int = 0
    disk_bytes: int = 0
    duration_s: float = 0.0


def validate(
    ob: OB,
    deployment: Deployment,
    instrument: Instrument,
    *,
    start_s: float | None = None,
    until_s: float | None = None,
    now_s: float,
) -> Validation:
    """Check an OB against its templates, the instrument and the night; raises nothing for a bad OB.

    Times are Unix seconds UTC; without `start_s` the OB starts `now_s`, without `until_s` it has no end.
    """
    night = Night(now_s if start_s is None else start_s, math.inf if until_s is None else until_s)
    found = Findings(ob, instrument, deployment, list(ob.problems))
    if night.until_s <= night.start_s:
        found.problems.append(Problem(ob.file, 0, "the end (--until) is not after the start"))
    if ob.instrument and ob.instrument != instrument.name:
        text = f"{ob.instrument} is not the deployment's {instrument.name}"
        text += did_you_mean(ob.instrument, [instrument.name])
        if ob.instrument.casefold() == instrument.name.casefold():
            text = f"must be written {instrument.name}, not {ob.instrument}"
        found.problems.append(ob.located.problem(("instrument",), f"instrument: {text}"))
        return Validation(ordered(found.problems), [], ob)
    found.problems += [
        Problem(deployment.instrument, 0, f"bad_pixel_map of {camera}: {wrong}")
        for camera, detector in instrument.detectors.items()
        if (wrong := map_problem(detector))
    ]
    check_particulars(found, load_site(instrument.site), night)
    calls = [_checked(call, found) for call in ob.templates]
    total = sum((_estimated(call, found, night) for call in calls), Need())
    _check_size(found, total)
    resolved = msgspec.structs.replace(ob, templates=calls, problems=ordered(found.problems))
    need = Need() if found.problems else total
    return Validation(
        resolved.problems, ordered(found.warnings), resolved, need.frames, need.disk_bytes, need.duration_s
    )


def _checked(call: TemplateCall, found: Findings) -> TemplateCall:
    """Return the call resolved, with everything noted that is wrong apart from the night."""
    wanted = call.signature.instruments
    if wanted and found.instrument.name not in wanted:
        found.problem(call, "", f"is a template of {', '.join(wanted)}, not of {found.instrument.name}")
        return call
    resolved, problems = resolve_names(found.ob, call, found.instrument)
    found.problems += problems
    if is_twilight(resolved):
        resolved = complete(resolved, found.instrument)
        check_twilight(resolved, found)
    check_detectors(resolved, found)
    return resolved


def _estimated(call: TemplateCall, found: Findings, night: Night) -> Need:
    wanted = call.signature.instruments
    if wanted and found.instrument.name not in wanted:
        return Need()
    if not is_twilight(call):
        return estimate_dark(call, found)
    twilight = find_twilight(call, found, load_site(found.instrument.site), night)
    if twilight is None or found.problems:
        return Need(asked_flats(call, found))
    need = estimate_twilight(call, found, twilight)
    check_fits(call, found, twilight, need)
    return need


def _check_size(found: Findings, total: Need) -> None:
    path = ("templates",)
    if total.asked > MOST_FRAMES:
        text = f"asks for {total.asked} frames, more than {MOST_FRAMES}"
        found.problems.append(found.ob.located.problem(path, text))
    if total.duration_s > LONGEST_OB_S:
        takes, most = apart(total.duration_s / 3600.0, LONGEST_OB_S / 3600.0, "0f")
        text = f"would take {takes} h, more than {most} h"
        found.problems.append(found.ob.located.problem(path, text))
