"""Reduction: the stage contract, the native recipes (dark, flat, linearity, MEGARA dark), and the stage itself."""

from sequencer.reduction.contract import FrameNotice, ProductRecord, Qa
from sequencer.reduction.feed import ReductionFeed
from sequencer.reduction.measure import Linearity, linearity
from sequencer.reduction.reduce import reduce_run

__all__ = ["FrameNotice", "Linearity", "ProductRecord", "Qa", "ReductionFeed", "linearity", "reduce_run"]
