"""Recipe: master dark of a group of closed frames, chip by chip, with its quality."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import numpy as np

from sequencer.reduction import qa
from sequencer.reduction.dark import MasterDark, master_dark
from sequencer.reduction.frames import INS_DARK, RawFrame
from sequencer.reduction.noise import Figures, frame_variance
from sequencer.reduction.products import Product, Unit, unit_name

DARK_CHECKS = ("frames", "saturated", "noise", "defects", "persistence", "light leak", "gradient")


def dark_product(stem: str, frames: Sequence[RawFrame], rejected: int) -> Product:
    """Master dark of one group, chip by chip. Instrument darks (closed in the fore-optics only) keep a name apart."""
    first = frames[0]
    detector = first.figures
    times = [frame.time_s - first.time_s for frame in frames]
    checks = [
        qa.frames([len(frames)], rejected, 3, 1),
        *qa.simulated(sum(f.simulated for f in frames), len(frames)),
    ]
    units: list[Unit] = []
    statistics = {}
    qc: dict[str, tuple[str | int | float | bool, str]] = {}
    for chip, name in enumerate(first.chip_names):
        readers = [functools.partial(frame.rows, chip) for frame in frames]
        dark = master_dark(readers, first.shape(chip), first.border(chip), detector, first.key.ndit, times)
        units += [
            Unit(unit_name(name, "SCI"), dark.image, "ADU"),
            Unit(unit_name(name, "ERR"), dark.error, "ADU"),
            Unit(unit_name(name, "DQ"), dark.quality, ""),
        ]
        label = f"{name}: " if len(first.chip_names) > 1 else ""
        checks += [qa.Check(c.name, c.flag, label + c.text) for c in _dark_checks(dark, first, detector)]
        statistics[name or "chip"] = _dark_statistics(dark)
        suffix = str(chip + 1) if len(first.chip_names) > 1 else ""
        qc |= {
            f"DARK{suffix} LEVEL": (round(dark.level_adu, 5), "[adu] level per DIT"),
            f"DARK{suffix} LEVELERR": (dark.level_error_adu, "[adu] its error"),
            f"DARK{suffix} RON": (round(dark.read_noise_e, 3), "[e] read noise of one DIT"),
            f"DARK{suffix} NHOT": (dark.hot, "hot pixels, 5 sigma"),
            f"DARK{suffix} NCOLD": (dark.cold, "cold pixels, 5 sigma"),
            f"DARK{suffix} NDEV": (dark.deviant, "pixels of deviant noise, 5 sigma"),
        }
    instrument_dark = first.key.kind == INS_DARK
    return Product(
        stem,
        "INS_DARK" if instrument_dark else "MASTER_DARK",
        f"{'INS' if instrument_dark else 'MASTER'}_DARK_{first.detector.detector_id}",
        "master_dark",
        frames,
        units,
        qa.verdict(checks, DARK_CHECKS),
        exptime_s=first.key.dit_s,
        qc=qc,
        parameters={"method": "median", "sigmas": 5.0},
        statistics=statistics,
    )


def _dark_checks(dark: MasterDark, first: RawFrame, detector: Figures) -> list[qa.Check]:
    expected = detector.dark_e_s * first.key.dit_s / detector.gain_e_adu
    above = max(dark.level_adu - detector.bias_adu, 0.0)
    photon, read = frame_variance(detector.with_k(0.0, ""), above, first.key.ndit)
    defects = (dark.hot + dark.cold + dark.deviant) / dark.image.size
    return [
        qa.saturated(float(np.mean(dark.image >= detector.saturation_adu))),
        qa.noise(dark.noise_adu / math.sqrt(photon + read)),
        qa.upto("defects", defects, 0.05, 0.2, f"{100 * defects:.2f} % hot, cold or deviant pixels"),
        qa.decay(dark.decay_adu, dark.decay_error_adu, dark.noise_adu),
        qa.light_leak(dark.level_adu - detector.bias_adu, dark.level_error_adu, expected, dark.noise_adu),
        qa.gradient(dark.gradient_adu, dark.gradient_error_adu, dark.noise_adu),
    ]


def _dark_statistics(dark: MasterDark) -> dict[str, object]:
    return {
        "level_adu": dark.level_adu,
        "level_error_adu": dark.level_error_adu,
        "noise_adu": dark.noise_adu,
        "read_noise_e": dark.read_noise_e,
        "frame_levels_adu": dark.frame_levels,
        "decay_adu": dark.decay_adu,
        "gradient_adu": dark.gradient_adu,
        "hot": dark.hot,
        "cold": dark.cold,
        "deviant": dark.deviant,
    }
