"""All that one run works with, gathered once and passed to every part of the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sequencer.acquisition import Acquisition, Names
from sequencer.clock import Clock
from sequencer.config.models import Deployment, Instrument
from sequencer.devices.connect import Devices
from sequencer.devices.lightpath import LightStop
from sequencer.durations import Durations
from sequencer.engine.control import Control
from sequencer.engine.feed import Feed
from sequencer.engine.foresight import Foresight
from sequencer.engine.journal import Journal, JournalLost
from sequencer.engine.rates import Rates
from sequencer.engine.shot import Tally
from sequencer.engine.status import Status
from sequencer.observing import OB
from sequencer.observing.planning import Begun, Outset, Pace, pace_of
from sequencer.sky import Site, SunTrack, Window, sun_altitude_deg


@dataclass
class RunContext:
    """One run. `exposures`, `frames` (stored ones) and `steps` count them; `rates` is what is known of each filter's
    throughput, `time_left` how long the block will take yet; `unreduced`: a template has begun whose frames were not
    handed to the reduction; `activities` are what goes on at this moment, in words, `late` waits for frames of silent
    detectors, by exposure. `dark_levels_e` are the levels of the good darks so far by (camera, mode, DIT, NDIT).
    `on_sky` while what is open looks at the sky; `site_objections` tells why nothing may be open at this moment.
    """

    run_id: str
    run_dir: Path
    seed: int
    clock: Clock
    instrument: Instrument
    deployment: Deployment
    site: Site
    ob: OB
    journal: Journal
    control: Control
    status: Status
    devices: Devices
    shutter: LightStop | None
    cover: LightStop | None
    acquisition: Acquisition
    names: Names
    feed: Feed
    sun: SunTrack
    rates: Rates
    rehearsal: bool = False
    until_s: float | None = None
    window: Window | None = None
    started_s: float = 0.0
    exposures: int = 0
    frames: int = 0
    steps: int = 0
    template_index: int = 0
    template_name: str = ""
    procedure: str = ""
    template_started_s: float = 0.0
    unreduced: bool = False
    activities: list[str] = field(default_factory=list)
    dark_levels_e: dict[tuple[str, str, float, int], list[float]] = field(default_factory=dict)
    time_left: Foresight = field(default_factory=Foresight)
    late: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    tallies: dict[tuple[str, float], Tally] = field(default_factory=dict)
    on_sky: bool = False
    site_objections: Callable[[], list[str]] = list

    @property
    def airmass(self) -> float:
        """Airmass the telescope points at; 0 without a telescope."""
        return 0.0 if self.devices.telescope is None else float(self.devices.telescope.state.airmass)

    @property
    def tally(self) -> Tally:
        """The exposures of the present template; those by hand between the templates of a script go on with theirs."""
        return self.tallies.setdefault((self.template_name, self.template_started_s), Tally())

    @cached_property
    def pace(self) -> Pace:
        """How long moves take, as earlier runs taught."""
        return pace_of(self.instrument, durations=Durations(self.rates.runs, {}))

    def outset(self, begun: Begun | None = None) -> Outset:
        """What a walk through a twilight starts from, as it is known now; `begun` is how far the template has come."""
        telescope = self.devices.telescope
        ambient_k = None if telescope is None else telescope.state.ambient_k
        return Outset(self.clock.now(), self.until_s, ambient_k, self.rates.known(), begun)

    def sun_altitude_deg(self, time_s: float) -> float:
        """Altitude of the Sun."""
        if self.sun.start_s <= time_s <= self.sun.end_s:
            return self.sun.altitude_deg(time_s)
        return float(sun_altitude_deg(time_s, self.site))

    @property
    def light_stops(self) -> dict[str, str]:
        """Where shutter and cover are as read back, and each half of a cover that has halves (`cover LEFT`)."""
        found: dict[str, str] = {
            role: stop.position for role, stop in (("shutter", self.shutter), ("cover", self.cover)) if stop
        }
        if self.devices.cover is not None and len(self.instrument.cover.halves) > 1:
            halves = self.devices.cover.state.halves
            found |= {f"cover {name}": where for name, where in sorted(halves.items())}
        return found

    def begin_by_hand(self) -> None:
        """What is taken from here on belongs to no template: it is the script's, which began when the run did."""
        self.template_name, self.procedure = "script", ""
        self.template_started_s, self.unreduced = self.started_s, True

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Meanwhile the status tells the operator that this goes on, beside what else does."""
        self.activities.append(what)
        self.status.step = ", ".join(self.activities)
        try:
            yield
        finally:
            self.activities.remove(what)
            self.status.step = ", ".join(self.activities)

    def log(self, kind: str, /, **data: Any) -> None:
        """Write one journal record now."""
        self.journal.write(self.clock.now(), kind, data)

    def intend(self, kind: str, /, **data: Any) -> None:
        """Write down what is about to be done. Raises JournalLost: what no journal tells of must not begin."""
        self.log(kind, **data)
        if self.journal.lost:
            raise JournalLost(self.journal.lost)

    def alarm(self, what: str, so_what: str, what_to_do: str) -> None:
        """Tell the operator what is wrong, what follows and what to do."""
        self.status.alarms.append(what)
        self.log("alarm", what=what, so_what=so_what, what_to_do=what_to_do)
