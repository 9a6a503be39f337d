"""Detector darks: everything off and closed, then all detectors in parallel, each with its own DIT and NDIT."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sequencer.engine.observation import Observation
from sequencer.engine.shot import Shot
from templates.parameters import detector_parameter, mechanism_parameters


async def run(obs: Observation, p: dict[str, Any]) -> None:
    """Take darks. Raises NotDark when a lamp burns or a light stop is not read back closed."""
    obs.closed = tuple(p["SEQ.CLOSED"])
    obs.say("SettingUp")
    await obs.sources_off()
    await obs.shut()
    if "cover" in obs.closed:
        await obs.close_all()
    await obs.set_up(
        {**obs.instrument.setups.get(p["SEQ.SETUP"], {}), **mechanism_parameters(obs.instrument, p)}
    )
    await obs.darks(detector_shots(obs, p))


def detector_shots(obs: Observation, p: dict[str, Any]) -> Iterator[Shot]:
    """The exposures of each detector in turn; SEQ.NEXPOi of 0 leaves a detector out."""
    for camera, detector in obs.instrument.detectors.items():
        n = p.get(f"SEQ.NEXPO{detector.index}", 0)
        for i in range(1, n + 1):
            yield Shot(
                camera=camera,
                kind="dark",
                filter="",
                dit_s=p[f"DET{detector.index}.DIT"],
                ndit=detector_parameter(p, detector, "NDIT", 1),
                mode=detector_parameter(p, detector, "NCORRS.NAME", detector.default_mode),
                settle=detector_parameter(p, detector, "NSETTLE", None),
                dpr_catg=p["DPR.CATG"],
                dpr_type=p["DPR.TYPE"],
                dpr_tech=detector.dpr_tech,
                i=i,
                n=n,
            )
