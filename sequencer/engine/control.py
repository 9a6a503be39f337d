"""What the operator asked for, and where a run looks for it: at its checkpoints."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from sequencer.clock import Clock
from sequencer.devices.charts import StateChart
from sequencer.engine.journal import Journal
from sequencer.engine.states import OB_CHART
from sequencer.wire.errors import Rejected

LEGAL_STATES = {
    "pause": ("Running",),
    "resume": ("Paused",),
    "skip": ("Running", "Paused"),
    "stop": ("Running", "Paused", "Suspended"),
    "abort": ("Running", "Paused", "Suspended"),
    "halt": ("Running", "Paused", "Suspended", "Safing"),
}
"""In which states of the observing block each operator verb is legal."""


class Interruption(Exception):
    """Something other than a fault ends what a template is doing."""


class SkipLevel(Interruption):
    """Go on with the next illumination level."""


class SkipTemplate(Interruption):
    """Go on with the next template."""


class StopRequested(Interruption):
    """Keep and reduce what there is, end safe."""


class WindowOver(Interruption):
    """The Sun has left the limits, or the latest end has come; the light stop is closed."""


class Control:
    """Operator verbs and the state of the observing block they act on.

    `ending` is "stop", "abort" or "halt" once asked for; `broken_off` is why the run has to end whatever anybody
    wants, `hurried` that nobody wants to wait for more than the safe state; `in_level` is true while an illumination
    level is taken, `reducing` while the frames of a template are reduced, the block's last one or not. `on_pause` runs
    when a pause begins (it closes the light stop), `on_resume` when it ends, before any lane goes on; `abort_exposures`
    ends what is being exposed, `cancel` ends the running template at once. Work in several lanes (cameras) pauses
    when all of them are at a checkpoint.
    """

    def __init__(self, clock: Clock, journal: Journal) -> None:
        self.chart = StateChart(OB_CHART)
        self.ending = ""
        self.window_over = ""
        self.broken_off = ""
        self.hurried = False
        self.in_level = False
        self.reducing: Literal["", "template", "last template"] = ""
        self.on_pause: Callable[[], Awaitable[None]] | None = None
        self.on_resume: Callable[[], Awaitable[None]] | None = None
        self.abort_exposures: Callable[[], Awaitable[None]] | None = None
        self.cancel: Callable[[], object] | None = None
        self._clock = clock
        self._journal = journal
        self._pause = False
        self._skip = self._skip_why = ""
        self._skipped = ""
        self._lanes = 0
        self._resting = 0
        self._changed = asyncio.Event()
        self._going_on = asyncio.Lock()

    @property
    def state(self) -> str:
        """State of the observing block."""
        return self.chart.state

    def trigger(self, trigger: str, reason: str = "") -> None:
        """Move the observing block on and write it down. Raises IllegalTrigger."""
        self.chart.fire(trigger)
        self._journal.write(self._clock.now(), "ob_state", {"state": self.state, "reason": reason})

    @property
    def pausing(self) -> bool:
        """Whether a pause was asked for that has not ended."""
        return self._pause

    @property
    def ended_early(self) -> bool:
        """Whether the run ends at once, whatever is being done: aborted, halted or broken off."""
        return bool(self.ending in ("abort", "halt") or self.broken_off)

    def check(self, verb: str, what: str = "") -> None:
        """Raise `Rejected` with the reason if a verb is not legal now. `what` is what to skip."""
        if verb == "resume" and self._pause and self.state == "Running":
            return  # the pause has not begun: it will not
        if self.reducing and verb == "abort":
            return
        if verb in ("stop", "pause") and self.reducing == "last template":
            raise Rejected(
                "illegal_state",
                f"nothing is left to {verb}: the last frames are being reduced; abort ends that",
            )
        if verb == "skip" and self.reducing:
            raise Rejected(
                "illegal_state", "nothing is left to skip: the template's frames are being reduced"
            )
        if verb in LEGAL_STATES and self.state not in LEGAL_STATES[verb]:
            allowed = " or ".join(LEGAL_STATES[verb])
            raise Rejected(
                "illegal_state", f"{verb} needs a block that is {allowed}; this one is {self.state}"
            )
        if verb == "skip" and what == "level" and not self.in_level:
            raise Rejected("illegal_state", "no level is being taken; skip the template, or wait")

    async def request(self, verb: str, by: str, *, what: str = "level", now: bool = False) -> None:
        """Take an operator verb. `what` (level, template) is for skip, `now` for pause. Raises Rejected."""
        self.check(verb, what)
        self._take(verb, by, what if verb == "skip" else "now" if now else "")
        if verb == "pause" and now and self.abort_exposures is not None:
            await self.abort_exposures()

    def interrupt(self, signal_name: str) -> None:
        """A signal: the first aborts the run; any other leaves out what is not needed to end safe."""
        if self.ending in ("abort", "halt") or not (self.reducing or self.state in LEGAL_STATES["abort"]):
            self.hurried = True
        else:
            self._take("abort", signal_name, "")

    def _take(self, verb: str, by: str, text: str) -> None:
        if verb == "pause":
            self._pause = True
        elif verb == "resume":
            self._pause = False
        elif verb == "skip":
            self._skip, self._skip_why = text, "skipped by the operator"
        else:
            self.ending = verb
        self._tell()
        if verb in ("abort", "halt") and self.cancel is not None:
            self.cancel()
        self._journal.write(self._clock.now(), "operator", {"verb": verb, "by": by, "text": text})

    async def checkpoint(self) -> None:
        """A place where the run may be paused or diverted. Raises an Interruption when asked to."""
        self._divert()
        if not self._pause:
            return
        self._resting += 1
        try:
            await self._rest()
        finally:
            self._resting -= 1
        self._divert()

    async def wait(self, seconds: float, key: str) -> None:
        """Let time pass until it is over or the operator says something; then look what it was."""
        deadline_s = self._clock.now() + seconds
        await self.checkpoint()
        while (left_s := deadline_s - self._clock.now()) > 0.0:
            sleep = asyncio.ensure_future(self._clock.sleep(left_s, key))
            word = asyncio.ensure_future(self._changed.wait())
            try:
                await asyncio.wait({sleep, word}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                sleep.cancel()
                word.cancel()
            await self.checkpoint()

    async def end_of(self, task: asyncio.Task[None]) -> None:
        """Wait until a task has ended, or is to end at once: aborted, halted or broken off."""
        while not (task.done() or self.ended_early):
            word = asyncio.ensure_future(self._changed.wait())
            try:
                await asyncio.wait({task, word}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                word.cancel()

    def leave_level(self, why: str) -> None:
        """Every lane leaves the present illumination level at its next checkpoint."""
        self._skip, self._skip_why = "level", why
        self._tell()

    def end_window(self, reason: str) -> None:
        """The light has to be shut out for good: whatever is being taken ends with WindowOver."""
        self.window_over = reason
        self._tell()

    def break_off(self, reason: str) -> None:
        """The run ends here and now as failed, and is made safe: weather, a restarted device, a lost journal.

        What has been taken is kept and reduced. Whoever calls this tells the operator by an alarm.
        """
        if self.broken_off or self.ending == "halt":
            return
        self.broken_off = reason
        self._tell()
        if self.cancel is not None:
            self.cancel()

    @contextmanager
    def in_lanes(self, count: int) -> Iterator[None]:
        """Meanwhile `count` lanes are at work; each says `leave_lane` when it ends."""
        self._lanes = count
        try:
            yield
        finally:
            self._lanes, self._skipped = 0, ""

    def leave_lane(self) -> None:
        """One lane has ended: a pause need not wait for it."""
        self._lanes -= 1
        self._tell()

    async def _rest(self) -> None:
        """Stay at a checkpoint while the run is to be paused; the last lane to come begins the pause."""
        while self._pause and not (self._skip or self._skipped or self.ending):
            if self.state == "Running" and self._resting >= self._lanes:
                self.trigger("pause")
                if self.on_pause is not None:
                    await self.on_pause()
            else:
                await self._changed.wait()
        self._pause = False
        async with self._going_on:
            if self.state == "Paused" and not self.ending:
                self.trigger("resume")
                if self.on_resume is not None and not (self._skip or self._skipped):
                    await self.on_resume()

    def _divert(self) -> None:
        if self.ending == "stop":
            raise StopRequested("stopped by the operator")
        skip = self._taken_skip()
        if skip == "template":
            raise SkipTemplate(self._skip_why)
        if skip == "level":
            raise SkipLevel(self._skip_why)
        if self.window_over:
            raise WindowOver(self.window_over)

    def _taken_skip(self) -> str:
        """What to skip: told once, but to each of several lanes."""
        skip, self._skip = self._skip or self._skipped, ""
        if skip and self._lanes:
            self._skipped = skip
            self._tell()
        return skip

    def _tell(self) -> None:
        """Wake whoever waits for a word."""
        self._changed.set()
        self._changed = asyncio.Event()
