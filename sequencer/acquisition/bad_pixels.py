"""Maps of bad pixels: a FITS file of a detector, one image a chip, 0 where a pixel is good."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sequencer.acquisition.sampling import BadPixels, centred
from sequencer.config.models import DetectorConfig

Mask = NDArray[np.bool_]


class BadMapError(Exception):
    """A map that cannot be used for its detector; the text says which file and why."""


def read_bad_pixels(detector: DetectorConfig) -> list[BadPixels]:
    """The bad pixels of every chip; nothing where the instrument file names no map. Raises BadMapError."""
    if not detector.bad_pixel_map:
        return []
    path = Path(detector.bad_pixel_map)
    shape = detector.size_px[::-1]
    found = _images(path)
    if [image.shape for image in found] != [shape] * len(detector.chips):
        there = ", ".join(f"{one.shape[1]} x {one.shape[0]}" for one in found) or "none"
        wanted = f"{len(detector.chips)} of {shape[1]} x {shape[0]} pixels are wanted"
        raise BadMapError(f"{path}: its images are {there}; {wanted}")
    return [BadPixels(image != 0) for image in found]


def map_problem(detector: DetectorConfig) -> str:
    """Why the detector's map of bad pixels cannot be used; empty when it can, or there is none."""
    try:
        read_bad_pixels(detector)
    except BadMapError as error:
        return str(error)
    return ""


def write_bad_pixels(path: Path, detector: DetectorConfig, bad: Sequence[Mask]) -> None:
    """Write a map: `bad` (ny, nx) of every chip, of a window about its centre or whole. Raises OSError."""
    from astropy.io import fits

    hdus = fits.HDUList([fits.PrimaryHDU()])
    for chip, window in zip(detector.chips, bad, strict=True):
        whole = np.zeros(detector.size_px[::-1], np.uint8)
        centred(whole, window.shape)[:] = window
        hdus.append(fits.ImageHDU(whole, name=chip.extname))
    hdus.writeto(path, overwrite=True, checksum=True)


def _images(path: Path) -> list[NDArray[np.generic]]:
    """All images of a file. Raises BadMapError."""
    from astropy.io import fits

    try:
        with warnings.catch_warnings(action="error"), fits.open(path, memmap=False) as hdus:
            found = [np.asarray(hdu.data) for hdu in hdus if hdu.is_image and hdu.data is not None]
    except (OSError, ValueError, TypeError, KeyError, Warning) as error:
        raise BadMapError(f"{path}: cannot be read: {error}") from None
    return [image for image in found if image.ndim == 2]
