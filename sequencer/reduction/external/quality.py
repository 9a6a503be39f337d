"""Our own look at a product somebody else made: is the file whole, were its frames fit, are its numbers likely."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

from sequencer.reduction import qa
from sequencer.reduction.frames import BIAS, DARK, INS_DARK, RawFrame
from sequencer.reduction.megara import MEGARA, Amplifier
from sequencer.reduction.noise import median_variance
from sequencer.reduction.statistics import Image, level, sigma

SAMPLE = slice(None, None, 4)
"""Rows and columns of an amplifier that are measured: half a million pixels give its level to 0.002 ADU."""
CLOSED_KINDS = (BIAS, DARK, INS_DARK)


class BadProductError(Exception):
    """The file is no whole FITS file; the text says what is wrong."""


@dataclass(frozen=True)
class Measured:
    """Level of one amplifier of a master and the noise of its pixels (ADU), found and expected."""

    level_adu: float
    error_adu: float
    noise_adu: float
    expected_level_adu: float
    expected_noise_adu: float


def images(path: Path) -> tuple[list[Image], list[str]]:
    """The two-dimensional images of a FITS file, and what astropy has against it. Raises BadProductError."""
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            _check_whole(path)
            with fits.open(path, checksum=True, memmap=False, lazy_load_hdus=False) as hdus:
                found = [np.asarray(hdu.data) for hdu in hdus if hdu.is_image and hdu.data is not None]
    except (OSError, ValueError, TypeError, KeyError, IndexError) as error:
        raise BadProductError(str(error) or type(error).__name__) from error
    remarks = sorted({str(warning.message).splitlines()[0] for warning in said})
    return [image for image in found if image.ndim == 2], remarks


def _check_whole(path: Path) -> None:
    """Raise OSError unless the HDUs account for every byte; by the headers alone, so nothing huge is read."""
    with fits.open(path, lazy_load_hdus=False) as hdus:
        last = hdus[-1].fileinfo()
    end, size = last["datLoc"] + last["datSpan"], path.stat().st_size
    if size != end:
        raise OSError(f"{size} bytes, its HDUs end at {end}")


def frame_checks(frames: Sequence[RawFrame], rejected: int, category: str) -> list[qa.Check]:
    """Whether the frames of a product were fit for it: how many; if without light, closed and equally long.

    Closed frames of one camera but different exposures make no master (BAD); they may make something else
    (PARTIAL).
    """
    closed = [frame for frame in frames if frame.key.kind in CLOSED_KINDS]
    times = {(frame.key.camera, frame.key.kind, frame.key.dit_s, frame.key.ndit) for frame in closed}
    mixed = len(times) > len({(camera, kind) for camera, kind, _, _ in times})
    lit = [frame.name for frame in closed if not frame.closed]
    checks = [
        qa.frames([len(frames)], rejected, 3, 1),
        *qa.simulated(sum(frame.simulated for frame in frames), len(frames)),
    ]
    if closed:
        text = ", ".join(sorted({f"{dit_s:g} s x{ndit}" for _, _, dit_s, ndit in times}))
        flag: qa.Flag = "GOOD" if not mixed else "BAD" if category.startswith("MASTER") else "PARTIAL"
        checks.append(qa.Check("exposure time", flag, f"closed exposures of {text}"))
        text = (
            f"cover or shutter open in {', '.join(lit)}" if lit else "cover and shutter closed in all frames"
        )
        checks.append(qa.Check("closed", "BAD" if lit else "GOOD", text))
    return checks


def finite(found: Sequence[Image]) -> qa.Check:
    """Share of pixels that are no numbers, in the worst image."""
    share = max((float(np.mean(~np.isfinite(image))) for image in found), default=0.0)
    return qa.upto("finite", share, 0.0, 0.01, f"{100 * share:.3f} % of the pixels are no numbers")


def amplifiers(image: Image, frames: Sequence[RawFrame], bias_frames: int) -> dict[str, Measured]:
    """Level and noise of each amplifier of a trimmed master, against the read-out mode's figures.

    `bias_frames` are the frames of the master bias that was taken off, 0 if none was. Empty for images of
    another shape than the detector's layout has.
    """
    first = frames[0]
    if first.detector.layout != "megara" or image.shape != MEGARA.trimmed:
        return {}
    mode = first.detector.modes[first.key.mode]
    gains = mode.amplifier_gains_e_adu or [mode.gain_e_adu] * len(MEGARA.amplifiers)
    weights = (len(frames), bias_frames)
    return {
        f"amplifier {amplifier.name}": _measured(
            image, amplifier, mode.read_noise_e / gain, mode.dark_e_s * first.key.dit_s / gain, gain, weights
        )
        for amplifier, gain in zip(MEGARA.amplifiers, gains, strict=True)
    }


def _measured(
    image: Image, amplifier: Amplifier, read_adu: float, dark_adu: float, gain: float, frames: tuple[int, int]
) -> Measured:
    """One amplifier: the median of `frames` (its own, those of the bias) leaves so much of their noise.

    What the overscan of a frame is uncertain by is common to all pixels: read noise over the root of its pixels.
    """
    rows = amplifier.rows.stop - amplifier.rows.start
    part = image[amplifier.trimmed_from : amplifier.trimmed_from + rows][SAMPLE, SAMPLE]
    noise = _spread(part)
    own, bias = (median_variance(n) if n else 0.0 for n in frames)
    expected = math.sqrt(own * (read_adu**2 + dark_adu / gain) + bias * read_adu**2)
    overscan_px = (amplifier.overscan.stop - amplifier.overscan.start) * rows
    offset = read_adu * math.sqrt((own + bias) / overscan_px)
    return Measured(level(part), math.hypot(noise / math.sqrt(part.size), offset), noise, dark_adu, expected)


def _spread(pixels: Image) -> float:
    """Standard deviation without what cosmic rays and hot pixels add.

    Clipped at 5 robust sigma, not the robust sigma itself: masters of whole ADU come in steps that it sees.
    """
    middle = float(np.median(pixels))
    kept = pixels[np.abs(pixels - middle) <= 5.0 * max(sigma(pixels), 1e-6)]
    return float(kept.std(dtype=np.float64))


def amplifier_checks(found: Mapping[str, Measured]) -> Iterator[qa.Check]:
    """Noise of every amplifier against that of its frames, level against the dark current of the configuration."""
    for name, one in found.items():
        ratio = one.noise_adu / one.expected_noise_adu if one.expected_noise_adu > 0.0 else math.nan
        of_level = qa.light_leak(one.level_adu, one.error_adu, one.expected_level_adu, one.noise_adu)
        for check in (qa.noise(ratio), of_level):
            yield qa.Check(check.name, check.flag, f"{name}: {check.text}")
