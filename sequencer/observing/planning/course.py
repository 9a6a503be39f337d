"""The course of a twilight, walked through in thought: presets, filter changes, series, ladder, then the darks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sequencer.clock import iso
from sequencer.durations import FILTER_CHANGE, PRESET
from sequencer.exposure import ExposureController, LevelPlan
from sequencer.observing.planning.climb import climber, ladder_plan, ladder_wish
from sequencer.observing.planning.dry_run import ThoughtDetector, ThoughtSeries, ThoughtSky, expose_series
from sequencer.observing.planning.levels import Level
from sequencer.observing.planning.matching_darks import dark_rows
from sequencer.observing.planning.priors import SunAltitude
from sequencer.observing.planning.programme import Pace, Programme
from sequencer.observing.planning.rows import PlanRow, rows_of
from sequencer.observing.planning.series import Series
from sequencer.observing.planning.shortfall import Shortfall
from sequencer.observing.planning.wishes import FilterWish


@dataclass
class Course:
    """A twilight walked through in thought, in a sky `sigmas` brighter than believed, from `opens_s` until `end_s`.

    `rows` fill up in order of time, `arrivals` are each level reached, when its exposures begin and end, `moves` how
    many presets and filter changes there are, by their `durations` key, `darks_s` how long the matching darks take.
    """

    programme: Programme
    pace: Pace
    sun_altitude_deg: SunAltitude
    end_s: float
    sigmas: float = 0.0
    ends: str = "the twilight ends"
    opens_s: float = -math.inf
    rows: list[PlanRow] = field(default_factory=list)
    arrivals: list[tuple[Level, float, float]] = field(default_factory=list)
    moves: Counter[str] = field(default_factory=Counter)
    darks_s: float = 0.0

    def __post_init__(self) -> None:
        self._controllers = {id(wish): _controller(wish) for wish in self.programme.wishes}
        self._detectors = {wish.camera: self._detector(wish) for wish in self.programme.wishes}
        self._given_up: dict[int, str] = {}
        self._reads: dict[tuple[str, str], int] = {}
        self._taken: Counter[Series] = Counter(self.programme.taken)
        self._short: dict[Series, Shortfall] = {}

    @property
    def reads(self) -> dict[tuple[str, str], int]:
        """How often each camera is read out on the sky, settling reads included, by camera and mode."""
        return dict(self._reads)

    @property
    def sky_end_s(self) -> float:
        """When the last level is over, in Unix s UTC; minus infinity where none was reached."""
        return max((left_s for _, _, left_s in self.arrivals), default=-math.inf)

    def shortfalls(self) -> list[Shortfall]:
        """The series with fewer frames than asked for, in the order in which they fall short."""
        return list(self._short.values())

    def walk(self, begin_s: float) -> float:
        """Walk from `begin_s` (Unix s UTC) to the end of the darks; returns when that is."""
        now_s, programme = begin_s, self.programme
        for number, level in enumerate(programme.levels, start=1):
            if not self._left_at(level, number):
                continue
            preset_s = 0.0 if level.requested == programme.here else self.pace.preset_s
            self.moves[PRESET] += level.requested != programme.here
            arrived_s = now_s = min(max(now_s + preset_s, self.opens_s), self.end_s)
            for _ in range(programme.cycles):
                for turn in programme.turns():
                    now_s = self._side_by_side(turn, level, now_s)
            if number == 1 and programme.ladder:
                now_s = self._climb(level, now_s)
            if arrived_s < self.end_s:
                self.arrivals.append((level, arrived_s, now_s))
        modes = {wish.camera: wish.mode for wish in programme.wishes}
        self._reads = {(camera, modes[camera]): one.reads for camera, one in self._detectors.items()}
        ended_s = self._darks(now_s)
        self.darks_s = ended_s - now_s
        return ended_s

    def _left_at(self, level: Level, number: int) -> bool:
        """Whether anything is still to be taken at a level, the `number`th (from 1)."""
        flats = any(self._left(wish, level) for wish in self.programme.wishes)
        return flats or (number == 1 and bool(self._ladders(level)))

    def _left(self, wish: FilterWish, level: Level) -> int:
        """How many frames of a filter are still to be taken at a level."""
        if wish.plan.mode == "LADDER":
            return self._rungs_left(wish, wish.plan, level, self.programme.cycles)
        return self._still(wish, level, "flat", self.programme.n * self.programme.cycles)

    def _still(self, wish: FilterWish, level: Level, kind: str, asked: int) -> int:
        series = Series(wish.camera, wish.filter, level.requested, kind)
        return 0 if series in self.programme.over else max(asked - self._taken[series], 0)

    def _side_by_side(self, turn: Sequence[FilterWish], level: Level, now_s: float) -> float:
        over_s = max(self._take(wish, level, now_s) for wish in turn)
        self.moves[FILTER_CHANGE] += over_s > now_s
        return over_s

    def _take(self, wish: FilterWish, level: Level, now_s: float) -> float:
        """One turn of one filter; returns when it is over."""
        cycles, left = self.programme.cycles, self._left(wish, level)
        if not left:
            return now_s
        if wish.plan.mode == "LADDER":
            return self._rungs(wish, wish.plan, level, now_s, cycles)
        n = min(self.programme.n, left)
        hopeless = self._given_up.get(id(wish)) or self._too_bright(wish, level, now_s)
        if hopeless:
            series = ThoughtSeries((), now_s, hopeless)
        else:
            series = self._expose(wish, self._controllers[id(wish)], level, now_s, n)
        if not series.frames and not series.late:
            self._given_up[id(wish)] = series.note
        return self._write(wish, level, "flat", n, series, cycles)

    def _too_bright(self, wish: FilterWish, level: Level, now_s: float) -> str:
        """Why a filter is not even probed: a steady background that overfills the detector at the minimum DIT."""
        dit_s, limit = wish.limits.min_dit_s, wish.plan.max_fraction
        reached = self._sky(wish).level_fraction(now_s, dit_s, 1, level.airmass)
        if not wish.steady or reached <= limit:
            return ""
        return (
            f"saturates at the minimum DIT {dit_s:g} s: {100 * reached:.0f} % of full well, "
            f"the limit is {100 * limit:.0f} %"
        )

    def _climb(self, level: Level, now_s: float) -> float:
        """The ladder in one filter of each camera."""
        over_s = max([now_s, *(self._rungs(wish, plan, level, now_s) for wish, plan in self._ladders(level))])
        self.moves[FILTER_CHANGE] += over_s > now_s
        return over_s

    def _ladders(self, level: Level) -> list[tuple[FilterWish, LevelPlan]]:
        """The ladders after the flats of a level that are still to be taken: in which filter, and how."""
        programme = self.programme
        if not programme.ladder:
            return []
        found = [
            ladder_wish(programme, camera, lambda wish: id(wish) in self._given_up)
            for camera in programme.cameras
        ]
        ladders = [(wish, ladder_plan(wish.plan, programme.ladder, programme.n)) for wish in found if wish]
        return [(wish, plan) for wish, plan in ladders if self._rungs_left(wish, plan, level)]

    def _rungs_left(self, wish: FilterWish, plan: LevelPlan, level: Level, cycles: int = 1) -> int:
        return self._still(wish, level, "ladder", len(plan.levels) * plan.passes * cycles)

    def _rungs(self, wish: FilterWish, plan: LevelPlan, level: Level, now_s: float, cycles: int = 1) -> float:
        controller = climber(wish, plan, self._controllers[id(wish)], now_s)
        n = min(len(plan.levels) * plan.passes, self._rungs_left(wish, plan, level, cycles))
        series = self._expose(wish, controller, level, now_s, n)
        return self._write(wish, level, "ladder", n, series, cycles)

    def _expose(
        self, wish: FilterWish, controller: ExposureController, level: Level, now_s: float, n: int
    ) -> ThoughtSeries:
        begin_s = now_s + self.pace.filter_change_s
        if begin_s >= self.end_s:
            return ThoughtSeries((), now_s, late=True)
        return expose_series(
            controller,
            self._sky(wish),
            self._detectors[wish.camera],
            self.sun_altitude_deg,
            begin_s=begin_s,
            end_s=self.end_s,
            n=n,
            airmass=level.airmass,
        )

    def _sky(self, wish: FilterWish) -> ThoughtSky:
        factor = math.exp(self.sigmas * wish.prior.relative_sigma)
        return ThoughtSky(wish.prior, wish.limits, factor)

    def _write(
        self, wish: FilterWish, level: Level, kind: str, n: int, series: ThoughtSeries, cycles: int = 1
    ) -> float:
        """Note what became of a series, or one of its `cycles`; returns when it is over."""
        key, asked = Series(wish.camera, wish.filter, level.requested, kind), n * cycles
        self._taken[key] += len(series.frames)
        missed, known, why = len(series.frames) < n, key in self._short, series.note
        if missed:
            why = self._why(series, self._taken[key], asked)
            steady = wish.steady and not series.late
            self._short[key] = Shortfall(key, self._taken[key], asked, why, steady)
        if known and not series.frames:
            return series.ended_s
        blank = PlanRow(
            wish.camera, wish.filter, level.airmass, level.requested, 0.0, wish.ndit, 0, 0.0, kind,
            "; ".join(text for text in (why, level.note) if text),
            start_s=None if series.late else series.ended_s,
        )  # fmt: skip
        self.rows += rows_of(blank, series.frames, self._detectors[wish.camera].overhead_s) or [blank]
        return series.ended_s

    def _why(self, series: ThoughtSeries, taken: int, asked: int) -> str:
        """Why frames are missing."""
        if series.late:
            return f"{taken} of {asked} fit: {self.ends} at {iso(self.end_s, 0)[11:16]}"
        return f"{taken} of {asked}: {series.note}" if taken else series.note

    def _darks(self, now_s: float) -> float:
        if not self.programme.darks:
            return now_s
        begin_s, ended = now_s + self.programme.dark_wait_s, [now_s]
        for camera in self.programme.cameras:
            at_s = begin_s
            moves_s = next(self._offset_s(wish) for wish in self.programme.wishes if wish.camera == camera)
            detector = self._detectors[camera]
            detector.overhead_s -= moves_s  # nothing moves between darks
            for row in dark_rows(self.programme, self.rows, camera, detector):
                self.rows.append(replace(row, start_s=at_s))
                at_s += row.seconds
            ended.append(at_s)
        return max(ended)

    def _detector(self, wish: FilterWish) -> ThoughtDetector:
        read_out_s = self.pace.overhead_s
        if read_out_s is None:
            read_out_s = self.pace.read_outs_s.get((wish.camera, wish.mode), wish.overhead_s)
        return ThoughtDetector(read_out_s + self._offset_s(wish), wish.settle)

    def _offset_s(self, wish: FilterWish) -> float:
        """Time of a move between two frames; 0 where nothing moves."""
        return self.pace.offset_s if wish.offset_s and self.pace.offset_s is not None else wish.offset_s


def _controller(wish: FilterWish) -> ExposureController:
    return ExposureController(wish.limits, wish.prior, wish.plan, dit_list=wish.plan.dits(wish.limits))
