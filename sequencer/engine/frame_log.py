"""The journal's record of a stored frame."""

from __future__ import annotations

import math

from sequencer.acquisition import StoredFrame
from sequencer.engine.context import RunContext
from sequencer.engine.shot import Shot
from sequencer.exposure import Verdict


def log_frame(
    run: RunContext, shot: Shot, frame: StoredFrame, verdict: Verdict, good: int, full_well_e: float
) -> None:
    """Write down what was taken, how it was judged, and how many good ones there are now."""
    levels = frame.levels
    run.log(
        "frame",
        exposure=frame.exposure,
        template=run.template_index,
        file=frame.file,
        sha256=frame.sha256,
        size_bytes=frame.size_bytes,
        start_s=frame.start_s,
        end_s=frame.end_s,
        detector=run.devices.detectors[shot.camera].name,
        camera=shot.camera,
        filter=shot.filter,
        airmass=round(run.airmass, 4),
        dit_s=shot.dit_s,
        ndit=shot.ndit,
        mode=shot.mode,
        kind=shot.kind,
        level_e=finite(levels.level_e),
        level_fraction=finite(levels.level_e / full_well_e),
        predicted_fraction=shot.predicted_fraction,
        p99_fraction=finite(levels.p99_e / full_well_e),
        verdict=verdict.name,
        reason=verdict.reason,
        good=good,
        wanted=shot.n,
        light_stops=run.light_stops,
        sun_altitude_deg=round(run.sun_altitude_deg(frame.start_s), 4),
    )


def finite(value: float) -> float | None:
    """The value, or None where JSON has no word for it."""
    return value if math.isfinite(value) else None
