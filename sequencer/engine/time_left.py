"""How long the block will take yet: said when it begins, at each template, after each series, and always visible."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sequencer.durations import Ahead, Durations, Forecast, Work
from sequencer.engine.context import RunContext
from sequencer.engine.foresight import Foresight, Left
from sequencer.engine.journal import Record
from sequencer.engine.looking_ahead import Look, foreseen, rounded, walk_from, without
from sequencer.engine.shot import Shot
from sequencer.observing import TemplateCall
from sequencer.observing.beam import is_twilight
from sequencer.observing.block_ahead import BlockAhead
from sequencer.observing.estimate import dark_series
from sequencer.observing.findings import Findings
from sequencer.observing.planning import DarkSeries, Walked, figures_of

T = TypeVar("T")


class TimeLeft(Foresight):
    """The forecast of one run's block until its last template is done; unknown where no twilight is to be had.

    Twilights are walked through in a thread. Whatever goes wrong with it is one alarm, and nothing more is foreseen.
    Nothing is foreseen of a block that the operator ends. Reductions by attached stages and the safe state are not
    in it.
    """

    def __init__(self, run: RunContext) -> None:
        self._run = run
        names = [call.name for call in run.ob.templates]
        flats = [call.name for call in run.ob.templates if is_twilight(call)]
        self._durations = Durations(run.rates.runs, figures_of(run.instrument, names, flats))
        self._found = Findings(run.ob, run.instrument, run.deployment)
        self._one_at_a_time = asyncio.Lock()
        self._said_s = self._told_s = 0.0
        self._forecast: Forecast | None = None
        self._given_up = False
        self._darks: list[DarkSeries] = []
        self._since_s: dict[str, float] = {}
        self._used: set[tuple[str, float, int]] = set()
        run.journal.listeners.append(self._see)

    async def template_begins(self) -> None:
        """The present template begins."""
        with self._harmless():
            call, index = self._call, self._run.template_index
            self._used, self._since_s, self._darks = set(), {}, []
            if not is_twilight(call):
                self._darks = dark_series(call, self._found)
                await self._look(lambda block, ahead: block.whole(ahead, index), f"{call.name} begins")

    async def twilight_planned(self, walked: Walked) -> None:
        """The present template is a twilight, walked through just now."""
        with self._harmless():
            index = self._run.template_index
            await self._look(
                lambda block, ahead: block.whole(ahead, index, walked), f"{self._call.name} begins"
            )

    async def template_over(self) -> None:
        """The present template is done."""
        with self._harmless():
            index = self._run.template_index
            await self._look(lambda block, ahead: block.later(ahead, index))

    async def sky(self, left: Left, when: str, moved_s: float = 0.0) -> None:
        """Something on the sky is over, `when` says what; the move to what comes next began `moved_s` ago."""
        if not self._foresees:
            return
        with self._harmless():
            block, index = self._block(), self._run.template_index
            rest = await self._in_thread(left)
            darks = block.matching(self._call, rest, self._used)
            self._since_s, self._darks = {}, darks

            def look(block: BlockAhead, ahead: Ahead) -> Ahead | None:
                ahead.then(Work(-moved_s))
                return block.sky(ahead, index, rest, darks)

            await self._look(look, when)

    async def taken(self, shot: Shot) -> None:
        """A good frame is stored."""
        if shot.on_sky:
            self._used.add((shot.camera, shot.dit_s, shot.ndit))
            return
        with self._harmless():
            index, now_s = self._run.template_index, self._run.clock.now()
            self._since_s[shot.camera] = now_s
            self._darks = darks = [left for one in self._darks if (left := without(one, shot)).n]
            if shot.i < shot.n and self._twilight_follows:
                return  # it is too long to be walked through at each frame
            elapsed_s = {camera: now_s - since_s for camera, since_s in self._since_s.items()}
            when = f"{shot.camera} darks of {shot.dit_s:g} s are over" if shot.i == shot.n else ""
            await self._look(lambda block, ahead: block.darks(ahead, index, darks, elapsed_s), when)

    def tell(self) -> None:
        """Bring the status up to date; during a pause the end moves on."""
        status, now_s, control = self._run.status, self._run.clock.now(), self._run.control
        if control.state == "Paused":
            self._said_s += now_s - max(self._told_s, self._said_s)
        self._told_s = now_s
        if self._forecast is None or control.ending or control.state not in ("Running", "Paused"):
            status.left_s = status.left_low_s = status.left_high_s = None
            return
        gone_s = now_s - self._said_s
        status.left_runs = self._forecast.runs
        status.left_s, status.left_low_s, status.left_high_s = (
            max(seconds - gone_s, 0.0)
            for seconds in (self._forecast.expected_s, self._forecast.low_s, self._forecast.high_s)
        )

    @property
    def _foresees(self) -> bool:
        return not (self._given_up or self._run.control.ending)

    @property
    def _twilight_follows(self) -> bool:
        return any(map(is_twilight, self._run.ob.templates[self._run.template_index + 1 :]))

    @property
    def _call(self) -> TemplateCall:
        return self._run.ob.templates[self._run.template_index]

    def _block(self) -> BlockAhead:
        return BlockAhead(self._found, self._durations, self._run.pace, walk_from(self._run))

    async def _look(self, look: Look, when: str = "") -> None:
        """Look ahead from this moment, and write it down if there is a word for it."""
        if not self._foresees:
            return
        now_s, block = self._run.clock.now(), self._block()
        async with self._one_at_a_time:
            ahead = Ahead(now_s, self._durations)
            walks = self._twilight_follows
            told = (
                await self._in_thread(foreseen, look, block, ahead) if walks else foreseen(look, block, ahead)
            )
            self._said_s, self._forecast = now_s, told
            if when and told is not None and told.high_s > 0.0 and self._foresees:
                self._run.log("forecast", when=when, **rounded(told))

    async def _in_thread(self, function: Callable[..., T], *args: object) -> T:
        """The loop stays free meanwhile; in virtual time it goes on from here when all else has come to rest."""
        found = await self._run.clock.thread("time_left", function, *args)
        await self._run.clock.turn("engine.time_left")
        return found

    @contextmanager
    def _harmless(self) -> Iterator[None]:
        """Whatever goes wrong inside makes the time left unknown from now on; the operator is told once."""
        try:
            yield
        except Exception as error:
            self._forecast = None
            if self._given_up:  # another camera's look was under way
                return
            self._given_up = True
            self._run.alarm(
                f"how long the block will take is not known: {type(error).__name__}: {error}",
                "the night goes on, without a time left",
                "when the run is over look at the durations in its learned file",
            )

    def _see(self, record: Record) -> None:
        """A camera begins with its darks."""
        if record.kind == "exposure" and record.data["kind"] in ("dark", "bias"):
            self._since_s.setdefault(record.data["camera"], record.time_s)
