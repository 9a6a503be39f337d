"""Recipe: master flat of one filter with its matching darks."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sequencer.reduction import qa
from sequencer.reduction.fitsread import read_hdus, read_rows
from sequencer.reduction.flat import MasterFlat, master_flat
from sequencer.reduction.frames import RawFrame
from sequencer.reduction.noise import Figures
from sequencer.reduction.products import Product, Unit, unit_name
from sequencer.reduction.stacks import Dark, FlatFrame
from sequencer.reduction.statistics import sigma

FLAT_CHECKS = (
    "frames",
    "dark",
    "levels",
    "saturated",
    "noise",
    "error",
    "star residue",
    "slope",
    "linearised",
)


@dataclass(frozen=True)
class MasterOnDisk:
    """A master dark in `products/`: its file, its quality flag, and the raw frames' template and time."""

    path: Path
    flag: str
    template_index: int
    time_s: float

    def load(self, chip: int = 0) -> Dark:
        """Level, error and quality of one chip."""
        hdus = [hdu for hdu in read_hdus(self.path) if hdu.shape != (0, 0)][3 * chip : 3 * chip + 3]
        image, error, quality = (read_rows(self.path, hdu) for hdu in hdus)
        return Dark(image, error, quality.astype(np.uint16))


def flat_product(
    stem: str,
    frames: Sequence[RawFrame],
    darks: dict[str, MasterOnDisk],
    dark_of: Sequence[str],
    detector: Figures,
    rejected: int,
    missing: Sequence[str],
) -> tuple[Product, MasterFlat]:
    """Master flat of one filter. `dark_of` names each frame's dark among `darks`; `missing` are those not found."""
    first = frames[0]
    inputs = [
        FlatFrame(functools.partial(frame.rows, 0), name, frame.key.level_no, frame.key.ndit)
        for frame, name in zip(frames, dark_of, strict=True)
    ]
    flat = master_flat(inputs, {name: dark.load() for name, dark in darks.items()}, first.border(), detector)
    good = flat.lit & (flat.quality == 0)
    name = first.chip_names[0]
    units = [
        Unit(unit_name(name, "SCI"), flat.image, ""),
        Unit(unit_name(name, "ERR"), flat.error, ""),
        Unit(unit_name(name, "DQ"), flat.quality, ""),
        Unit(unit_name(name, "ILLUM"), flat.illumination, ""),
    ]
    if flat.slope is not None and flat.slope_error is not None:
        units += [
            Unit(unit_name(name, "SLOPE"), flat.slope, ""),
            Unit(unit_name(name, "SLOPEERR"), flat.slope_error, ""),
        ]
    error = float(np.median(flat.error[good])) if good.any() else math.nan
    smooth = flat.illumination[good]
    homogeneity = float(np.ptp(np.percentile(smooth, [1, 99]))) if smooth.size else math.nan
    product = Product(
        stem,
        "MASTER_FLAT",
        f"MASTER_IMG_FLAT_TWILIGHT_{first.key.camera}",
        "master_flat",
        frames,
        units,
        qa.verdict(_flat_checks(flat, frames, darks, detector, rejected, missing, error), FLAT_CHECKS),
        calibrations=sorted(dark.path.name for dark in darks.values()),
        exptime_s=first.key.dit_s,
        qc={
            "FLAT NOISE": (round(error, 7), "predicted relative noise of a pixel"),
            "FLAT RMS": (round(sigma(flat.image[good]), 7), "pixel-to-pixel scatter of the flat"),
            "FLAT ILLUM": (round(homogeneity, 6), "range of the illumination, 1 to 99 %"),
            "FLAT NBAD": (int(np.count_nonzero(flat.lit & (flat.quality != 0))), "bad pixels among the lit"),
            "FLAT K": (detector.k, "k used to linearise"),
            "SLOPE NOISE": (flat.slope_noise, "predicted relative noise of the slope"),
            "SLOPE SMOOTH": (flat.slope_smoothed, "slope smoothed on large scales"),
            "SLOPE DIFF": (flat.additive_rms, "rms of slope minus proportional, large scales"),
        },
        parameters={
            "k": detector.k,
            "k_source": detector.k_source,
            "fit": "through the origin, inverse variance",
        },
        statistics={
            "levels_adu": [stack.level_adu for stack in flat.stacks],
            "frames": [stack.frames for stack in flat.stacks],
            "noise_ratios": [stack.noise_ratio for stack in flat.stacks],
            "predicted_noise": error,
            "starry_share": flat.starry_share,
            "additive_rms": flat.additive_rms,
            "additive_expected": flat.additive_expected,
        },
    )
    return product, flat


def _flat_checks(
    flat: MasterFlat,
    frames: Sequence[RawFrame],
    darks: dict[str, MasterOnDisk],
    detector: Figures,
    rejected: int,
    missing: Sequence[str],
    error: float,
) -> list[qa.Check]:
    ratios = [stack.noise_ratio for stack in flat.stacks if math.isfinite(stack.noise_ratio)]
    worst = max(ratios, key=lambda ratio: abs(math.log(ratio)), default=math.nan)
    poor = [name for name, dark in sorted(darks.items()) if dark.flag == "BAD"]
    dark_text = f"{len(darks)} matching darks" if len(darks) > 1 else "matching dark"
    if missing:
        dark_text += "; frames left out for want of a dark: " + "; ".join(missing)
    if poor:
        dark_text += "; BAD: " + ", ".join(poor)
    return [
        qa.frames([stack.frames for stack in flat.stacks], rejected, 3, 2),
        qa.Check("dark", "PARTIAL" if missing or poor else "GOOD", dark_text),
        qa.levels([stack.level_adu / detector.full_well_adu for stack in flat.stacks]),
        qa.saturated(flat.saturated_share),
        qa.noise(worst),
        qa.upto("error", error, 0.003, 0.02, f"predicted pixel noise {100 * error:.3f} %"),
        qa.starry(flat.starry_share),
        qa.additive(flat.additive_rms, flat.additive_expected),
        qa.Check("linearised", "GOOD", f"linearised with k = {detector.k:.4f} of {detector.k_source}"),
        *qa.simulated(sum(frame.simulated for frame in frames), len(frames)),
    ]


def refused_flat(stem: str, frames: Sequence[RawFrame], missing: Sequence[str]) -> Product:
    """What stands in for a flat that cannot be made: no file, the flag BAD, and which dark is missing."""
    return Product(
        stem,
        "MASTER_FLAT",
        f"MASTER_IMG_FLAT_TWILIGHT_{frames[0].key.camera}",
        "master_flat",
        frames,
        [],
        qa.verdict([qa.Check("dark", "BAD", f"refused: {text}") for text in missing], ()),
    )
