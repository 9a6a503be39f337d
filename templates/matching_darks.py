"""Darks for frames just taken: every DIT, NDIT and read-out mode, in the dark, shortest DIT first."""

from __future__ import annotations

from typing import Any

from sequencer.engine.observation import Observation
from sequencer.engine.shot import Shot
from templates.parameters import detector_parameter


async def matching_darks(
    obs: Observation, p: dict[str, Any], used: dict[str, set[tuple[str, float, int]]]
) -> None:
    """After hand-over: close everything, wait for the persistence to fade, expose the darks of all cameras at once."""
    await obs.sources_off()
    await obs.close_all()
    await obs.set_up(obs.instrument.setups.get("dark", {}))
    obs.say("Waiting")
    await obs.wait_until(obs.run.clock.now() + p["SEQ.DARK.WAIT"], "waiting for persistence to fade")
    await obs.darks(shot for camera, sets in used.items() for shot in dark_shots(obs, p, camera, sets))


def dark_shots(
    obs: Observation, p: dict[str, Any], camera: str, sets: set[tuple[str, float, int]]
) -> list[Shot]:
    """The darks of one camera, shortest DIT first."""
    detector = obs.instrument.detectors[obs.instrument.cameras[camera].detector]
    n = p["SEQ.DARK.NEXPO"]
    return [
        Shot(
            camera=camera,
            kind="dark",
            filter="",
            dit_s=dit_s,
            ndit=ndit,
            mode=mode,
            settle=detector_parameter(p, detector, "NSETTLE", None),
            dpr_catg=p["DPR.CATG"],
            dpr_type="DARK",
            dpr_tech=detector.dpr_tech,
            i=i,
            n=n,
        )
        for mode, dit_s, ndit in sorted(sets, key=lambda one: one[1])
        for i in range(1, n + 1)
    ]
