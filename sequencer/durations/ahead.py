"""The time until something is over, put together piece by piece."""

from __future__ import annotations

from dataclasses import dataclass, field

from sequencer.durations.forecast import NOTHING, Durations, Forecast, Work


@dataclass
class Ahead:
    """From `now_s` (Unix s UTC) on, one piece of work after the other."""

    now_s: float
    durations: Durations
    until: Forecast = NOTHING
    work: Work = field(default_factory=Work)
    fainter_s: float = 0.0
    brighter_s: float = 0.0

    def then(self, work: Work, fainter_s: float = 0.0, brighter_s: float = 0.0) -> None:
        """More work; and so much more (less if negative) of it in a sky 1 sigma fainter and brighter."""
        self.work += work
        self.fainter_s += fainter_s
        self.brighter_s += brighter_s

    def forecast(self) -> Forecast:
        """How long all of it takes."""
        return self.until.then(self.durations.forecast(self.work, self.fainter_s, self.brighter_s))

    def wait(self, until_s: float) -> None:
        """A wait that ends when it ends, however early or late one comes; `until_s` in Unix s UTC."""
        self._settle(self.forecast().not_before(until_s - self.now_s))

    def sky(self, sky: Forecast, ends_s: float) -> None:
        """What is done in a twilight that ends then, and breaks off what is not done."""
        before = self.forecast()
        self._settle(before.then(sky).at_most(max(ends_s - self.now_s, before.expected_s)))

    def _settle(self, until: Forecast) -> None:
        self.until, self.work, self.fainter_s, self.brighter_s = until, Work(), 0.0, 0.0
