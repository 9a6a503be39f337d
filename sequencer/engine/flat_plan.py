"""What a twilight is going to be used for, predicted before anything moves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sequencer.engine.context import RunContext
from sequencer.engine.plan_rows import PlanRow
from sequencer.engine.pointing import PRESET_S
from sequencer.engine.series import FlatSeries
from sequencer.exposure import FixedDit, Refused, fixed_dit
from sequencer.sky import NoPatch, reachable_airmass

FILTER_CHANGE_S = 20.0
"""One change of filter with the light stop closed and opened again (assumed)."""


@dataclass(frozen=True)
class Level:
    """One illumination level by airmass: the one asked for, the one the telescope can reach, and why it differs."""

    requested: float
    airmass: float
    note: str = ""


def reachable_levels(run: RunContext, wanted: Sequence[float]) -> list[Level]:
    """The airmasses of a block as they can be had; one that cannot be replaced is left out, with an alarm."""
    levels: list[Level] = []
    for airmass in wanted:
        listed = [other for other in (*wanted, *(level.airmass for level in levels)) if other != airmass]
        try:
            levels.append(
                Level(airmass, *reachable_airmass(airmass, run.instrument.telescope.altitude_deg, listed))
            )
        except NoPatch as error:
            run.alarm(str(error), f"no flats at airmass {airmass:g}", "leave it out of SEQ.AIRMASS.LIST")
    return levels


def flat_rows(series: FlatSeries, levels: Sequence[Level], n: int) -> list[PlanRow]:
    """The rows of one filter, one a level, from the prior: DIT and level as they are expected now."""
    plan, limits = series.plan, series.belief.limits
    rates = {level.airmass: series.belief.rate_e_s(level.airmass) for level in levels}
    rows = []
    for level in levels:
        chosen = rates if plan.mode == "FIXED" else {level.airmass: rates[level.airmass]}
        dit = fixed_dit(
            chosen,
            limits,
            target_fraction=plan.target_fraction,
            tolerance=plan.tolerance,
            max_fraction=plan.max_fraction,
        )
        rows.append(_flat_row(series, level, n, dit))
    return rows


def ladder_rows(series: FlatSeries, level: Level, fractions: Sequence[float], passes: int) -> list[PlanRow]:
    """The rows of a DIT ladder, one a rung; a rung out of reach says why and has no frames."""
    rows = []
    for rung in series.rungs(fractions, level.airmass):
        row = replace(_row(series, level, "ladder", rung.level), note=rung.reason)
        rows.append(_timed(series, row, rung.dit_s, passes) if rung.reachable else row)
    return rows


def _flat_row(series: FlatSeries, level: Level, n: int, dit: FixedDit | Refused) -> PlanRow:
    if isinstance(dit, Refused):
        return replace(_row(series, level, "flat", 0.0), note=dit.reason)
    note = "; ".join([*dit.warnings, *([level.note] if level.note else [])])
    row = replace(_row(series, level, "flat", dit.level_fractions[level.airmass]), note=note)
    return _timed(series, row, dit.dit_s, n, FILTER_CHANGE_S)


def _row(series: FlatSeries, level: Level, kind: str, level_fraction: float) -> PlanRow:
    label = series.label
    return PlanRow(
        label.camera, label.filter, level.airmass, level.requested, 0.0, label.ndit, 0, level_fraction, kind
    )


def _timed(series: FlatSeries, row: PlanRow, dit_s: float, n: int, first_s: float = 0.0) -> PlanRow:
    ndit = series.ndit(dit_s)
    seconds = first_s + n * (dit_s * ndit + series.belief.overhead_s)
    return replace(row, dit_s=dit_s, ndit=ndit, n=n, seconds=seconds)


class FlatPlan:
    """The rows of a whole block, and how much of it is still to be done."""

    def __init__(self, run: RunContext, rows: Iterable[PlanRow]) -> None:
        self._run = run
        self.rows = list(rows)
        self._left = list(self.rows)
        self._tell()

    @property
    def needed_s(self) -> float:
        """Time the rows not yet done will take, one preset an airmass included; cameras work side by side."""
        presets = len({row.requested_airmass for row in self._left})
        by_camera: dict[str, float] = {}
        for row in self._left:
            by_camera[row.camera] = by_camera.get(row.camera, 0.0) + row.seconds
        return presets * PRESET_S + max(by_camera.values(), default=0.0)

    def warnings(self) -> list[str]:
        """What will not be as asked for."""
        return list(dict.fromkeys(f"{row.camera} {row.filter}: {row.note}" for row in self.rows if row.note))

    def done(self, camera: str, name: str, airmass: float, kind: str) -> None:
        """One series is over, or will never be."""
        key = (camera, name, airmass, kind)
        self._left = [
            row for row in self._left if (row.camera, row.filter, row.requested_airmass, row.kind) != key
        ]
        self._tell()

    def _tell(self) -> None:
        self._run.status.minutes_needed = self.needed_s / 60.0
