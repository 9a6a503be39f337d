"""The series of flats a twilight template will take, foretold from the instrument's priors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sequencer.config.models import CameraConfig, DetectorConfig
from sequencer.exposure.dit_list import DitList
from sequencer.observing.beam import filters_of, rate_in_beam_e_s, reachable_airmasses
from sequencer.observing.block import TemplateCall
from sequencer.observing.detector_rules import mode_of
from sequencer.observing.findings import Findings
from sequencer.observing.prediction import detector_limits, predicted_dit_s, predicted_level
from sequencer.sky.twilight import Window

WAIT_STEP_S = 10.0
"""Step in which a sky too bright or too faint is waited for, in s."""


@dataclass(frozen=True)
class Series:
    """Exposures alike: DIT in s, NDIT, how many, and the time lost before them in s."""

    dit_s: float
    ndit: int
    n: int
    idle_s: float = 0.0


@dataclass(frozen=True)
class Twilight:
    """A twilight to work in from `begin_s` (Unix seconds UTC): the Sun moves evenly between its two altitudes."""

    window: Window
    begin_s: float
    sun_min_deg: float
    sun_max_deg: float

    @property
    def fading(self) -> bool:
        """Whether the sky gets darker."""
        return self.window.kind == "EVENING"

    def sun_altitude_deg(self, time_s: float) -> float:
        """Altitude of the Sun in deg; before and after the twilight that of its begin and end."""
        share = (time_s - self.window.start_s) / self.window.duration_s
        share = min(max(share, 0.0), 1.0)
        risen = 1.0 - share if self.fading else share
        return self.sun_min_deg + risen * (self.sun_max_deg - self.sun_min_deg)


def forecast(
    call: TemplateCall, found: Findings, camera: CameraConfig, twilight: Twilight | None
) -> list[Series]:
    """Return every series of one camera on the sky, in order, the ladder's rungs last.

    LEVEL follows the sky through `twilight`; without one, and in the other modes, the Sun is taken in the middle of
    its limits.
    """
    if call.parameters["SEQ.MODE"] == "LEVEL" and twilight is not None:
        return list(_Follower(call, found, camera, twilight).series())
    return list(_steady(call, found, camera))


def ndit_of(call: TemplateCall, detector: DetectorConfig, dit_s: float) -> int:
    """Return NDIT of a DIT: what fills the integration time, without one the template's own."""
    integration_s: float | None = call.parameters.get("SEQ.TIME")
    if integration_s is None:
        return call.parameters.get(f"DET{detector.index}.NDIT") or 1
    return max(1, round(integration_s / dit_s))


def _steady(call: TemplateCall, found: Findings, camera: CameraConfig) -> Iterator[Series]:
    """One DIT a filter and level; an even number of passes through the ladder."""
    p, detector = call.parameters, found.instrument.detectors[camera.detector]
    limits = detector_limits(detector, mode_of(call, detector))
    airmasses = reachable_airmasses(p["SEQ.AIRMASS.LIST"], found.instrument)
    middle = sorted(airmasses)[len(airmasses) // 2]
    sun_deg = 0.5 * ((p["SEQ.SUNALT.MIN"] or 0.0) + (p["SEQ.SUNALT.MAX"] or 0.0))
    filters, cycles = filters_of(call, camera), p["SEQ.NCYCLES"]
    change_s = found.instrument.telescope.filter_change_s

    def series(name: str, level: float, at: float, n: int, changes: int) -> Series:
        dit_s = predicted_dit_s(level, rate_in_beam_e_s(call, camera, name, at, sun_deg), limits)
        return Series(dit_s, ndit_of(call, detector, dit_s), n, changes * change_s)

    levels = p["SEQ.LEVEL.LIST"] if p["SEQ.MODE"] == "LADDER" else [p["SEQ.LEVEL.TARGET"]]
    for at in airmasses:
        where = middle if p["SEQ.MODE"] == "FIXED" else at
        for name in filters:
            yield from (series(name, level, where, cycles * p["SEQ.NEXPO"], cycles) for level in levels)
    if p["SEQ.MODE"] in ("FIXED", "AIRMASS"):
        passes = p["SEQ.NEXPO"] + p["SEQ.NEXPO"] % 2
        for name in [name for name in p["SEQ.LEVEL.FILT"] or filters if name in camera.filters][:1]:
            yield from (series(name, level, airmasses[0], passes, 0) for level in p["SEQ.LEVEL.LIST"])


class _Follower:
    """LEVEL: exposure by exposure the listed DIT that holds the target while the sky fades or brightens."""

    def __init__(self, call: TemplateCall, found: Findings, camera: CameraConfig, twilight: Twilight) -> None:
        self._call, self._camera, self._twilight = call, camera, twilight
        self._airmasses = reachable_airmasses(call.parameters["SEQ.AIRMASS.LIST"], found.instrument)
        self._telescope = found.instrument.telescope
        self._detector = found.instrument.detectors[camera.detector]
        mode = mode_of(call, self._detector)
        self._overhead_s = mode.overhead_s
        self._limits = detector_limits(self._detector, mode)
        self._listed = DitList.log_spaced(self._limits)
        self._time_s = twilight.begin_s

    def series(self) -> Iterator[Series]:
        """Every exposure, in the order of the template: airmasses, cycles, filters."""
        for at in self._airmasses:
            self._time_s += self._telescope.preset_s
            for name in filters_of(self._call, self._camera) * self._call.parameters["SEQ.NCYCLES"]:
                yield from self._one_filter(name, at)

    def _one_filter(self, name: str, at: float) -> Iterator[Series]:
        self._time_s += self._telescope.filter_change_s
        idle_s = self._telescope.filter_change_s + self._wait(name, at)
        for _ in range(self._call.parameters["SEQ.NEXPO"]):
            dit_s = self._dit_s(name, at)
            ndit = ndit_of(self._call, self._detector, dit_s)
            yield Series(dit_s, ndit, 1, idle_s)
            self._time_s += dit_s * ndit + self._overhead_s
            idle_s = 0.0

    def _wait(self, name: str, at: float) -> float:
        """Wait until a DIT reaches the target, at most to the end of the twilight; returns for how long, in s."""
        begun_s = self._time_s
        while (
            self._too_early(self._rate_e_s(name, at, self._time_s))
            and self._time_s < self._twilight.window.end_s
        ):
            self._time_s += WAIT_STEP_S
        return self._time_s - begun_s

    def _too_early(self, rate_e_s: float) -> bool:
        """Whether the sky is still too bright in the evening, still too faint in the morning."""
        target: float = self._call.parameters["SEQ.LEVEL.TARGET"]
        tolerance: float = self._call.parameters["SEQ.LEVEL.TOL"]
        if self._twilight.fading:
            return predicted_level(self._limits.min_dit_s, rate_e_s, self._limits) > target * (
                1.0 + tolerance
            )
        return predicted_level(self._limits.max_dit_s, rate_e_s, self._limits) < target * (1.0 - tolerance)

    def _dit_s(self, name: str, at: float) -> float:
        """The listed DIT for an exposure that opens now, by the sky in the middle of it."""
        target: float = self._call.parameters["SEQ.LEVEL.TARGET"]
        first_s = predicted_dit_s(target, self._rate_e_s(name, at, self._time_s), self._limits)
        middle_e_s = self._rate_e_s(name, at, self._time_s + 0.5 * first_s)
        return self._listed.nearest(predicted_dit_s(target, middle_e_s, self._limits))

    def _rate_e_s(self, name: str, at: float, time_s: float) -> float:
        sun_deg = self._twilight.sun_altitude_deg(time_s)
        return rate_in_beam_e_s(self._call, self._camera, name, at, sun_deg)
