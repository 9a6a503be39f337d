"""Where a mechanism stands while it moves: a wheel passes the slots between, by the short way."""

from __future__ import annotations

import math
from itertools import pairwise

from sequencer.config.models import MechanismConfig
from simulators.world.timeline import Ramp, Track


class Mechanism:
    """A wheel or slide as a continuous slot coordinate, a rotator or chopper as a mode.

    The beam sees the nearest slot. A wheel's coordinate is unrolled (it may leave 0..n-1) so that a ramp
    crosses the slots it really passes; equal ways go upwards.
    """

    def __init__(self, config: MechanismConfig, track: Track) -> None:
        self.config = config
        self._track = track

    def position(self, time_s: float) -> str:
        """Name of the slot (or mode) in the beam at a time."""
        slot: int = round(self._track.at(time_s))
        return self.config.positions[slot % len(self.config.positions)]

    def steps(self, time_s: float, position: str) -> float:
        """Signed slots (fractional when it starts between two) from where it is to `position`."""
        count = len(self.config.positions)
        way = self.config.positions.index(position) - self._track.at(time_s)
        if self.config.kind != "wheel":
            return float(way)
        turned = math.fmod(math.fmod(way, count) + count, count)
        return float(turned if turned <= count / 2 else turned - count)

    def seconds(self, time_s: float, position: str) -> float:
        """How long a move would take; a change of mode takes one step's time."""
        steps = abs(self.steps(time_s, position))
        if self.config.kind in ("rotator", "chopper"):
            steps = min(steps, 1.0)
        return steps * self.config.seconds_per_step

    def move(self, time_s: float, position: str, stretch: float = 1.0) -> float:
        """Begin a move that takes `stretch` times as long as usual; returns the time of arrival."""
        end_s = time_s + stretch * self.seconds(time_s, position)
        if self.config.kind in ("rotator", "chopper"):
            self._track.record(end_s, self.config.positions.index(position))
        else:
            to = self._track.at(time_s) + self.steps(time_s, position)
            self._track.record(time_s, Ramp(to, end_s))
        return end_s

    def stop(self, time_s: float) -> None:
        """Stand still where it is, perhaps between two slots."""
        self._track.record(time_s, self._track.at(time_s))

    def rests(self, time_s: float) -> bool:
        """Whether it stands in a slot and does not move."""
        standing = float(self._track.at(time_s))
        return standing == round(standing) and not self._track.moving(time_s)

    def place(self, time_s: float, position: str) -> None:
        """Rest at a position from `time_s` on, however it got there."""
        if not (self.rests(time_s) and self.position(time_s) == position):
            self._track.record(time_s, float(self.config.positions.index(position)))

    def breaks(self, start_s: float, end_s: float) -> list[float]:
        """Times inside (start_s, end_s) at which another slot comes into the beam."""
        times = set(self._track.breaks(start_s, end_s))
        for begin_s, stop_s in self._track.ramps(start_s, end_s):
            times.update(self._crossings(begin_s, stop_s))
        return sorted(time for time in times if start_s < time < end_s)

    def passed(self, start_s: float, end_s: float) -> list[str]:
        """Slots in the beam from start to end, in order."""
        edges = [start_s, *self.breaks(start_s, end_s), end_s]
        middles = [(a + b) / 2 for a, b in pairwise(edges)]
        names = [self.position(time) for time in (start_s, *middles, end_s)]
        return [name for i, name in enumerate(names) if i == 0 or name != names[i - 1]]

    def _crossings(self, begin_s: float, stop_s: float) -> list[float]:
        # The ramp's own end lies on the next entry, so its value is read just before.
        low, high = self._track.at(begin_s), self._track.at(math.nextafter(stop_s, begin_s))
        if low == high:
            return []
        halves = [n + 0.5 for n in range(math.floor(min(low, high)), math.ceil(max(low, high)))]
        return [begin_s + (half - low) / (high - low) * (stop_s - begin_s) for half in halves]
