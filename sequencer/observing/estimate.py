"""How much a template takes: frames, bytes on disk, time. Estimates from the instrument's priors."""

from __future__ import annotations

from dataclasses import dataclass

from sequencer.config.models import CameraConfig, Deployment, DetectorConfig
from sequencer.observing.beam import is_twilight
from sequencer.observing.block import TemplateCall
from sequencer.observing.detector_rules import detectors_in_use, mode_of
from sequencer.observing.findings import Findings
from sequencer.observing.forecast import Twilight, forecast, ndit_of
from sequencer.observing.names import cameras_in_use

HEADER_BYTES = 6 * 2880


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


def estimate(call: TemplateCall, found: Findings, twilight: Twilight | None = None) -> Need:
    """Return what a template needs whose names are canonical; flats in mode LEVEL follow the sky of `twilight`."""
    return _twilight(call, found, twilight) if is_twilight(call) else _dark(call, found)


def _exposures(
    call: TemplateCall, found: Findings, detector: DetectorConfig, dit_s: float, ndit: int, n: int
) -> Need:
    seconds = n * (dit_s * ndit + mode_of(call, detector).overhead_s)
    return Need(n, n * frame_bytes(detector, found.deployment), seconds, seconds)


def _dark(call: TemplateCall, found: Findings) -> Need:
    """Detectors expose in parallel: frames and bytes add up, the longest sets the time."""
    needs = []
    for detector in detectors_in_use(call, found):
        ccd = "EXPTIME" in call.parameters
        dit_s = call.parameters.get("EXPTIME" if ccd else f"DET{detector.index}.DIT") or 0.0
        n = call.parameters["NEXPO" if ccd else f"SEQ.NEXPO{detector.index}"]
        needs.append(_exposures(call, found, detector, dit_s, ndit_of(call, detector, dit_s), n))
    total = sum(needs, Need())
    return Need(total.frames, total.disk_bytes, max((need.duration_s for need in needs), default=0.0))


def _twilight(call: TemplateCall, found: Findings, twilight: Twilight | None) -> Need:
    used = cameras_in_use(call, found.instrument).values()
    cameras = [_camera(call, found, camera, twilight) for camera in used]
    presets_s = found.instrument.telescope.preset_s * len(call.parameters["SEQ.AIRMASS.LIST"])
    total = sum(cameras, Need())
    wait_s = call.parameters["SEQ.DARK.WAIT"] if call.parameters["SEQ.DARK"] else 0.0
    duration_s = max((need.duration_s for need in cameras), default=0.0)
    sky_s = max((need.sky_s for need in cameras), default=0.0)
    return Need(total.frames, total.disk_bytes, duration_s + presets_s + wait_s, sky_s + presets_s)


def _camera(call: TemplateCall, found: Findings, camera: CameraConfig, twilight: Twilight | None) -> Need:
    """One camera: flats, ladder, and one series of darks for every DIT and NDIT."""
    p = call.parameters
    detector = found.instrument.detectors[camera.detector]
    sky, used = Need(), set()
    for series in forecast(call, found, camera, twilight):
        sky += _exposures(call, found, detector, series.dit_s, series.ndit, series.n)
        sky += Need(0, 0, series.idle_s, series.idle_s)
        used.add((round(series.dit_s, 6), series.ndit))
    darks = Need()
    if p["SEQ.DARK"]:
        for dit_s, ndit in sorted(used):
            darks += _exposures(call, found, detector, dit_s, ndit, p["SEQ.DARK.NEXPO"])
    total = sky + darks
    return Need(total.frames, total.disk_bytes, total.duration_s, sky.sky_s)
