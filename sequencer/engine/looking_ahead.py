"""What a look ahead is made of, pure but for where it starts from: the walk, the forecast, and its words."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from sequencer.durations import Ahead, Forecast
from sequencer.engine.context import RunContext
from sequencer.engine.shot import Shot
from sequencer.observing import TemplateCall
from sequencer.observing.block_ahead import BlockAhead, Walk
from sequencer.observing.planning import DarkSeries, Walked, walk_through
from sequencer.sky import NoTwilight

Look = Callable[[BlockAhead, Ahead], Ahead | None]
"""Adds to what is ahead all that is left of the block; None where a twilight is not to be had."""


def walk_from(run: RunContext) -> Walk:
    """Walks through a twilight that has not begun, by what is known now."""
    outset = run.outset()

    def walk(call: TemplateCall, start_s: float) -> Walked | None:
        try:
            return walk_through(call, run.instrument, run.site, run.pace, replace(outset, start_s=start_s))
        except NoTwilight:
            return None

    return walk


def foreseen(look: Look, block: BlockAhead, ahead: Ahead) -> Forecast | None:
    """The forecast of what is ahead. Raises ArithmeticError where it is not finite."""
    seen = look(block, ahead)
    told = None if seen is None else seen.forecast()
    if told is not None and not (math.isfinite(told.low_s) and math.isfinite(told.high_s)):
        raise ArithmeticError(f"from {told.low_s:g} to {told.high_s:g} s")
    return told


def rounded(told: Forecast) -> dict[str, float | int | None]:
    """The forecast for the journal, its interval rounded outwards."""
    return {
        "left_s": round(told.expected_s, 1),
        "low_s": max(math.floor(10.0 * told.low_s) / 10.0, 0.0),
        "high_s": math.ceil(10.0 * told.high_s) / 10.0,
        "runs": told.runs,
    }


def without(series: DarkSeries, shot: Shot) -> DarkSeries:
    """A series without the frame just taken, if it is one of it; it has settled."""
    mine = (series.camera, series.mode, series.dit_s, series.ndit)
    if mine != (shot.camera, shot.mode, shot.dit_s, shot.ndit):
        return series
    return replace(series, n=series.n - 1, settle=0)
