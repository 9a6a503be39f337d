"""An observing block for darks that are still to be taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from sequencer.config.models import Instrument
from sequencer.observing.signature import Signature, load_signatures


@dataclass(frozen=True)
class WantedDark:
    """`n` darks of one camera in a read-out mode."""

    camera: str
    mode: str
    dit_s: float
    ndit: int
    n: int


def dark_block(
    name: str, instrument: Instrument, programme: str, wanted: Sequence[WantedDark]
) -> dict[str, Any]:
    """The block that takes the darks, all cameras in parallel, in the order given for each."""
    template = _dark_template(instrument).name
    by_camera: dict[str, list[WantedDark]] = {}
    for dark in wanted:
        by_camera.setdefault(dark.camera, []).append(dark)
    calls = [
        {"template": template, "parameters": _parameters(instrument, [dark for dark in side_by_side if dark])}
        for side_by_side in zip_longest(*by_camera.values())
    ]
    return {"name": name, "instrument": instrument.name, "programme": programme, "templates": calls}


def _dark_template(instrument: Instrument) -> Signature:
    """The instrument's own template for darks of several DITs, else the generic one."""
    found = [
        signature
        for name, signature in load_signatures().items()
        if signature.procedure == "dark" and name == signature.template and not signature.fixed
    ]
    fitting = [one for one in found if instrument.name in one.instruments and "DET1.DIT" in one.parameters]
    return [*fitting, *(one for one in found if not one.instruments)][0]


def _parameters(instrument: Instrument, darks: Sequence[WantedDark]) -> dict[str, Any]:
    taken = {dark.camera: dark for dark in darks}
    parameters: dict[str, Any] = {}
    for detector in instrument.detectors.values():
        n = detector.index
        dark = taken.get(detector.camera)
        if dark is None:
            parameters[f"SEQ.NEXPO{n}"] = 0
            continue
        parameters |= {f"DET{n}.DIT": dark.dit_s, f"DET{n}.NDIT": dark.ndit, f"SEQ.NEXPO{n}": dark.n}
        if dark.mode != detector.default_mode:
            parameters[f"DET{n}.NCORRS.NAME"] = dark.mode
    return parameters
