"""How long the block will take yet: said when it begins, at each template, after each series, and always visible."""

from __future__ import annotations

import math
from dataclasses import replace

from sequencer.durations import Ahead, Durations, Forecast, Work
from sequencer.engine.context import RunContext
from sequencer.engine.journal import Record
from sequencer.engine.shot import Shot
from sequencer.observing import TemplateCall
from sequencer.observing.beam import is_twilight
from sequencer.observing.block_ahead import BlockAhead
from sequencer.observing.estimate import dark_series
from sequencer.observing.findings import Findings
from sequencer.observing.planning import Begun, DarkSeries, Outset, Walked, figures_of, pace_of, walk_through
from sequencer.sky import NoTwilight

SAID = ("alarm", "forecast", "note", "operator", "product")
"""Records of words: nothing was done."""


class TimeLeft:
    """The forecast of one run's block until its last template is done; unknown where no twilight is to be had.

    `pace` is what moves take, as earlier runs taught. Reductions by attached stages and the safe state are not in it.
    """

    def __init__(self, run: RunContext) -> None:
        self._run = run
        names = [call.name for call in run.ob.templates]
        flats = [call.name for call in run.ob.templates if is_twilight(call)]
        durations = Durations(run.rates.runs, figures_of(run.instrument, names, flats))
        self.pace = pace_of(run.instrument, durations=durations)
        self._durations = durations
        self._found = Findings(run.ob, run.instrument, run.deployment)
        self._block = BlockAhead(self._found, durations, self.pace, self.walk)
        self._said_s = self._told_s = 0.0
        self._before_s = self._shut_s = 0.0
        self._forecast: Forecast | None = None
        self._darks: list[DarkSeries] = []
        self._since_s: dict[str, float] = {}
        self._used: set[tuple[str, float, int]] = set()
        run.journal.listeners.append(self._see)

    def template_begins(self) -> None:
        """The present template begins."""
        self._used, self._since_s = set(), {}
        self._darks = [] if is_twilight(self._call) else dark_series(self._call, self._found)
        self._say(f"{self._call.name} begins", self._block.whole(self._now(), self._index))

    def template_over(self) -> None:
        """The present template is over."""
        if self._run.control.ending:
            self._forecast = None
            return
        self._look(self._block.later(self._now(), self._index))

    def walk(
        self, call: TemplateCall, start_s: float | None = None, begun: Begun | None = None
    ) -> Walked | None:
        """What a twilight template has to do from a time on (now), as it is known now; None without a twilight."""
        run, telescope = self._run, self._run.devices.telescope
        at_s = run.clock.now() if start_s is None else start_s
        ambient_k = None if telescope is None else telescope.state.ambient_k
        outset = Outset(at_s, run.until_s, ambient_k, run.rates.known(), begun)
        try:
            return walk_through(call, run.instrument, run.site, self.pace, outset)
        except (NoTwilight, ValueError):
            return None

    def sky(self, left: Walked | None, when: str) -> None:
        """A series on the sky is over; `left` is what is still to do there (None: nothing)."""
        if not self._foresees:
            return
        self._since_s, self._darks = {}, self._block.matching(self._call, left, self._used)
        ahead = self._now()
        ahead.then(Work(-self._shut_s))  # the move to what comes next has begun with the light stop
        self._say(when, self._block.sky(ahead, self._index, left, self._darks))

    def taken(self, shot: Shot) -> None:
        """A frame is stored."""
        if not self._foresees:
            return
        now_s = self._run.clock.now()
        if shot.on_sky:
            self._used.add((shot.camera, shot.dit_s, shot.ndit))
            return
        self._since_s[shot.camera] = now_s
        self._darks = [left for one in self._darks if (left := _without(one, shot)).n]
        if shot.i < shot.n and any(map(is_twilight, self._run.ob.templates[self._index + 1 :])):
            return  # a twilight is too long to be walked through at each frame
        elapsed_s = {camera: now_s - since_s for camera, since_s in self._since_s.items()}
        ahead = self._block.darks(self._now(), self._index, self._darks, elapsed_s)
        if shot.i == shot.n:
            self._say(f"{shot.camera} darks of {shot.dit_s:g} s are over", ahead)
        else:
            self._look(ahead)

    def tell(self) -> None:
        """Bring the status up to date; during a pause the end moves on."""
        status, now_s, state = self._run.status, self._run.clock.now(), self._run.control.state
        if state == "Paused":
            self._said_s += now_s - max(self._told_s, self._said_s)
        self._told_s = now_s
        if self._forecast is None or state not in ("Running", "Paused"):
            status.left_s = status.left_low_s = status.left_high_s = None
            return
        gone_s = now_s - self._said_s
        status.left_s, status.left_low_s, status.left_high_s = (
            max(seconds - gone_s, 0.0)
            for seconds in (self._forecast.expected_s, self._forecast.low_s, self._forecast.high_s)
        )

    @property
    def _foresees(self) -> bool:
        """Nothing is foreseen of a script, nor of a block that the operator ends."""
        return bool(self._run.ob.templates) and not self._run.control.ending

    @property
    def _index(self) -> int:
        return self._run.template_index

    @property
    def _call(self) -> TemplateCall:
        return self._run.ob.templates[self._index]

    def _now(self) -> Ahead:
        return Ahead(self._run.clock.now(), self._durations)

    def _say(self, when: str, ahead: Ahead | None) -> None:
        """Look ahead, and write it down."""
        self._look(ahead)
        if (told := self._forecast) is not None and told.high_s > 0.0:
            self._run.log(
                "forecast",
                when=when,
                left_s=round(told.expected_s, 1),
                low_s=max(math.floor(10.0 * told.low_s) / 10.0, 0.0),
                high_s=math.ceil(10.0 * told.high_s) / 10.0,
                runs=told.runs,
            )

    def _see(self, record: Record) -> None:
        """A camera begins with its darks; the light stop has closed, or something else was done since."""
        if record.kind in SAID:
            return
        closed = record.kind == "light_stop" and record.data["position"] == "CLOSED"
        self._shut_s = record.time_s - self._before_s if closed else 0.0
        self._before_s = record.time_s
        if record.kind == "exposure" and record.data["kind"] in ("dark", "bias"):
            self._since_s.setdefault(record.data["camera"], record.time_s)

    def _look(self, ahead: Ahead | None) -> None:
        self._said_s = self._run.clock.now()
        self._forecast = None if ahead is None else ahead.forecast()


def _without(series: DarkSeries, shot: Shot) -> DarkSeries:
    """A series without the frame just taken, if it is one of it; it has settled."""
    mine = (series.camera, series.mode, series.dit_s, series.ndit)
    if mine != (shot.camera, shot.mode, shot.dit_s, shot.ndit):
        return series
    return replace(series, n=series.n - 1, settle=0)
