"""The linearity of a ladder of frames on disk: `linearity(frames)`, for scripts and for the reduction stage."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sequencer.config.models import Instrument
from sequencer.reduction.frames import RawFrame, read_frame
from sequencer.reduction.ladder import LadderFit, RungStack, fit_ladder, pixel_map
from sequencer.reduction.rungs import lit_of, rungs_of, unsaturated
from sequencer.reduction.statistics import Image, Mask


class HasFile(Protocol):
    """Anything that knows where its file is, as the frames a script gets."""

    @property
    def file(self) -> Path:
        """The FITS file."""


@dataclass(frozen=True)
class Linearity:
    """Non-linearity k of m(S) = S (1 - k S / W) of one detector: value, error, and the fit behind it.

    `levels_e` are the measured levels (electrons above bias), one a frame, in the order of time. `saturated`
    are the frames left out because they were at saturation.
    """

    camera: str
    mode: str
    k: float
    k_error: float
    full_well_e: float
    frames: list[str]
    levels_e: list[float]
    level_range: tuple[float, float]
    fit: LadderFit
    saturated: list[str]

    def __str__(self) -> str:
        low, high = self.level_range
        left_out = f" ({len(self.saturated)} saturated frames left out)" if self.saturated else ""
        return (
            f"{self.camera} {self.mode}: k = {self.k:.4f} +- {self.k_error:.4f} in m(S) = S (1 - k S / W),"
            f" W = {self.full_well_e:.4g} e-\n"
            f"  {len(self.frames)} frames{left_out}, levels {100 * low:.0f} to {100 * high:.0f} % of full well,"
            f" at full well {100 * self.k:.1f} % below linear\n"
            f"  scatter {100 * self.fit.scatter:.4f} % a frame, drift {100 * self.fit.drift_per_hour:+.2f}"
            f" +- {100 * self.fit.drift_error:.2f} %/h"
        )


def linearity(frames: Iterable[HasFile | Path | str], instrument: Instrument | None = None) -> Linearity:
    """Linearity from the frames of a DIT ladder of one camera: their paths, or anything with a `.file`.

    Frames at saturation are left out and named. Without an instrument it is loaded by the frames' INSTRUME.
    Raises ValueError when the frames are no ladder, also for want of unsaturated ones.
    """
    return measure(read_all(frames, instrument))


def read_all(frames: Iterable[HasFile | Path | str], instrument: Instrument | None = None) -> list[RawFrame]:
    """Frames by their paths, or anything with a `.file`. Raises ValueError where there are none."""
    paths = [Path(frame) if isinstance(frame, (str, Path)) else Path(frame.file) for frame in frames]
    if not paths:
        raise ValueError("no frames, no ladder")
    known = instrument or _instrument_of(paths[0])
    return [read_frame(path, known) for path in paths]


def _instrument_of(path: Path) -> Instrument:
    from sequencer.acquisition.readback import read_hdus
    from sequencer.config import load_instrument

    return load_instrument(str(read_hdus(path)[0].cards.get("INSTRUME", "")).lower())


def measure(frames: Sequence[RawFrame], chip: int = 0) -> Linearity:
    """Linearity of one camera's ladder from the mean of its lit pixels.

    Frames at saturation say nothing of linearity and are left out. Raises ValueError for frames of several
    cameras, modes or windows, and when what is left is no ladder.
    """
    first = frames[0]
    set_ups = {frame.key.readout.without_exposure._replace(temperature_k=0.0) for frame in frames}
    if len(set_ups) > 1:
        raise ValueError(
            "a ladder needs frames of one camera, read-out mode and window, one gain and one binning"
        )
    ordered, saturated = unsaturated(frames, chip)
    detector = first.figures
    rungs = rungs_of(ordered, chip)
    try:
        fit = fit_ladder(rungs, detector.full_well_adu)
    except ValueError as error:
        raise ValueError(f"{error}{_why_fewer(saturated, len(frames))}") from None
    levels = [rung.level_adu for rung in rungs]
    return Linearity(
        first.key.camera,
        first.key.mode,
        fit.k,
        fit.k_error,
        detector.full_well_e,
        [frame.name for frame in ordered],
        [adu * detector.gain_e_adu for adu in levels],
        (min(levels) / detector.full_well_adu, max(levels) / detector.full_well_adu),
        fit,
        [frame.name for frame in saturated],
    )


def _why_fewer(saturated: Sequence[RawFrame], of: int) -> str:
    if not saturated:
        return ""
    dits = ", ".join(f"{dit:g} s" for dit in sorted({frame.key.dit_s for frame in saturated}))
    return f": {len(saturated)} of {of} are saturated (DIT {dits})"


def k_map(frames: Sequence[RawFrame], result: Linearity, chip: int = 0) -> tuple[Image, Image, Mask]:
    """k per pixel, its error, and the lit pixels it holds for; `result` is the detector-wide fit of these frames.

    Frames the fit left out are left out here too.
    """
    ordered = sorted(
        (frame for frame in frames if frame.name in set(result.frames)),
        key=lambda frame: (frame.start_s, frame.name),
    )
    detector = ordered[0].figures.with_k(result.k, "this ladder")
    lit = lit_of(ordered, chip)
    rungs: dict[tuple[float, int], list[int]] = defaultdict(list)
    for i, frame in enumerate(ordered):
        rungs[frame.key.dit_s, frame.key.ndit].append(i)
    levels = [adu / detector.gain_e_adu for adu in result.levels_e]
    stacks = [
        RungStack(
            [functools.partial(ordered[i].rows, chip) for i in members], [levels[i] for i in members], ndit
        )
        for (_, ndit), members in sorted(rungs.items())
    ]
    k, error = pixel_map(stacks, ordered[0].shape(chip), lit, detector)
    return k, error, lit
