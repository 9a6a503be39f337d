"""MEGARA dark and bias: focal-plane cover fully closed, shutter closed, then a series of equal exposures."""

from __future__ import annotations

from typing import Any

from sequencer.engine.observation import Observation
from sequencer.engine.shot import Shot
from templates.parameters import mechanism_parameters


async def run(obs: Observation, p: dict[str, Any]) -> None:
    """Take a dark or bias series. Raises NotDark when cover or shutter are not read back closed."""
    obs.closed = tuple(p["SEQ.CLOSED"])
    obs.say("SettingUp")
    await obs.sources_off()
    await obs.close_all()
    await obs.set_up(mechanism_parameters(obs.instrument, p))
    ((camera, detector),) = obs.instrument.detectors.items()
    n = p["NEXPO"]
    await obs.darks(
        Shot(
            camera=camera,
            kind="dark" if p["EXPTIME"] > 0.0 else "bias",
            filter="",
            dit_s=p["EXPTIME"],
            ndit=1,
            mode=detector.default_mode,
            dpr_type=p["OBSMODE"],
            i=i,
            n=n,
        )
        for i in range(1, n + 1)
    )
