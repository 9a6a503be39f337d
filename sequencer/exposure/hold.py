"""A wait that is repeated, longer each time, while what one waits for does not come."""

from __future__ import annotations

from sequencer.exposure.answers import MAX_WAIT_S, Wait


class Hold:
    """Waits of `first_s`, doubled each time up to `longest_s`. A clock that jumps back does not prolong one."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._until_s: float | None = None
        self._next_s = self._held_s = first_s
        self._reason = ""

    @property
    def begun(self) -> bool:
        """Whether a wait was begun and not yet ended."""
        return self._until_s is not None

    def begin(self, time_s: float, reason: str) -> None:
        """Wait from a time on; the reason is for the operator."""
        self._held_s, self._next_s = self._next_s, min(2.0 * self._next_s, self._longest_s)
        self._until_s, self._reason = time_s + self._held_s, reason

    def left(self, time_s: float) -> Wait | None:
        """What is left to wait at a time; None once it is over."""
        left_s = 0.0 if self._until_s is None else self._until_s - time_s
        return Wait(min(left_s, MAX_WAIT_S), self._reason) if 0.0 < left_s <= self._held_s else None

    def end(self) -> None:
        """Wait no more; the next wait will be longer."""
        self._until_s = None

    def reset(self) -> None:
        """It came: the next wait is short again."""
        self._until_s, self._next_s = None, self._first_s
