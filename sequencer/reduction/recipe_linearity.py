"""Recipe: linearity from a DIT ladder, and the relative check where there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from sequencer.reduction import qa
from sequencer.reduction.frames import RawFrame
from sequencer.reduction.measure import Linearity, k_map, measure
from sequencer.reduction.noise import Figures
from sequencer.reduction.products import Product, Unit, unit_name
from sequencer.reduction.relative import RelativeCheck
from sequencer.reduction.statistics import sigma

LINEARITY_CHECKS = ("frames", "levels", "saturated", "k", "scatter", "drift")


def linearity_product(stem: str, frames: Sequence[RawFrame], rejected: int) -> Product:
    """Linearity of one camera's DIT ladder. Raises ValueError when the frames are no ladder."""
    result = measure(frames)
    saturated = [frame for frame in frames if frame.name in set(result.saturated)]
    frames = [frame for frame in frames if frame.name not in set(result.saturated)]
    first = frames[0]
    detector = first.figures
    k, error, lit = k_map(frames, result)
    fit = result.fit
    name = first.chip_names[0]
    return Product(
        stem,
        "LINEARITY",
        f"LINEARITY_{first.detector.detector_id}",
        "linearity",
        frames,
        [
            Unit(unit_name(name, "SCI"), k, ""),
            Unit(unit_name(name, "ERR"), error, ""),
            Unit(unit_name(name, "DQ"), np.where(lit, 0, 32).astype(np.uint16), ""),
        ],
        qa.verdict(_checks(result, frames, saturated, rejected), LINEARITY_CHECKS),
        qc={
            "LIN K": (round(fit.k, 7), "m(S) = S (1 - k S / W)"),
            "LIN KERR": (round(fit.k_error, 7), "error of k"),
            "LIN FULLWELL": (detector.full_well_e, "[e] full well W"),
            "LIN DRIFT": (round(fit.drift_per_hour, 6), "[1/h] drift of the illumination"),
            "LIN KMED": (float(np.median(k[lit])), "median of the k map"),
            "LIN KRMS": (sigma(k[lit]), "scatter of the k map"),
        },
        parameters={
            "model": "m(S) = S (1 - k S / W)",
            "dits_s": sorted({frame.key.dit_s for frame in frames}),
        },
        statistics={
            "k": fit.k,
            "k_error": fit.k_error,
            "scatter": fit.scatter,
            "walk": fit.walk,
            "residuals": fit.residuals,
            "saturated": result.saturated,
        },
        ladder={
            "illumination": fit.illumination_s,
            "level_e": result.levels_e,
            "linear_e": [adu * detector.gain_e_adu for adu in fit.linear_adu],
        },
    )


def _checks(
    result: Linearity, frames: Sequence[RawFrame], saturated: Sequence[RawFrame], rejected: int
) -> list[qa.Check]:
    fit = result.fit
    low, high = result.level_range
    counts = Counter(frame.key.dit_s for frame in frames)
    scatter = f"scatter {100 * fit.scatter:.4f} % a frame, rate walks by {100 * fit.walk:.3f} %"
    lean = _lean(frames)
    drift = f"DIT and time correlate by {lean:.2f}, drift {100 * fit.drift_per_hour:.2f} %/h"
    return [
        qa.frames([counts[dit] for dit in sorted(counts)], rejected, 2, 1),
        qa.levels([low, high], 0.02, 0.95),
        qa.upto("range", -(high - low), -0.4, -0.2, f"range {100 * (high - low):.0f} % of full well"),
        _saturated(saturated),
        qa.upto("k", fit.k_error, 0.003, 0.02, f"k = {fit.k:.5f} +- {fit.k_error:.5f}"),
        qa.upto("scatter", fit.scatter, 0.005, 0.02, scatter),
        qa.upto("drift", lean, 0.5, 0.9, drift),
        *qa.simulated(sum(frame.simulated for frame in frames), len(frames)),
    ]


def _lean(frames: Sequence[RawFrame]) -> float:
    """How much DIT and time go together: 1 where drift and non-linearity cannot be told apart."""
    times = [frame.time_s for frame in frames]
    if np.ptp(times) == 0:
        return 1.0
    return abs(float(np.corrcoef(times, [frame.key.dit_s for frame in frames])[0, 1]))


def _saturated(frames: Sequence[RawFrame]) -> qa.Check:
    """What was left out as saturated; it lowers nothing, for the range and the number of the others are checked."""
    dits = ", ".join(f"{dit:g} s" for dit in sorted({frame.key.dit_s for frame in frames}))
    text = f"{len(frames)} saturated frames left out, DIT {dits}" if frames else "no frame saturated"
    return qa.Check("saturated", "GOOD", text)


def refused_linearity(stem: str, frames: Sequence[RawFrame], why: str) -> Product:
    """What stands in for a linearity that cannot be measured: no file, the flag BAD, and the reason."""
    return Product(
        stem,
        "LINEARITY",
        f"LINEARITY_{frames[0].detector.detector_id}",
        "linearity",
        frames,
        [],
        qa.verdict([qa.Check("frames", "BAD", f"refused: {why}")], ()),
    )


def relative_check_product(
    stem: str, frames: Sequence[RawFrame], check: RelativeCheck, detector: Figures
) -> Product:
    """Linearity from airmass levels alone: only the ratio of bright and faint pixels, hence never better than
    PARTIAL.
    """
    text = (
        f"relative check from {len(check.levels)} airmass levels, no DIT ladder:"
        f" residual k {check.k:.3f} +- {check.k_error:.3f}"
    )
    points = np.array([check.levels, check.log_ratios], np.float32)
    return Product(
        stem,
        "LINEARITY_CHECK",
        f"LINEARITY_CHECK_{frames[0].detector.detector_id}",
        "linearity",
        frames,
        [Unit(unit_name(frames[0].chip_names[0], "SCI"), points, "")],
        qa.verdict([qa.Check("k", "PARTIAL", text)], ()),
        qc={"LIN KRES": (check.k, "k left after linearisation"), "LIN KRESERR": (check.k_error, "its error")},
        parameters={
            "k": detector.k,
            "k_source": detector.k_source,
            "rows": ["level / full well", "ln(bright / faint)"],
        },
        statistics={"residual_k": check.k, "residual_k_error": check.k_error},
    )
