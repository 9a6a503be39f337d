"""Recipes of the MEGARA detector: master bias and master dark as products with their quality."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sequencer.acquisition.readback import read_hdus, read_rows
from sequencer.config.models import ReadoutMode
from sequencer.reduction import qa
from sequencer.reduction.frames import RawFrame
from sequencer.reduction.megara import AmplifierLevel, CcdMaster, ccd_master
from sequencer.reduction.products import Product, Unit

CHECKS = ("frames", "exposure time", "closed", "noise", "gradient")
SECONDS_PER_HOUR = 3600.0


def bias_product(stem: str, frames: Sequence[RawFrame], rejected: int) -> Product:
    """Master bias: overscan taken off, trimmed, median."""
    master = ccd_master(_readers(frames))
    checks = [*_common_checks(master, frames, rejected)]
    return _product(stem, "MASTER_BIAS", "megara_bias", frames, master, checks, ())


def ccd_dark_product(stem: str, frames: Sequence[RawFrame], rejected: int, bias: Path | None) -> Product:
    """Master dark in ADU per exposure; without a master bias it is PARTIAL, for the bias structure stays in it."""
    image = read_rows(bias, read_hdus(bias)[1]) if bias else None
    master = ccd_master(_readers(frames), image)
    checks = [*_common_checks(master, frames, rejected)]
    checks.append(
        qa.Check("bias", "GOOD", f"master bias {bias.name}")
        if bias
        else qa.Check("bias", "PARTIAL", "no master bias: level and structure of the bias are not taken off")
    )
    mode = _mode(frames[0])
    for amplifier, gain in zip(master.amplifiers, _gains(mode), strict=True):
        checks += [
            qa.Check("level", "GOOD", _level_text(amplifier, gain, frames[0].key.dit_s)),
            _cosmic(amplifier),
        ]
        if bias:
            checks.append(_light_leak(amplifier, mode.dark_e_s * frames[0].key.dit_s / gain))
    return _product(stem, "MASTER_DARK", "megara_dark", frames, master, checks, [bias.name] if bias else ())


def _readers(frames: Sequence[RawFrame]) -> list[functools.partial[Any]]:
    return [functools.partial(frame.rows, 0) for frame in frames]


def _mode(frame: RawFrame) -> ReadoutMode:
    return frame.detector.modes[frame.key.mode]


def _gains(mode: ReadoutMode) -> list[float]:
    return mode.amplifier_gains_e_adu or [mode.gain_e_adu] * 2


def _common_checks(master: CcdMaster, frames: Sequence[RawFrame], rejected: int) -> list[qa.Check]:
    times = sorted({frame.key.dit_s for frame in frames})
    still_open = [frame.name for frame in frames if not frame.closed]
    mode = _mode(frames[0])
    ratios = [
        amplifier.noise_adu
        / math.hypot(mode.read_noise_e / gain, math.sqrt(mode.dark_e_s * times[-1]) / gain)
        for amplifier, gain in zip(master.amplifiers, _gains(mode), strict=True)
    ]
    checks = [
        qa.frames([len(frames)], rejected, 3, 1),
        qa.Check(
            "exposure time",
            "GOOD" if len(times) == 1 else "BAD",
            "EXPTIME " + ", ".join(f"{t:g} s" for t in times),
        ),
        qa.Check(
            "closed",
            "BAD" if still_open else "GOOD",
            f"not closed: {', '.join(still_open)}"
            if still_open
            else "cover and shutter closed in every frame",
        ),
        *qa.simulated(sum(frame.simulated for frame in frames), len(frames)),
    ]
    for amplifier, ratio in zip(master.amplifiers, ratios, strict=True):
        for check in (
            qa.noise(ratio),
            qa.gradient(amplifier.gradient_adu, amplifier.gradient_error_adu, amplifier.noise_adu),
        ):
            checks.append(qa.Check(check.name, check.flag, f"amplifier {amplifier.name}: {check.text}"))
    return checks


def _light_leak(amplifier: AmplifierLevel, expected_adu: float) -> qa.Check:
    check = qa.light_leak(amplifier.level_adu, amplifier.error_adu, expected_adu, amplifier.noise_adu)
    return qa.Check(check.name, check.flag, f"amplifier {amplifier.name}: {check.text}")


def _cosmic(amplifier: AmplifierLevel) -> qa.Check:
    share = amplifier.cosmic_share
    text = f"amplifier {amplifier.name}: {100 * share:.4f} % of the pixels of a frame hit by cosmic rays"
    return qa.upto("cosmic rays", share, 0.01, 0.05, text)


def _level_text(amplifier: AmplifierLevel, gain: float, exptime_s: float) -> str:
    """Level of an amplifier in ADU per exposure and electrons per hour, or its upper limit."""
    per_hour = gain * SECONDS_PER_HOUR / exptime_s if exptime_s > 0 else math.nan
    if amplifier.limit_adu is not None:
        return (
            f"amplifier {amplifier.name}: not detected, below {amplifier.limit_adu:.4f} ADU"
            f" ({amplifier.limit_adu * per_hour:.3f} e-/h)"
        )
    return (
        f"amplifier {amplifier.name}: {amplifier.level_adu:.4f} +- {amplifier.error_adu:.4f} ADU"
        f" ({amplifier.level_adu * per_hour:.3f} +- {amplifier.error_adu * per_hour:.3f} e-/h)"
    )


def _product(
    stem: str,
    category: str,
    recipe: str,
    frames: Sequence[RawFrame],
    master: CcdMaster,
    checks: Sequence[qa.Check],
    calibrations: Sequence[str],
) -> Product:
    qc: dict[str, tuple[str | int | float | bool, str]] = {}
    for amplifier in master.amplifiers:
        qc |= {
            f"AMP{amplifier.name} LEVEL": (round(amplifier.level_adu, 5), "[adu] level per exposure"),
            f"AMP{amplifier.name} LEVELERR": (round(amplifier.error_adu, 6), "[adu] its error"),
            f"AMP{amplifier.name} RON": (round(amplifier.noise_adu, 4), "[adu] noise of one frame"),
        }
    return Product(
        stem,
        category,
        category,
        recipe,
        frames,
        [Unit("SCI", master.image, "ADU"), Unit("ERR", master.error, "ADU")],
        qa.verdict(checks, CHECKS),
        calibrations=calibrations,
        exptime_s=frames[0].key.dit_s,
        qc=qc,
        parameters={"overscan": "polynomial over rows, per amplifier", "method": "median"},
        statistics={
            f"amplifier {a.name}": {
                "level_adu": a.level_adu,
                "error_adu": a.error_adu,
                "limit_adu": a.limit_adu,
                "noise_adu": a.noise_adu,
                "overscan_adu": a.overscan_adu,
                "gradient_adu": a.gradient_adu,
                "cosmic_share": a.cosmic_share,
            }
            for a in master.amplifiers
        },
    )
