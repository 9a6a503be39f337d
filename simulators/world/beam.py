"""What stands in the beam of each camera, as a function of time."""

from __future__ import annotations

from dataclasses import dataclass

from sequencer.config.models import CameraConfig, Instrument, LightStopConfig
from simulators.world.mechanism import Mechanism
from simulators.world.timeline import Timeline, Track


@dataclass(frozen=True)
class BeamState:
    """A camera's beam at one moment: `opening` 0-1 of stops and neutral density, and the filter's name."""

    opening: float
    filter_name: str
    text: str


class Beam:
    """Light stops and mechanisms of an instrument, and what of the sky they let through to a camera.

    `present` names the device kinds that exist (`shutter`, `cover`): a light stop that is neither a mechanism
    nor a device does not exist and lets everything through. A slot that a camera's filter or ND list does not
    know is opaque; a mask blocks only at `mask_closed`.
    """

    def __init__(self, instrument: Instrument, timeline: Timeline, present: set[str]) -> None:
        self.instrument = instrument
        self.mechanisms = {
            keyword: Mechanism(
                config, timeline.track("mechanisms", keyword, float(config.positions.index(config.home)))
            )
            for keyword, config in instrument.mechanisms.items()
        }
        self._stops = {role: getattr(instrument, role) for role in ("cover", "shutter")}
        self._leaves = {
            role: [timeline.track(role, half, 0.0) for half in stop.halves or [role]]
            for role, stop in self._stops.items()
            if not stop.mechanism and role in present
        }

    def leaf(self, role: str, half: str = "") -> Track:
        """The opening (0 closed, 1 open) over time of a shutter, a cover or one half of it."""
        stop: LightStopConfig = self._stops[role]
        return self._leaves[role][(stop.halves or [role]).index(half or role)]

    def stop_opening(self, role: str, time_s: float) -> float:
        """Share of the light the shutter or cover lets through, 0-1."""
        stop = self._stops[role]
        if stop.mechanism:
            return 0.0 if self.mechanisms[stop.mechanism].position(time_s) == stop.closed else 1.0
        leaves = self._leaves.get(role)
        return sum(float(leaf.at(time_s)) for leaf in leaves) / len(leaves) if leaves else 1.0

    def state(self, camera: str, time_s: float) -> BeamState:
        """The beam of a camera at a time. A camera the instrument does not describe gets no light."""
        config = self.instrument.light_paths.get(camera)
        if config is None:
            return BeamState(0.0, "", "no light path")
        stops = {role: self.stop_opening(role, time_s) for role in self._stops}
        filter_name = self._slot(config.filter_keyword, time_s)
        opening = (
            stops["cover"] * stops["shutter"] * self._mask(config, time_s) * self._density(config, time_s)
        )
        if filter_name not in config.filters:
            opening = 0.0
        text = f"cover {stops['cover']:.2f}, shutter {stops['shutter']:.2f}, filter {filter_name}"
        return BeamState(opening, filter_name, text)

    def breaks(self, camera: str, start_s: float, end_s: float) -> list[float]:
        """Times inside (start_s, end_s) at which the camera's beam changes, or begins or ends changing."""
        times: set[float] = set()
        for keyword in self._keywords(camera):
            times.update(self.mechanisms[keyword].breaks(start_s, end_s))
        for leaves in self._leaves.values():
            for leaf in leaves:
                times.update(leaf.breaks(start_s, end_s))
        return sorted(times)

    def _keywords(self, camera: str) -> list[str]:
        config = self.instrument.light_paths.get(camera)
        own = (config.filter_keyword, config.nd_keyword, config.mask_keyword) if config else ()
        named = {*own, *(stop.mechanism for stop in self._stops.values())}
        return sorted(keyword for keyword in named if keyword in self.mechanisms)

    def _slot(self, keyword: str, time_s: float) -> str:
        return self.mechanisms[keyword].position(time_s) if keyword in self.mechanisms else ""

    def _mask(self, config: CameraConfig, time_s: float) -> float:
        return (
            0.0
            if config.mask_closed and self._slot(config.mask_keyword, time_s) == config.mask_closed
            else 1.0
        )

    def _density(self, config: CameraConfig, time_s: float) -> float:
        slot = self._slot(config.nd_keyword, time_s)
        return 1.0 if slot in ("", config.nd_open) else config.nd_transmission.get(slot, 0.0)
