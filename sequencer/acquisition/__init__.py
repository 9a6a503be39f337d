"""Frames, header contributions and their provenance, file names, FITS writing."""

from sequencer.acquisition.bad_pixels import BadMapError, map_problem, write_bad_pixels
from sequencer.acquisition.cards import Card, plain_ascii
from sequencer.acquisition.errors import (
    AcquisitionError,
    CardErrors,
    CorruptFile,
    DiskFull,
    FrameMissing,
    FrameRefused,
    MissingCards,
    NotDurable,
    PlanError,
)
from sequencer.acquisition.impossible import impossible, is_saturated
from sequencer.acquisition.names import FileNames, Names, NumberedNames, file_names
from sequencer.acquisition.plan import ExposurePlan, StoredFrame
from sequencer.acquisition.readback import read_hdus, read_rows, verify
from sequencer.acquisition.sampling import LitRegion
from sequencer.acquisition.statistics import Levels, measure
from sequencer.acquisition.store import Acquisition

__all__ = [
    "Acquisition",
    "AcquisitionError",
    "BadMapError",
    "Card",
    "CardErrors",
    "CorruptFile",
    "DiskFull",
    "ExposurePlan",
    "FileNames",
    "FrameMissing",
    "FrameRefused",
    "Levels",
    "LitRegion",
    "MissingCards",
    "Names",
    "NotDurable",
    "NumberedNames",
    "PlanError",
    "StoredFrame",
    "file_names",
    "impossible",
    "is_saturated",
    "map_problem",
    "measure",
    "plain_ascii",
    "read_hdus",
    "read_rows",
    "verify",
    "write_bad_pixels",
]
