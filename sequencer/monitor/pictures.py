"""Master frames as pictures: one pixel a block, 256 colours, written as PNG without a plot library."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Image = NDArray[np.floating[Any]]

LARGEST_PX = 256
"""Images are averaged down to at most this many pixels a side: a report stays some megabytes."""


def science_images(path: Path) -> dict[str, Image]:
    """The images of a product file by extension name: those ending in SCI, else the first one there is.

    Empty when the file has no two-dimensional image. Raises OSError for a file that is not FITS.
    """
    import numpy as np
    from astropy.io import fits

    with fits.open(path, memmap=False) as units:
        images = {
            unit.name or "PRIMARY": np.asarray(unit.data, dtype=np.float32)
            for unit in units
            if unit.is_image and unit.data is not None and unit.data.ndim == 2
        }
    science = {name: image for name, image in images.items() if name.endswith("SCI")}
    return science or dict(list(images.items())[:1])


def averaged(image: Image, largest_px: int = LARGEST_PX) -> Image:
    """The image averaged in square blocks so that no side exceeds `largest_px`; NaN are left out. Single precision will
    do: it is shown in 256 colours."""
    import numpy as np

    block = -(-max(image.shape) // largest_px)
    if block == 1:
        return image
    rows, columns = (size - size % block for size in image.shape)
    blocks = image[:rows, :columns].reshape(rows // block, block, columns // block, block)
    with np.errstate(invalid="ignore", over="ignore"):  # of pixels that are not finite: their blocks come below
        lines = blocks.sum(axis=1, dtype=np.float32)
        small: Image = sum(lines[:, :, k] for k in range(block)) / np.float32(block**2)
    gaps = ~np.isfinite(small)
    pixels = blocks.swapaxes(1, 2)[gaps]
    known = np.isfinite(pixels)
    counts, sums = known.sum(axis=(1, 2)), np.where(known, pixels, 0.0).sum(axis=(1, 2))
    small[gaps] = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return small


def stretch(image: Image) -> tuple[float, float]:
    """Display limits: the 1st and 99th percentile of the finite pixels, never equal; (0, 1) without any."""
    import numpy as np

    finite = image[np.isfinite(image)]
    if not finite.size:
        return 0.0, 1.0
    low, high = (float(limit) for limit in np.percentile(finite, [1, 99]))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def image_png(image: Image, limits: tuple[float, float]) -> bytes:
    """One image, first row at the bottom, as a PNG of 256 colours from dark blue (low) to yellow (high).

    Pixels without a value are red.
    """
    import numpy as np

    small = averaged(image)[::-1]
    low, high = limits
    known = np.isfinite(small)
    share = np.clip((np.where(known, small, low) - low) / (high - low), 0.0, 1.0)
    levels = np.where(known, np.round(share * (len(palette()) - 2)) + 1, 0).astype(np.uint8)
    return _indexed_png(levels.shape[1], levels.shape[0], levels, palette())


def palette() -> list[tuple[int, int, int]]:
    """Colour of every level: red for none, then matplotlib's cividis, told apart with any colour vision."""
    from matplotlib import colormaps

    levels = (colormaps["cividis"](k / 254, bytes=True) for k in range(255))
    return [(176, 0, 32), *((int(red), int(green), int(blue)) for red, green, blue, _ in levels)]


def _indexed_png(
    width: int, height: int, levels: NDArray[np.uint8], colours: list[tuple[int, int, int]]
) -> bytes:
    """PNG of colour type 3 (https://www.w3.org/TR/png/, 11.2): header, palette, rows of filter type 0."""
    rows = b"".join(b"\0" + row.tobytes() for row in levels)
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", bytes(value for colour in colours for value in colour)),
        (b"IDAT", zlib.compress(rows, 6)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
