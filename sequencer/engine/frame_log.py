"""What the operator sees of an exposure, and the journal's record of a stored frame."""

from __future__ import annotations

import math

from sequencer.acquisition import StoredFrame
from sequencer.engine.context import RunContext
from sequencer.engine.shot import Shot
from sequencer.exposure import Verdict


def show(run: RunContext, shot: Shot, good: int, level_fraction: float | None = None) -> None:
    """Bring the status up to this exposure; darks have neither airmass nor a predicted level."""
    status = run.status
    if level_fraction is None and (status.camera, status.filter) == (shot.camera, shot.filter):
        level_fraction = status.level_fraction
    status.camera, status.filter = shot.camera, shot.filter
    status.airmass = run.airmass if shot.on_sky else None
    status.exposure_i, status.exposure_n = shot.i, shot.n
    status.good, status.wanted, status.next_dit_s = good, shot.n, shot.dit_s
    status.level_fraction = level_fraction
    status.predicted_fraction = shot.predicted_fraction if shot.on_sky else None


def log_frame(run: RunContext, shot: Shot, frame: StoredFrame, verdict: Verdict, full_well_e: float) -> None:
    """Write down what was taken, how it was judged, and how many good ones there are now."""
    levels, good = frame.levels, shot.good + verdict.good
    show(run, shot, good, finite(levels.level_e / full_well_e))
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
