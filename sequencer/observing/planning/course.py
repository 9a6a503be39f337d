"""The course of a twilight, walked through in thought: presets, filter changes, series, ladder, then the darks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, zip_longest

from sequencer.config.models import Instrument
from sequencer.exposure import DitList, ExposureController
from sequencer.observing.planning.dry_run import ThoughtFrame, ThoughtSeries, ThoughtSky, expose_series
from sequencer.observing.planning.priors import SunAltitude
from sequencer.observing.planning.rows import PlanRow
from sequencer.observing.planning.wishes import FilterWish


@dataclass(frozen=True)
class Level:
    """One illumination level by airmass: the one asked for, the one the telescope can reach, and why it differs."""

    requested: float
    airmass: float
    note: str = ""


@dataclass(frozen=True)
class Programme:
    """What is to be done in one twilight: `n` frames of each wish at each level, a ladder, the matching darks.

    `ladder` are the rungs' levels in full wells (empty: no ladder), `ladder_filters` those it may be taken in.
    `darks` is the number for each kind (0: none), `dark_wait_s` how long the detectors rest before.
    """

    wishes: Sequence[FilterWish]
    levels: Sequence[Level]
    n: int
    cycles: int = 1
    ladder: Sequence[float] = ()
    ladder_filters: Sequence[str] = ()
    darks: int = 0
    dark_wait_s: float = 0.0


@dataclass(frozen=True)
class Pace:
    """How long the moves take, in s; `overhead_s` replaces the read-out's of every camera where given."""

    preset_s: float
    filter_change_s: float
    overhead_s: float | None = None


def pace_of(instrument: Instrument, preset_s: float | None = None, overhead_s: float | None = None) -> Pace:
    """The pace of an instrument, or what it would be with other figures."""
    telescope = instrument.telescope
    return Pace(telescope.preset_s if preset_s is None else preset_s, telescope.filter_change_s, overhead_s)


@dataclass
class Course:
    """A twilight walked through in thought, in a sky `sigmas` brighter than believed.

    `rows` fill up in order of time, `arrivals` are the times at which each level's exposures begin.
    """

    programme: Programme
    pace: Pace
    sun_altitude_deg: SunAltitude
    end_s: float
    sigmas: float = 0.0
    rows: list[PlanRow] = field(default_factory=list)
    arrivals: list[tuple[Level, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._controllers = {id(wish): _controller(wish) for wish in self.programme.wishes}
        self._given_up: set[int] = set()

    def walk(self, begin_s: float) -> float:
        """Walk from `begin_s` (Unix s UTC) to the end of the darks; returns when that is."""
        now_s, programme = begin_s, self.programme
        for number, level in enumerate(programme.levels, start=1):
            arrived_s = now_s = now_s + self.pace.preset_s
            for _ in range(programme.cycles):
                for turn in _turns(programme.wishes):
                    now_s = self._side_by_side(turn, level, now_s)
            if number == 1 and programme.ladder:
                now_s = self._climb(level, now_s)
            self.arrivals.append((level, arrived_s, now_s))
        return self._darks(now_s)

    def _side_by_side(self, turn: Sequence[FilterWish], level: Level, now_s: float) -> float:
        due = [wish for wish in turn if id(wish) not in self._given_up]
        if not due:
            return now_s
        begin_s = now_s + self.pace.filter_change_s
        return max(self._take(wish, level, begin_s) for wish in due)

    def _take(self, wish: FilterWish, level: Level, begin_s: float) -> float:
        if wish.plan.mode == "LADDER":
            n = len(wish.plan.levels) * wish.plan.passes
            series = self._expose(wish, self._controllers[id(wish)], level, begin_s, n)
            self._write(wish, level, "ladder", begin_s, series)
            return series.ended_s
        if too_bright := self._too_bright(wish, level, begin_s):
            series = ThoughtSeries((), begin_s - self.pace.filter_change_s, too_bright)
        else:
            series = self._expose(wish, self._controllers[id(wish)], level, begin_s, self.programme.n)
        if not series.frames:
            self._given_up.add(id(wish))
        self._write(wish, level, "flat", begin_s, series)
        return series.ended_s

    def _too_bright(self, wish: FilterWish, level: Level, begin_s: float) -> str:
        """Why a filter is not even probed: a steady background that overfills the detector at the minimum DIT."""
        dit_s, limit = wish.limits.min_dit_s, wish.plan.max_fraction
        reached = self._sky(wish).level_fraction(begin_s, dit_s, 1, level.airmass)
        if wish.prior.log_shape is not None or reached <= limit:
            return ""
        return (
            f"saturates at the minimum DIT {dit_s:g} s: {100 * reached:.0f} % of full well, "
            f"the limit is {100 * limit:.0f} %"
        )

    def _climb(self, level: Level, now_s: float) -> float:
        ended = [now_s]
        for camera in dict.fromkeys(wish.camera for wish in self.programme.wishes):
            found = self._ladder_wish(camera)
            if found is None:
                continue
            passes = self.programme.n + self.programme.n % 2
            plan = replace(found.plan, mode="LADDER", levels=tuple(self.programme.ladder), passes=passes)
            wish, begin_s = replace(found, plan=plan), now_s + self.pace.filter_change_s
            n = len(self.programme.ladder) * passes
            series = self._expose(wish, _controller(wish), level, begin_s, n)
            self._write(wish, level, "ladder", begin_s, series)
            ended.append(series.ended_s)
        return max(ended)

    def _ladder_wish(self, camera: str) -> FilterWish | None:
        """The first filter of a camera whose DITs reach the lowest and the highest rung."""
        levels, first = self.programme.ladder, self.programme.levels[0].airmass
        for wish in self.programme.wishes:
            allowed = not self.programme.ladder_filters or wish.filter in self.programme.ladder_filters
            if wish.camera != camera or not allowed or id(wish) in self._given_up:
                continue
            rate_e_s = wish.prior.rate_e_s(first, None) + wish.limits.dark_rate_e_s
            low, high = (wish.limits.signal_e(level) / rate_e_s for level in (min(levels), max(levels)))
            if wish.limits.min_dit_s <= low and high <= wish.limits.max_dit_s:
                return wish
        return None

    def _expose(
        self, wish: FilterWish, controller: ExposureController, level: Level, begin_s: float, n: int
    ) -> ThoughtSeries:
        return expose_series(
            controller,
            self._sky(wish),
            self.sun_altitude_deg,
            begin_s=begin_s,
            end_s=self.end_s,
            n=n,
            airmass=level.airmass,
            overhead_s=self._overhead_s(wish),
        )

    def _sky(self, wish: FilterWish) -> ThoughtSky:
        factor = math.exp(self.sigmas * wish.prior.relative_sigma)
        return ThoughtSky(wish.prior, wish.limits, factor)

    def _write(
        self, wish: FilterWish, level: Level, kind: str, begin_s: float, series: ThoughtSeries
    ) -> None:
        notes = "; ".join(text for text in (series.note, level.note) if text)
        blank = PlanRow(
            wish.camera, wish.filter, level.airmass, level.requested, 0.0, wish.ndit, 0, 0.0, kind, notes,
            start_s=begin_s,
        )  # fmt: skip
        alike = groupby(
            sorted(series.frames, key=lambda frame: (frame.dit_s, frame.ndit) if kind == "ladder" else ()),
            key=lambda frame: (frame.dit_s, frame.ndit),
        )
        rows = [_row(blank, list(frames)) for _, frames in alike]
        share = (series.ended_s - begin_s) / max(len(rows), 1)
        self.rows += [replace(row, seconds=share) for row in rows or [blank]]

    def _darks(self, now_s: float) -> float:
        if not self.programme.darks:
            return now_s
        begin_s, ended = now_s + self.programme.dark_wait_s, [now_s]
        for camera in dict.fromkeys(wish.camera for wish in self.programme.wishes):
            at_s = begin_s
            for row in self._dark_rows(camera):
                self.rows.append(replace(row, start_s=at_s))
                at_s += row.seconds
            ended.append(at_s)
        return max(ended)

    def _dark_rows(self, camera: str) -> Iterator[PlanRow]:
        """One row for each mode, DIT and NDIT that a camera uses, shortest first."""
        modes = {(wish.camera, wish.filter): wish for wish in self.programme.wishes}
        used = {
            (row.dit_s, row.ndit, modes[camera, row.filter].mode): modes[camera, row.filter]
            for row in self.rows
            if row.camera == camera and row.n
        }
        for (dit_s, ndit, _), wish in sorted(used.items(), key=lambda item: item[0]):
            seconds = self.programme.darks * (dit_s * ndit + self._overhead_s(wish))
            yield PlanRow(
                camera, "", None, None, dit_s, ndit, self.programme.darks, 0.0, "dark", seconds=seconds
            )

    def _overhead_s(self, wish: FilterWish) -> float:
        return wish.overhead_s if self.pace.overhead_s is None else self.pace.overhead_s


def _controller(wish: FilterWish) -> ExposureController:
    listed = DitList.log_spaced(wish.limits) if wish.plan.mode == "LEVEL" else None
    return ExposureController(wish.limits, wish.prior, wish.plan, dit_list=listed)


def _turns(wishes: Sequence[FilterWish]) -> Iterator[list[FilterWish]]:
    """One filter of each camera at a time, in the order given."""
    lanes = [
        [wish for wish in wishes if wish.camera == camera]
        for camera in dict.fromkeys(wish.camera for wish in wishes)
    ]
    for turn in zip_longest(*lanes):
        yield [wish for wish in turn if wish is not None]


def _row(blank: PlanRow, frames: Sequence[ThoughtFrame]) -> PlanRow:
    levels = sorted(frame.level_fraction for frame in frames)
    first = frames[0]
    return replace(
        blank,
        dit_s=first.dit_s,
        ndit=first.ndit,
        n=len(frames),
        predicted_fraction=levels[len(levels) // 2],
        start_s=first.start_s,
    )
