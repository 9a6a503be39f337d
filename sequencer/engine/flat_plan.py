"""What a twilight is going to be used for, predicted before anything moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sequencer.engine.context import RunContext
from sequencer.engine.pointing import PRESET_S
from sequencer.engine.series import FlatSeries
from sequencer.exposure import FixedDit, Refused, fixed_dit
from sequencer.sky import NoPatch, reachable_airmass

FILTER_CHANGE_S = 20.0
"""One change of filter with the light stop closed and opened again (assumed)."""


@dataclass(frozen=True)
class PlanRow:
    """One series: what, how often, at which DIT and level; `note` says what will not work. `seconds` it takes."""

    camera: str
    filter: str
    airmass: float
    requested_airmass: float
    dit_s: float
    ndit: int
    n: int
    predicted_fraction: float
    kind: str
    note: str = ""
    seconds: float = 0.0


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


def plan_series(series: FlatSeries, levels: Sequence[Level], n: int) -> list[PlanRow]:
    """The rows of one filter, one a level, from the prior: DIT and level as they are expected now."""
    plan, limits = series.plan, series.limits
    rates = {level.airmass: series.rate_e_s(level.airmass) for level in levels}
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
        rows.append(_row(series, level, n, dit))
    return rows


def _row(series: FlatSeries, level: Level, n: int, dit: FixedDit | Refused) -> PlanRow:
    label = series.label
    row = PlanRow(label.camera, label.filter, level.airmass, level.requested, 0.0, 1, n, 0.0, "flat")
    if isinstance(dit, Refused):
        return replace(row, n=0, note=dit.reason)
    ndit = series.plan.ndit(dit.dit_s) if series.plan.integration_s else label.ndit
    seconds = FILTER_CHANGE_S + n * (dit.dit_s * ndit + series.overhead_s)
    return replace(
        row,
        dit_s=dit.dit_s,
        ndit=ndit,
        predicted_fraction=dit.level_fractions[level.airmass],
        note="; ".join([*dit.warnings, *([level.note] if level.note else [])]),
        seconds=seconds,
    )


class FlatPlan:
    """The rows of a whole block, and how much of it is still to be done."""

    def __init__(self, run: RunContext, rows: list[PlanRow]) -> None:
        self._run = run
        self.rows = rows
        self._left = list(rows)
        self._tell()

    @property
    def needed_s(self) -> float:
        """Time the rows not yet done will take, one preset an airmass included."""
        presets = len({row.requested_airmass for row in self._left})
        return presets * PRESET_S + sum(row.seconds for row in self._left)

    def plain(self) -> list[dict[str, Any]]:
        """The rows for the journal."""
        return [asdict(row) for row in self.rows]

    def warnings(self) -> list[str]:
        """What will not be as asked for."""
        return list(dict.fromkeys(f"{row.camera} {row.filter}: {row.note}" for row in self.rows if row.note))

    def done(self, camera: str, name: str, airmass: float) -> None:
        """One series is over."""
        key = (camera, name, airmass)
        self._left = [row for row in self._left if (row.camera, row.filter, row.requested_airmass) != key]
        self._tell()

    def _tell(self) -> None:
        self._run.status.minutes_needed = self.needed_s / 60.0
