"""Master flats of the frames that were kept, by our reduction and by normalise-and-median, against the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sequencer.reduction.flat import master_flat
from sequencer.reduction.median import median
from sequencer.reduction.noise import Figures
from sequencer.reduction.stacks import Dark, FlatFrame

from .detector import BIAS_ADU, GAIN_E_ADU, LIMITS
from .nights import FLOOR_E_S, Night, Scene, Shot

FIGURES = Figures(
    GAIN_E_ADU,
    LIMITS.read_noise_e,
    LIMITS.full_well_e,
    LIMITS.dark_rate_e_s,
    BIAS_ADU,
    LIMITS.linearity_k,
    ipc_noise=1.0,
)
FEWEST = 3
"""Frames of which no master flat is made."""

Image = npt.NDArray[np.float32]


def flat_errors(night: Night, shots: Sequence[Shot]) -> tuple[float, float]:
    """Relative rms error of the flat of the sky: by our reduction, and by normalise-and-median."""
    kept = [shot for shot in shots if shot.kept]
    if len(kept) < FEWEST:
        return math.nan, math.nan
    darks = {str(shot.dit_s): _dark(night, shot.dit_s) for shot in kept}
    frames = [_frame(shot, night.scene) for shot in kept]
    ours = master_flat(frames, darks, (0, 0, 0, 0), FIGURES).image
    return _rms(ours, night.detector.sky), _rms(_median(kept, darks), night.detector.sky)


def _dark(night: Night, dit_s: float) -> Dark:
    image, error = night.detector.master_dark(dit_s, night.noise(f"dark {dit_s:.6f}"))
    return Dark(image, np.full_like(image, error), np.zeros(image.shape, np.uint16))


def _frame(shot: Shot, scene: Scene) -> FlatFrame:
    """A frame as its header describes it: in a thermal scene with the floor its taker predicted, or the nominal."""
    floor = shot.floor_e_s or FLOOR_E_S
    raw = shot.raw.astype(np.float32)
    return FlatFrame(
        lambda rows: raw[rows], str(shot.dit_s), 1, 1, shot.dit_s, floor if scene.floor else math.nan
    )


def _median(kept: Sequence[Shot], darks: dict[str, Dark]) -> Image:
    """The usual way: dark off, each frame divided by its median, the median of all."""
    frames = []
    for shot in kept:
        frame = shot.raw.astype(np.float32) - darks[str(shot.dit_s)].image
        frames.append(frame / np.median(frame))
    return median(np.stack(frames))


def _rms(flat: Image, truth: npt.NDArray[np.float64]) -> float:
    ratio = flat / np.median(flat) * np.median(truth) / truth
    return float(np.std(ratio))
