"""A simple map of bad pixels from a run's master darks and flats: what they mark hot, cold, blind or too bright."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sequencer.config.models import DetectorConfig
from sequencer.reduction.dark import COLD, HIGH, HOT, LOW
from sequencer.reduction.products import unit_name

BAD = HOT | COLD | LOW | HIGH
"""Bits of a data quality image that make a pixel bad."""

Mask = NDArray[np.bool_]


def masters(run_dir: Path, camera: str) -> list[Path]:
    """The master darks and flats of one camera in a run's `products/`."""
    folder = run_dir / "products"
    return sorted(path for kind in ("dark", "flat") for path in folder.glob(f"master_{kind}_{camera}_*.fits"))


def bad_pixels(files: Iterable[Path], detector: DetectorConfig) -> list[Mask]:
    """The pixels (ny, nx) of each chip that any of these products marks as bad.

    Raises OSError for a file that cannot be read, ValueError for one that has no quality image of a chip, or one of
    another size than the first.
    """
    from astropy.io import fits

    bad: list[Mask] | None = None
    for path in files:
        with fits.open(path, memmap=False) as hdus:
            names = [_quality_name(chip.extname, [hdu.name for hdu in hdus]) for chip in detector.chips]
            found = [(np.asarray(hdus[name].data) & BAD) != 0 for name in names]
        if bad is not None and [one.shape for one in bad] != [one.shape for one in found]:
            raise ValueError(f"{path}: its images are of another size than those of the other products")
        bad = found if bad is None else [one | more for one, more in zip(bad, found, strict=True)]
    if bad is None:
        raise ValueError("no product to make a map from")
    return bad


def _quality_name(chip: str, names: list[str]) -> str:
    for name in (unit_name(chip.removesuffix(".DATA"), "DQ"), "DQ"):
        if name in names:
            return name
    raise ValueError(f"no quality image of {chip} (there are: {', '.join(filter(None, names)) or 'none'})")
