"""How much a template takes: frames, bytes on disk, time. Estimates from the instrument's priors."""

from __future__ import annotations

from dataclasses import dataclass

from sequencer.config.models import CameraConfig, Deployment, DetectorConfig
from sequencer.observing.block import TemplateCall
from sequencer.observing.detector_rules import detectors_in_use, mode_of
from sequencer.observing.findings import Findings
from sequencer.observing.names import cameras_in_use
from sequencer.observing.prediction import detector_limits, predicted_dit_s
from sequencer.observing.twilight_rules import (
    filters_of,
    is_twilight,
    rate_in_beam_e_s,
    reachable_airmasses,
)

HEADER_BYTES = 6 * 2880
PRESET_S = 120.0
"""One telescope preset with settling, in s. Assumed."""
FILTER_CHANGE_S = 10.0
"""One filter change, in s. Assumed."""


@dataclass(frozen=True)
class Need:
    """What a template needs: frames on disk, their bytes, seconds in all and seconds of sky."""

    frames: int = 0
    disk_bytes: int = 0
    duration_s: float = 0.0
    sky_s: float = 0.0

    def __add__(self, other: Need) -> Need:
        """One after the other."""
        return Need(
            self.frames + other.frames,
            self.disk_bytes + other.disk_bytes,
            self.duration_s + other.duration_s,
            self.sky_s + other.sky_s,
        )


def frame_bytes(detector: DetectorConfig, deployment: Deployment) -> int:
    """Return the size in bytes of one raw file: float32 extensions, or one uint16 image (layout megara)."""
    nx, ny = deployment.window_px or detector.size_px
    pixel_bytes = 2 if detector.layout == "megara" else 4
    images = len(detector.chips)
    return images * (-(-nx * ny * pixel_bytes // 2880) * 2880) + (images + 1) * HEADER_BYTES


def estimate(call: TemplateCall, found: Findings) -> Need:
    """Return what a template needs whose names are canonical."""
    return _twilight(call, found) if is_twilight(call) else _dark(call, found)


def _series(
    detector: DetectorConfig,
    call: TemplateCall,
    dit_s: float,
    n: int,
    found: Findings,
    ndit: int | None = None,
) -> Need:
    count = ndit or call.parameters.get(f"DET{detector.index}.NDIT") or 1
    seconds = n * (dit_s * count + mode_of(call, detector).overhead_s)
    return Need(n, n * frame_bytes(detector, found.deployment), seconds, seconds)


def _dark(call: TemplateCall, found: Findings) -> Need:
    """Detectors expose in parallel: frames and bytes add up, the longest sets the time."""
    needs = []
    for detector in detectors_in_use(call, found):
        ccd = "EXPTIME" in call.parameters
        dit_s = call.parameters.get("EXPTIME" if ccd else f"DET{detector.index}.DIT") or 0.0
        n = call.parameters["NEXPO" if ccd else f"SEQ.NEXPO{detector.index}"]
        needs.append(_series(detector, call, dit_s, n, found))
    total = sum(needs, Need())
    return Need(total.frames, total.disk_bytes, max((need.duration_s for need in needs), default=0.0))


def _twilight(call: TemplateCall, found: Findings) -> Need:
    cameras = [_camera(call, found, camera) for camera in cameras_in_use(call, found.instrument).values()]
    presets_s = PRESET_S * len(call.parameters["SEQ.AIRMASS.LIST"])
    total = sum(cameras, Need())
    wait_s = call.parameters["SEQ.DARK.WAIT"] if call.parameters["SEQ.DARK"] else 0.0
    duration_s = max((need.duration_s for need in cameras), default=0.0)
    sky_s = max((need.sky_s for need in cameras), default=0.0)
    return Need(total.frames, total.disk_bytes, duration_s + presets_s + wait_s, sky_s + presets_s)


def _camera(call: TemplateCall, found: Findings, camera: CameraConfig) -> Need:
    """One camera: flats, ladder, and one series of darks for every DIT."""
    p = call.parameters
    detector = found.instrument.detectors[camera.detector]
    sky, dits = Need(), set()
    for dit_s, n, changes in _flats(call, found, camera, detector):
        ndit = max(1, round(p["SEQ.TIME"] / dit_s)) if p["SEQ.TIME"] is not None else None
        sky += _series(detector, call, dit_s, n, found, ndit)
        sky += Need(0, 0, FILTER_CHANGE_S * changes, FILTER_CHANGE_S * changes)
        dits.add((round(dit_s, 6), ndit))
    darks = Need()
    if p["SEQ.DARK"]:
        for dit_s, ndit in sorted(dits, key=lambda item: item[0]):
            darks += _series(detector, call, dit_s, p["SEQ.DARK.NEXPO"], found, ndit)
    total = sky + darks
    return Need(total.frames, total.disk_bytes, total.duration_s, sky.sky_s)


def _flats(
    call: TemplateCall, found: Findings, camera: CameraConfig, detector: DetectorConfig
) -> list[tuple[float, int, int]]:
    """Return (DIT in s, exposures, filter changes) of every series on the sky, the ladder's rungs last."""
    p = call.parameters
    limits = detector_limits(detector, mode_of(call, detector))
    airmasses = reachable_airmasses(p["SEQ.AIRMASS.LIST"], found.instrument)
    middle = sorted(airmasses)[len(airmasses) // 2]
    sun_deg = 0.5 * ((p["SEQ.SUNALT.MIN"] or 0.0) + (p["SEQ.SUNALT.MAX"] or 0.0))
    cycles, series = p["SEQ.NCYCLES"], []

    def dit(name: str, level: float, at: float) -> float:
        return predicted_dit_s(level, rate_in_beam_e_s(call, camera, name, at, sun_deg), limits)

    filters = filters_of(call, camera)
    for at in airmasses:
        for name in filters:
            where = middle if p["SEQ.MODE"] == "FIXED" else at
            levels = p["SEQ.LEVEL.LIST"] if p["SEQ.MODE"] == "LADDER" else [p["SEQ.LEVEL.TARGET"]]
            series += [(dit(name, level, where), cycles * p["SEQ.NEXPO"], cycles) for level in levels]
    if p["SEQ.MODE"] in ("FIXED", "AIRMASS"):
        ladder_filter = [name for name in p["SEQ.LEVEL.FILT"] or filters if name in camera.filters][:1]
        series += [
            (dit(name, level, airmasses[0]), p["SEQ.NEXPO"] + p["SEQ.NEXPO"] % 2, 0)
            for name in ladder_filter
            for level in p["SEQ.LEVEL.LIST"]
        ]
    return series
