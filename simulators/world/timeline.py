"""What a device did, as a function of time: steps and linear ramps, one track a fact."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ramp:
    """A fact that moves linearly from what it is to `to`, arriving at `end_s` (Unix seconds)."""

    to: float
    end_s: float


@dataclass(frozen=True)
class _Entry:
    time_s: float
    value: Any
    before: Any
    end_s: float


class Track:
    """One fact over time. Recording forgets whatever was planned for later: a stop cuts a ramp short."""

    def __init__(self, initial: Any) -> None:
        self._entries = [_Entry(float("-inf"), initial, initial, float("-inf"))]
        self._times = [float("-inf")]

    def record(self, time_s: float, value: Any) -> None:
        """From `time_s` on the fact is `value`, or moves towards it if that is a `Ramp`."""
        entry = _Entry(time_s, value, value, time_s)
        if isinstance(value, Ramp):
            entry = _Entry(time_s, value.to, self.at(time_s), max(value.end_s, time_s))
        keep = bisect_right(self._times, time_s)
        del self._entries[keep:], self._times[keep:]
        self._entries.append(entry)
        self._times.append(time_s)

    def at(self, time_s: float) -> Any:
        """Value at a time; before anything was recorded, the initial one."""
        entry = self._entry(time_s)
        if time_s >= entry.end_s:
            return entry.value
        share = (time_s - entry.time_s) / (entry.end_s - entry.time_s)
        return entry.before + share * (entry.value - entry.before)

    def moving(self, time_s: float) -> bool:
        """Whether a ramp is under way at a time."""
        return time_s < self._entry(time_s).end_s

    def breaks(self, start_s: float, end_s: float) -> list[float]:
        """Times inside (start_s, end_s) where the fact steps, or a ramp begins or ends."""
        found: set[float] = set()
        first = max(bisect_right(self._times, start_s) - 1, 0)
        for entry, following in zip(
            self._entries[first:], [*self._times[first + 1 :], float("inf")], strict=True
        ):
            if entry.time_s >= end_s:
                break
            found.update(
                time for time in (entry.time_s, min(entry.end_s, following)) if start_s < time < end_s
            )
        return sorted(found)

    def ramps(self, start_s: float, end_s: float) -> list[tuple[float, float]]:
        """The (begin, end) of every ramp that overlaps (start_s, end_s), as cut short by later records."""
        first = max(bisect_right(self._times, start_s) - 1, 0)
        following = [*self._times[first + 1 :], float("inf")]
        spans = [(e.time_s, min(e.end_s, f)) for e, f in zip(self._entries[first:], following, strict=True)]
        return [(begin, end) for begin, end in spans if begin < end and begin < end_s and end > start_s]

    def _entry(self, time_s: float) -> _Entry:
        return self._entries[max(bisect_right(self._times, time_s) - 1, 0)]


class Timeline:
    """The tracks of all facts of all devices, by (device, fact)."""

    def __init__(self) -> None:
        self._tracks: dict[tuple[str, str], Track] = {}
        self.last_s = float("-inf")

    def track(self, device: str, fact: str, initial: Any = None) -> Track:
        """The track of a fact; asked for the first time it begins with `initial`."""
        return self._tracks.setdefault((device, fact), Track(initial))

    def record(self, device: str, time_s: float, facts: dict[str, Any]) -> None:
        """Note facts of a device that hold from `time_s` on."""
        for fact, value in facts.items():
            self.track(device, fact).record(time_s, value)
        self.last_s = max(self.last_s, time_s)
