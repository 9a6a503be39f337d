"""The rows of a night's plan and what it leaves out: what a table and a plot show, and machines read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from sequencer.exposure.forecast import Forecast, PlannedFrame
from sequencer.exposure.wish import FilterWish, Key, Series


@dataclass(frozen=True)
class PlanRow:
    """One series, or one rung of a ladder, or one series of darks.

    `start_s` is the first opening (of darks too), `seconds` what the row adds to the night: filter change, waiting,
    probe, exposures and overheads. `dit_s` and `level_fraction` (full wells, per DIT) are those of the first frame,
    with 1 sigma of the level as it will be after the probe; `dit_sigma` is how far, relatively, the DIT may still
    move with it. `level` counts the illumination levels from 1, 0 for darks; `kind` is "flat", "ladder" or "dark".
    `frames` has every exposure, for the plot. `note` says what is not as wished.
    """

    camera: str
    filter: str
    airmass: float
    level: int
    start_s: float
    seconds: float
    dit_s: float
    ndit: int
    n: int
    level_fraction: float
    sigma_fraction: float
    kind: str
    note: str = ""
    mode: str = ""
    dit_sigma: float = 0.0
    sun_altitude_deg: float = 0.0
    frames: tuple[PlannedFrame, ...] = ()


@dataclass(frozen=True)
class Missing:
    """`n` exposures of a series that will not be, and why."""

    series: Series
    n: int
    reason: str


@dataclass(frozen=True)
class NightPlan:
    """What a night will bring: its rows in order of time, and what it leaves out of `series`.

    `short_s` is how many seconds of twilight are missing for the series that only lack time, 0 if none do.
    """

    rows: tuple[PlanRow, ...]
    missing: tuple[Missing, ...]
    series: tuple[Series, ...]
    short_s: float

    @property
    def fits(self) -> bool:
        """Whether everything wished for is in the plan."""
        return not self.missing

    @property
    def sky_end_s(self) -> float | None:
        """End of the last exposure on the sky; None if there is none."""
        return max(
            (frame.end_s for row in self.rows if row.kind != "dark" for frame in row.frames), default=None
        )

    @property
    def end_s(self) -> float | None:
        """End of the last exposure, darks included; None if there is none."""
        return max((frame.end_s for row in self.rows for frame in row.frames), default=None)

    def remaining(self, good: Mapping[Key, int]) -> list[Series]:
        """What is left of `series` when of each, by its key, so many frames (passes of a ladder) are good."""
        left = [replace(item, n=item.n - good.get(item.key, 0)) for item in self.series]
        return [item for item in left if item.n > 0]


def flat_rows(
    wish: FilterWish, series: Series, forecast: Forecast, begun_s: float, sun_altitude_deg: float
) -> list[PlanRow]:
    """The row of a series begun at a time, or one row for each rung of its ladder."""
    groups = [list(forecast.frames)]
    if series.kind == "ladder":
        rising = sorted(forecast.frames, key=lambda frame: frame.dit_s)
        groups = [list(rung) for _, rung in groupby(rising, key=lambda frame: frame.dit_s)]
    first_s = min(frame.start_s for frame in forecast.frames)
    rows = []
    for i, frames in enumerate(groups):
        exposed_s = sum(frame.dit_s * frame.ndit + wish.overhead_s for frame in frames)
        row = _row(wish, series, frames, exposed_s, sun_altitude_deg)
        rows.append(
            replace(row, seconds=row.seconds + first_s - begun_s, note=forecast.note) if i == 0 else row
        )
    if series.kind == "flat":
        end_s = forecast.frames[-1].end_s + wish.overhead_s
        rows[0] = replace(rows[0], seconds=end_s - begun_s)
    return rows


def _row(
    wish: FilterWish, series: Series, frames: list[PlannedFrame], seconds: float, sun_altitude_deg: float
) -> PlanRow:
    first = frames[0]
    free = wish.limits.min_dit_s < first.dit_s < wish.limits.max_dit_s
    return PlanRow(
        series.camera,
        series.filter,
        series.airmass,
        series.level,
        first.start_s,
        seconds,
        first.dit_s,
        first.ndit,
        len(frames),
        first.level_fraction,
        first.sigma_fraction,
        series.kind,
        mode=wish.mode,
        dit_sigma=wish.prior.relative_sigma if free else 0.0,
        sun_altitude_deg=sun_altitude_deg,
        frames=tuple(frames),
    )
