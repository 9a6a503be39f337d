"""Is this the frame that was planned? Pure."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from sequencer.acquisition.errors import FrameRefused
from sequencer.acquisition.plan import ExposurePlan
from sequencer.acquisition.sampling import Chip
from sequencer.wire.messages import FrameHeader


def check_frame(plan: ExposurePlan, header: FrameHeader, chips: Sequence[Chip]) -> None:
    """Raise FrameRefused unless sender, number, shape, type and checksum of the chips are as planned.

    NaN and infinite pixels are refused too: no raw type of the METIS pipeline takes them.
    """
    reason = _other_than_planned(plan, header, chips) or _damaged(header, chips)
    if reason:
        raise FrameRefused(plan.exposure, reason)


def _other_than_planned(plan: ExposurePlan, header: FrameHeader, chips: Sequence[Chip]) -> str:
    if header.device != plan.detector:
        return f"it comes from {header.device}, planned was {plan.detector}"
    if not header.chips == len(chips) == len(plan.chips):
        return f"it announces {header.chips} chips and has {len(chips)}, planned were {len(plan.chips)}"
    if header.dtype != plan.dtype:
        return f"its pixels are {header.dtype}, planned was {plan.dtype}"
    for chip in chips:
        if chip.shape != plan.expected_shape:
            return f"its chips are {chip.shape} (rows, columns), planned was {plan.expected_shape}"
    return ""


def _damaged(header: FrameHeader, chips: Sequence[Chip]) -> str:
    if len(header.crc32) != len(chips):
        return f"it has {len(chips)} chips but {len(header.crc32)} checksums"
    for number, (chip, crc32) in enumerate(zip(chips, header.crc32, strict=True), start=1):
        if zlib.crc32(chip.data.cast("B")) != crc32:
            return f"the pixels of chip {number} arrived damaged (crc32 differs)"
        # the smallest and the largest pixel are NaN or infinite as soon as one is
        if chip.dtype.kind == "f" and not (np.isfinite(chip.min()) and np.isfinite(chip.max())):
            return (
                f"chip {number} has {int(np.count_nonzero(~np.isfinite(chip)))} pixels that are not numbers"
            )
    return ""
