"""Rules of validation about the DIT ladder of a twilight flat."""

from __future__ import annotations

from sequencer.config.models import CameraConfig
from sequencer.exposure.ladder import ladder
from sequencer.observing.beam import brightness_known, filters_of, rate_in_beam_e_s, reachable_airmasses
from sequencer.observing.block import TemplateCall
from sequencer.observing.detector_rules import mode_of
from sequencer.observing.findings import Findings
from sequencer.observing.prediction import detector_limits


def check_ladder(call: TemplateCall, found: Findings, name: str, camera: CameraConfig) -> None:
    """Check that a camera's ladder has one filter, one that is exposed, and that its rungs are in reach."""
    p = call.parameters
    wished = [item for item in p["SEQ.LEVEL.FILT"] or [] if item in camera.filters]
    named = call.trusts("SEQ.DIT.FILT.LIST", camera.filter_keyword)
    if len(wished) > 1:
        found.problem(
            call, "SEQ.LEVEL.FILT", f"names {len(wished)} filters of camera {name}: one ladder a camera"
        )
    for item in wished:
        if item not in filters_of(call, camera) and named:
            found.problem(call, "SEQ.LEVEL.FILT", f"{item} is not in SEQ.DIT.FILT.LIST")
    filters = wished or filters_of(call, camera)
    clear = named and call.trusts("SEQ.MODE", "SEQ.LEVEL.LIST", "SEQ.LEVEL.FILT")
    if p["SEQ.MODE"] == "LEVEL" or not p["SEQ.LEVEL.LIST"] or not filters or not clear:
        return
    if brightness_known(call, camera, found.instrument):
        _check_reach(call, found, name, camera, filters)


def _check_reach(
    call: TemplateCall, found: Findings, name: str, camera: CameraConfig, filters: list[str]
) -> None:
    """Warn of rungs that no DIT reaches, in the filter that reaches most."""
    p, levels = call.parameters, call.parameters["SEQ.LEVEL.LIST"]
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
