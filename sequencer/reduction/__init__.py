"""Reduction: the stage contract, the native recipes (dark, flat, linearity, MEGARA dark), and the stage itself."""

from sequencer.reduction.contract import FrameNotice, ProductRecord, Qa
from sequencer.reduction.feed import ReductionFeed
from sequencer.reduction.measure import Linearity, linearity
from sequencer.reduction.missing import MissingDark, missing_darks, missing_darks_of_run
from sequencer.reduction.photon_transfer import Gain, gain
from sequencer.reduction.reduce import reduce_run
from sequencer.reduction.separation import Separation, separate

__all__ = [
    "FrameNotice",
    "Gain",
    "Linearity",
    "MissingDark",
    "ProductRecord",
    "Qa",
    "ReductionFeed",
    "Separation",
    "gain",
    "linearity",
    "missing_darks",
    "missing_darks_of_run",
    "reduce_run",
    "separate",
]
