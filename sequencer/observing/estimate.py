"""How much a template takes: frames, bytes on disk, time. Twilights are walked through as the plan does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sequencer.config.models import Deployment, DetectorConfig
from sequencer.observing.beam import filters_of
from sequencer.observing.block import TemplateCall
from sequencer.observing.detector_rules import detectors_in_use, mode_parameter
from sequencer.observing.findings import Findings
from sequencer.observing.names import cameras_in_use
from sequencer.observing.planning.levels import reachable_levels
from sequencer.observing.planning.night import walked
from sequencer.observing.planning.programme import pace_of, programme_of
from sequencer.observing.planning.shortfall import Shortfall
from sequencer.observing.planning.time_needed import DarkSeries
from sequencer.observing.planning.twilight import Twilight

HEADER_BYTES = 6 * 2880


@dataclass(frozen=True)
class Need:
    """What a template needs: frames asked for, frames foreseen, their bytes on disk, seconds in all.

    `shortfalls` are the series that will have fewer frames than asked for.
    """

    asked: int = 0
    frames: int = 0
    disk_bytes: int = 0
    duration_s: float = 0.0
    shortfalls: Sequence[Shortfall] = ()

    def __add__(self, other: Need) -> Need:
        """One after the other."""
        return Need(
            self.asked + other.asked,
            self.frames + other.frames,
            self.disk_bytes + other.disk_bytes,
            self.duration_s + other.duration_s,
            (*self.shortfalls, *other.shortfalls),
        )


def frame_bytes(detector: DetectorConfig, deployment: Deployment) -> int:
    """Return the size in bytes of one raw file: float32 extensions, or one uint16 image (layout megara)."""
    nx, ny = deployment.window_px or detector.size_px
    pixel_bytes = 2 if detector.layout == "megara" else 4
    images = len(detector.chips)
    return images * (-(-nx * ny * pixel_bytes // 2880) * 2880) + (images + 1) * HEADER_BYTES


def estimate_dark(call: TemplateCall, found: Findings) -> Need:
    """What a dark or bias needs. Detectors expose in parallel: frames and bytes add up, the longest sets the time."""
    needs = []
    for one in dark_series(call, found):
        detector = found.instrument.detectors[one.camera]
        seconds = one.n * (one.dit_s * one.ndit + detector.modes[one.mode].overhead_s)
        needs.append(Need(one.n, one.n, one.n * frame_bytes(detector, found.deployment), seconds))
    total = sum(needs, Need())
    longest_s = max((need.duration_s for need in needs), default=0.0)
    return Need(total.asked, total.frames, total.disk_bytes, longest_s)


def dark_series(call: TemplateCall, found: Findings) -> list[DarkSeries]:
    """The exposures of a dark or bias, one series a detector; settling reads included."""
    cameras = {detector.index: camera for camera, detector in found.instrument.detectors.items()}
    return [_series(call, detector, cameras[detector.index]) for detector in detectors_in_use(call, found)]


def _series(call: TemplateCall, detector: DetectorConfig, camera: str) -> DarkSeries:
    p, number = call.parameters, detector.index
    ccd = "EXPTIME" in p
    dit_s = p.get("EXPTIME" if ccd else f"DET{number}.DIT") or 0.0
    n = p["NEXPO" if ccd else f"SEQ.NEXPO{number}"]
    mode, settle = readout_of(call, detector)
    return DarkSeries(camera, mode, dit_s, p.get(f"DET{number}.NDIT") or 1, n, settle)


def readout_of(call: TemplateCall, detector: DetectorConfig) -> tuple[str, int]:
    """The read-out mode a template uses on a detector, and the reads it throws away when DIT or mode change."""
    settle = call.parameters.get(f"DET{detector.index}.NSETTLE")
    name = call.parameters.get(mode_parameter(detector)) or detector.default_mode
    return name if name in detector.modes else detector.default_mode, (
        detector.settle_exposures if settle is None else settle
    )


def estimate_twilight(call: TemplateCall, found: Findings, twilight: Twilight) -> Need:
    """What a twilight template whose parameters are `complete` will take, should the sky be as believed.

    The time counts from the first preset to the end of the darks. Raises ValueError for refused parameters.
    """
    instrument = found.instrument
    levels, _ = reachable_levels(call.parameters["SEQ.AIRMASS.LIST"], instrument)
    programme = programme_of(call, instrument, twilight.window, levels, twilight.sun_altitude_deg)
    course, ended_s = walked(programme, pace_of(instrument), twilight)
    sizes = {
        camera: frame_bytes(instrument.detectors[instrument.cameras[camera].detector], found.deployment)
        for camera in programme.cameras
    }
    return Need(
        asked_flats(call, found),
        sum(row.n for row in course.rows),
        sum(row.n * sizes[row.camera] for row in course.rows),
        ended_s - twilight.begin_s,
        course.shortfalls(),
    )


def asked_flats(call: TemplateCall, found: Findings) -> int:
    """How many flats a twilight template asks for; the ladder after them and the darks are not counted."""
    p = call.parameters
    filters = sum(len(filters_of(call, camera)) for camera in cameras_in_use(call, found.instrument).values())
    rungs = len(p["SEQ.LEVEL.LIST"]) if p["SEQ.MODE"] == "LADDER" else 1
    return int(filters * len(p["SEQ.AIRMASS.LIST"]) * p["SEQ.NCYCLES"] * p["SEQ.NEXPO"] * rungs)
