"""Recipe: master flat of one filter with its matching darks."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sequencer.acquisition.cards import CardValue
from sequencer.acquisition.readback import read_hdus, read_rows
from sequencer.reduction import qa
from sequencer.reduction.flat import MasterFlat, master_flat
from sequencer.reduction.frames import RawFrame
from sequencer.reduction.noise import Figures
from sequencer.reduction.products import Product, Unit, unit_name
from sequencer.reduction.set_up import Readout
from sequencer.reduction.stacks import Dark, FlatFrame, has_light
from sequencer.reduction.statistics import Mask, sigma

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
    thermal_only: int,
    missing: Sequence[str],
) -> tuple[Product, MasterFlat]:
    """Master flat of one filter. `dark_of` names each frame's dark among `darks`; `missing` says which were not found.

    `rejected` and `thermal_only` count the frames left out. Frames that carry the thermal floor predicted
    for them give the flat of the sky alone, where their shares of it allow. Frames without light are left out; raises
    ValueError if there is none with light.
    """
    loaded = {name: dark.load() for name, dark in darks.items()}
    inputs = {
        frame.name: FlatFrame(
            functools.partial(frame.rows, 0),
            name,
            frame.key.level_no,
            frame.key.ndit,
            frame.key.dit_s,
            frame.floor_e_s,
        )
        for frame, name in zip(frames, dark_of, strict=True)
    }
    border = frames[0].border()
    unlit = [name for name, one in inputs.items() if not has_light(one, loaded, border, detector)]
    frames = [frame for frame in frames if frame.name not in unlit]
    if not frames:
        raise ValueError(f"no light over the dark in {', '.join(unlit)}")
    first = frames[0]
    flat = master_flat([inputs[frame.name] for frame in frames], loaded, border, detector)
    good = flat.lit & (flat.quality == 0)
    error = float(np.median(flat.error[good])) if good.any() else math.nan
    checks = _flat_checks(flat, frames, darks, detector, rejected, thermal_only, missing, error)
    if unlit:
        checks.append(qa.Check("light", "PARTIAL", f"no light over the dark, left out: {', '.join(unlit)}"))
    separated = flat.separation is not None and flat.separation.separated
    product = Product(
        stem,
        "MASTER_FLAT",
        f"MASTER_IMG_FLAT_TWILIGHT_{first.key.camera}",
        "master_flat",
        frames,
        list(_units(first.chip_names[0], flat)),
        qa.verdict(checks, FLAT_CHECKS),
        calibrations=sorted(dark.path.name for dark in darks.values()),
        exptime_s=first.key.dit_s,
        qc=_qc(flat, good, error, detector.k),
        parameters={
            "k": detector.k,
            "k_source": detector.k_source,
            "fit": "rate = sky s + floor h per pixel"
            if separated
            else "through the origin, inverse variance",
        },
        statistics=_statistics(flat, error),
        left_out=dict.fromkeys(unlit, "no light over its dark"),
    )
    return product, flat


def _units(name: str, flat: MasterFlat) -> Iterator[Unit]:
    """The images of the product: the flat with error and quality, its illumination, and what else was found."""
    yield Unit(unit_name(name, "SCI"), flat.image, "")
    yield Unit(unit_name(name, "ERR"), flat.error, "")
    yield Unit(unit_name(name, "DQ"), flat.quality, "")
    yield Unit(unit_name(name, "ILLUM"), flat.illumination, "")
    if flat.slope is not None and flat.slope_error is not None:
        yield Unit(unit_name(name, "SLOPE"), flat.slope, "")
        yield Unit(unit_name(name, "SLOPEERR"), flat.slope_error, "")
    if flat.separation is not None and flat.separation.separated:
        found = flat.separation
        known = flat.lit & np.isfinite(found.floor_error) & np.isfinite(found.floor)
        yield Unit(unit_name(name, "FLOOR"), np.where(known, found.floor, np.float32(1.0)), "")
        yield Unit(unit_name(name, "FLOORERR"), np.where(known, found.floor_error, np.float32(1.0)), "")


def _qc(flat: MasterFlat, good: Mask, error: float, k: float) -> dict[str, tuple[CardValue, str]]:
    smooth = flat.illumination[good]
    homogeneity = float(np.ptp(np.percentile(smooth, [1, 99]))) if smooth.size else math.nan
    separated = flat.separation is not None and flat.separation.separated
    return {
        "FLAT NOISE": (round(error, 7), "predicted relative noise of a pixel"),
        "FLAT RMS": (round(sigma(flat.image[good]), 7), "pixel-to-pixel scatter of the flat"),
        "FLAT ILLUM": (round(homogeneity, 6), "range of the illumination, 1 to 99 %"),
        "FLAT NBAD": (int(np.count_nonzero(flat.lit & (flat.quality != 0))), "bad pixels among the lit"),
        "FLAT K": (k, "k used to linearise"),
        "FLAT SKYONLY": (separated, "thermal floor separated from the sky"),
        "SLOPE NOISE": (flat.slope_noise, "predicted relative noise of the slope"),
        "SLOPE SMOOTH": (flat.slope_smoothed, "slope smoothed on large scales"),
        "SLOPE DIFF": (flat.additive_rms, "rms of slope minus proportional, large scales"),
    }


def _statistics(flat: MasterFlat, error: float) -> dict[str, Any]:
    return {
        "levels_adu": [stack.level_adu for stack in flat.stacks],
        "frames": [stack.frames for stack in flat.stacks],
        "noise_ratios": [stack.noise_ratio for stack in flat.stacks],
        "predicted_noise": error,
        "floor_shares": flat.separation.floor_shares.tolist() if flat.separation else [],
        "starry_share": flat.starry_share,
        "additive_rms": flat.additive_rms,
        "additive_expected": flat.additive_expected,
    }


def _flat_checks(
    flat: MasterFlat,
    frames: Sequence[RawFrame],
    darks: dict[str, MasterOnDisk],
    detector: Figures,
    rejected: int,
    thermal_only: int,
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
        *qa.thermal_only(thermal_only),
        qa.Check("dark", "PARTIAL" if missing or poor else "GOOD", dark_text),
        qa.levels([stack.level_adu / detector.full_well_adu for stack in flat.stacks]),
        qa.saturated(flat.saturated_share),
        qa.noise(worst),
        qa.accuracy(error, len(frames)),
        qa.starry(flat.starry_share),
        _slope_check(flat),
        *qa.separated(flat.separation),
        qa.Check("linearised", "GOOD", f"linearised with k = {detector.k:.4f} of {detector.k_source}"),
        *qa.simulated(sum(frame.simulated for frame in frames), len(frames)),
    ]


def _slope_check(flat: MasterFlat) -> qa.Check:
    """Slope against proportional flat; where the floor is separated the slope has nothing to add to it."""
    if flat.separation is not None and flat.separation.separated:
        return qa.Check(
            "slope", "GOOD", "slope not needed: the light that does not follow the sky is separated"
        )
    return qa.additive(flat.additive_rms, flat.additive_expected)


def refused_flat(
    stem: str, frames: Sequence[RawFrame], reasons: Sequence[str], missing: Sequence[Readout]
) -> Product:
    """What stands in for a flat that cannot be made: no file, the flag BAD, the reasons, and the missing darks."""
    return Product(
        stem,
        "MASTER_FLAT",
        f"MASTER_IMG_FLAT_TWILIGHT_{frames[0].key.camera}",
        "master_flat",
        frames,
        [],
        qa.verdict([qa.Check("dark", "BAD", f"refused: {text}") for text in reasons], ()),
        statistics={"missing_darks": [readout._asdict() for readout in missing]},
    )
