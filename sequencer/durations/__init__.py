"""How long things take: learned from the journals of earlier runs, and forecast with an honest interval."""

from sequencer.durations.ahead import Ahead
from sequencer.durations.effects import ASSUMED_SIGMA, BETWEEN_RUNS_SIGMA, Effect
from sequencer.durations.forecast import NOTHING, Durations, Forecast, Work
from sequencer.durations.keys import (
    FILTER_CHANGE,
    OFFSET,
    PRESET,
    closing,
    opening,
    read_out,
    reduction,
    step,
)
from sequencer.durations.measured import measured
from sequencer.durations.runs import KEPT_RUNS, RunDurations, Spread, Took, condensed, kept

__all__ = [
    "ASSUMED_SIGMA",
    "BETWEEN_RUNS_SIGMA",
    "FILTER_CHANGE",
    "KEPT_RUNS",
    "NOTHING",
    "OFFSET",
    "PRESET",
    "Ahead",
    "Durations",
    "Effect",
    "Forecast",
    "RunDurations",
    "Spread",
    "Took",
    "Work",
    "closing",
    "condensed",
    "kept",
    "measured",
    "opening",
    "read_out",
    "reduction",
    "step",
]
