"""How sure the levels of a plan are: the same course in a fainter and in a brighter sky."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from sequencer.observing.planning.course import Course
from sequencer.observing.planning.rows import PlanRow
from sequencer.observing.planning.series import Series

AIRMASS_SIGMA = 0.02
"""Relative 1 sigma of the rate model from one airmass to another (twilight.md 1.1: 0.01-0.03)."""

PROBE_SIGMA = 0.01
"""Relative 1 sigma of the rate after a probe: sky noise, gain, linearity (twilight.md 3.2: 0.003-0.01)."""

LISTED_SIGMA = 0.15 / math.sqrt(12.0)
"""Relative 1 sigma of a level whose DIT comes from a list of 15 % steps."""

SKIES = ("fainter", "brighter")
"""The skies beside the believed one, in the order they are walked through."""


def with_sigmas(course: Course, others: Sequence[Course]) -> list[PlanRow]:
    """The rows of a course with how far their levels go in a sky 1 sigma fainter and brighter, and what is lost there.

    `others` are the courses in `SKIES`. A level nobody takes there goes as far as the filter's other levels do.
    """
    believed, elsewhere = _levels(course), [_levels(other) for other in others]
    apart: dict[tuple[str, str], float] = {}
    for series, level in believed.items():
        away = [abs(levels[series] / level - 1.0) for levels in elsewhere if series in levels]
        name = series.camera, series.filter
        apart[name] = max(apart.get(name, 0.0), *away, 0.0)
    lost = _lost(others)
    dits = Counter(row.series for row in course.rows)
    first = course.programme.levels[0].requested if course.programme.levels else None
    return [
        _with_sigma(
            row,
            max(apart[row.camera, row.filter], _model_sigma(row, dits[row.series], first)),
            lost.get(row.series, []),
        )
        if row.kind == "flat" and row.n
        else row
        for row in course.rows
    ]


def _with_sigma(row: PlanRow, relative: float, lost: Sequence[str]) -> PlanRow:
    note = "; ".join(text for text in (row.note, *lost) if text)
    return replace(row, predicted_sigma=relative * row.predicted_fraction, note=note)


def _model_sigma(row: PlanRow, dits: int, first_airmass: float | None) -> float:
    """What the model of the background leaves open, relative; `dits` is how many the series has."""
    if dits > 1:
        return LISTED_SIGMA
    return PROBE_SIGMA if row.requested_airmass == first_airmass else AIRMASS_SIGMA


def _levels(course: Course) -> dict[Series, float]:
    """The mean level of each series that has frames."""
    frames, levels = Counter[Series](), defaultdict[Series, float](float)
    for row in course.rows:
        if row.n and row.kind == "flat":
            frames[row.series] += row.n
            levels[row.series] += row.n * row.predicted_fraction
    return {series: levels[series] / n for series, n in frames.items()}


def _lost(others: Sequence[Course]) -> dict[Series, list[str]]:
    """Why a series has no frames in other skies."""
    found: dict[Series, list[str]] = {}
    for name, other in zip(SKIES, others, strict=True):
        for row in (row for row in other.rows if not row.n):
            found.setdefault(row.series, []).append(f"1 sigma {name} sky: {row.note}")
    return found
