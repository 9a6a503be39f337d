"""The one reader of FITS files: strict, bounded by the file's real length, pixels by bands of rows.

A file is read whole and right or not at all: astropy and fitsverify *warn* of a wrong checksum and mend a header,
this fails and says why. It is no library's because of that and of its cost: the headers of a frame take 0.5 ms
(astropy 4.6 to 7.6 ms), and the recipes read bands of rows of hundreds of files. The tests hold it against astropy.
Format: FITS standard 4.0; checksum: its appendix J.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from sequencer.acquisition.card_text import CARD, END, parse_cards
from sequencer.acquisition.cards import CardValue
from sequencer.acquisition.checksum import ALL_ONES, fold, sum_bytes
from sequencer.acquisition.errors import CorruptFile
from sequencer.acquisition.fits import BLOCK

HEADER_BLOCKS = 512
"""Longest header that is read, 18432 cards (assumed: frames have 150, products of many inputs some 500)."""
AXES = 999
"""FITS allows no more."""
CHUNK = 1024 * BLOCK
"""Bytes that are summed at a time."""
EXACT = 1 << 23
"""Up to here float32 holds every sum of a 16-bit integer and a whole BZERO."""
_PIXEL = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}

_NO_NUMBER = np.frombuffer(b"\x7f\x80\0\0", np.uint32)[0]
"""The bits that are all set in a big-endian float32 that is NaN or infinite, as this machine reads them."""

Image = npt.NDArray[np.float32]
Words = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Hdu:
    """One header and where its data lie in the file (byte offsets). Keywords come without HIERARCH."""

    cards: dict[str, CardValue]
    header_start: int
    data_start: int
    data_bytes: int

    @property
    def is_image(self) -> bool:
        """Whether it holds an array of pixels, and neither a table nor nothing."""
        return self.data_bytes > 0 and _of_images(self.cards)

    @property
    def is_packed(self) -> bool:
        """Whether it is a table that holds a tile-compressed image."""
        return self.cards.get("XTENSION") == "BINTABLE" and self.cards.get("ZIMAGE") is True

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a two-dimensional image; (0, 0) for anything else."""
        if not self.is_image or self.cards["NAXIS"] != 2:
            return (0, 0)
        return (int(self.cards["NAXIS2"]), int(self.cards["NAXIS1"]))

    @property
    def end(self) -> int:
        """Offset of the first byte after the padded data."""
        return self.data_start + -(-self.data_bytes // BLOCK) * BLOCK


def read_hdus(path: Path) -> list[Hdu]:
    """Headers of all HDUs of a file, by which every byte of it is accounted for; no pixel is read.

    Raises CorruptFile naming the file and what is wrong in it, OSError if unreadable.
    """
    size = path.stat().st_size
    try:
        if not size:
            raise CorruptFile("empty file")
        with path.open("rb") as file:
            return list(_hdus(file, size))
    except CorruptFile as error:
        raise CorruptFile(f"{path.name}: {error}") from None


def _hdus(file: BinaryIO, size: int) -> Iterator[Hdu]:
    position = 0
    while position < size:
        try:
            hdu = _hdu(file, position)
        except CorruptFile as error:
            raise CorruptFile(f"{error} at byte {position}") from None
        if hdu.end > size:
            raise CorruptFile(f"cut short: {size} of at least {hdu.end} bytes")
        yield hdu
        position = file.seek(hdu.end)


def _hdu(file: BinaryIO, start: int) -> Hdu:
    """The HDU that starts at the current position."""
    text = _header(file, primary=start == 0)
    cards = parse_cards(text)
    if start == 0 and cards.get("SIMPLE") is not True:
        raise CorruptFile("SIMPLE is not T: not a file as FITS has it")
    if start == 0 and ("XTENSION" in cards or cards.get("GROUPS", False) is not False):
        raise CorruptFile("a primary HDU that says it is an extension or random groups")
    size = _data_bytes(cards)
    if size and _of_images(cards):
        scaling(cards)
    return Hdu(cards, start, start + len(text), size)


def _header(file: BinaryIO, *, primary: bool) -> str:
    """Whole blocks up to the one with the END card."""
    blocks: list[str] = []
    while len(blocks) < HEADER_BLOCKS:
        block = file.read(BLOCK).decode("latin-1")
        if not blocks and not block.startswith("SIMPLE  =" if primary else "XTENSION="):
            raise CorruptFile("no FITS header")
        if len(block) < BLOCK:
            raise CorruptFile("no END card")
        if not (block.isascii() and block.isprintable()):
            raise CorruptFile("bytes that are no text")
        blocks.append(block)
        if any(block.startswith(END, at) for at in range(0, BLOCK, CARD)):
            return "".join(blocks)
    raise CorruptFile(f"no END card within {HEADER_BLOCKS} blocks")


def _of_images(cards: dict[str, CardValue]) -> bool:
    return cards.get("XTENSION", "IMAGE") == "IMAGE"


def _data_bytes(cards: dict[str, CardValue]) -> int:
    """Length of the data behind a header, the heap of a table included (FITS standard 4.0, equation 2)."""
    bits = cards.get("BITPIX")
    if type(bits) is not int or bits not in _PIXEL:
        raise CorruptFile(f"BITPIX is {bits!r}, none of {', '.join(map(str, _PIXEL))}")
    axes = [_whole(cards, f"NAXIS{axis}", 0) for axis in range(1, _whole(cards, "NAXIS", 0, AXES) + 1)]
    heap = _whole(cards, "PCOUNT", 0) if "PCOUNT" in cards else 0
    groups = _whole(cards, "GCOUNT", 1) if "GCOUNT" in cards else 1
    if _of_images(cards) and (heap, groups) != (0, 1):
        raise CorruptFile(f"an image with PCOUNT {heap} and GCOUNT {groups}, not 0 and 1")
    return abs(bits) // 8 * groups * (heap + math.prod(axes)) if axes else 0


def _whole(cards: dict[str, CardValue], keyword: str, lowest: int, highest: int | None = None) -> int:
    """Value of a card that says how long the data are."""
    value = cards.get(keyword)
    if type(value) is not int or value < lowest or (highest is not None and value > highest):
        upto = "" if highest is None else f" to {highest}"
        raise CorruptFile(f"{keyword} is {value!r}, no whole number from {lowest}{upto}")
    return value


def scaling(cards: dict[str, CardValue]) -> tuple[float, float, int | None]:
    """BSCALE, BZERO and, of integers, BLANK of an image: pixel = BZERO + BSCALE x stored value. Raises CorruptFile."""
    scale, zero, blank = cards.get("BSCALE", 1.0), cards.get("BZERO", 0.0), cards.get("BLANK")
    for keyword, value in (("BSCALE", scale), ("BZERO", zero)):
        if type(value) not in (int, float):
            raise CorruptFile(f"{keyword} is {value!r}, no number")
    if scale == 0:
        raise CorruptFile("BSCALE is 0: all pixels would be alike")
    if int(cards["BITPIX"]) < 0 or blank is None:
        return float(scale), float(zero), None
    if type(blank) is not int:
        raise CorruptFile(f"BLANK is {blank!r}, no whole number")
    return float(scale), float(zero), blank


def read_rows(path: Path, hdu: Hdu, rows: slice = slice(None)) -> Image:
    """Rows of an image as float32 (rows, nx): physical values, NaN where BLANK. Raises CorruptFile, OSError."""
    ny, nx = hdu.shape
    first, last, _ = rows.indices(ny)
    pixel = np.dtype(_PIXEL[int(hdu.cards["BITPIX"])])
    count = max(last - first, 0) * nx
    stored = np.fromfile(path, pixel, count, offset=hdu.data_start + first * nx * pixel.itemsize)
    if stored.size < count:
        raise CorruptFile(f"{path.name}: cut short while it was read")
    return _physical(stored, *scaling(hdu.cards)).reshape(-1, nx)


def _physical(stored: npt.NDArray[np.generic], scale: float, zero: float, blank: int | None) -> Image:
    """Stored values scaled; what float32 cannot hold becomes infinite."""
    missing = stored == blank if blank is not None else None
    with np.errstate(over="ignore", invalid="ignore"):
        values = stored.astype(_wide_enough(stored.dtype, scale, zero))
        if scale != 1.0:
            values *= scale
        if zero != 0.0:
            values += values.dtype.type(zero)
        image: Image = values.astype(np.float32, copy=False)
    if missing is not None:
        image[missing] = np.nan
    return image


def _wide_enough(stored: np.dtype[np.generic], scale: float, zero: float) -> type[np.floating]:
    """Type in which stored values are scaled so that nothing a float32 shows is lost."""
    if stored == ">f4" and (scale, zero) == (1.0, 0.0):
        return np.float32
    if stored.itemsize <= 2 and scale == 1.0 and zero.is_integer() and abs(zero) <= EXACT:
        return np.float32
    # unsigned 64-bit integers are signed ones with BZERO 2**63: a double would lose the small ones
    return np.longdouble if stored == ">i8" else np.float64


def verify(path: Path, hdus: list[Hdu] | None = None) -> None:
    """Check DATASUM and CHECKSUM of every HDU over all its bytes. Raises CorruptFile if one is wrong or missing."""
    with path.open("rb") as file:
        for number, hdu in enumerate(hdus if hdus is not None else read_hdus(path)):
            wrong = _wrong_sum(file, hdu)
            if wrong:
                raise CorruptFile(f"{path.name}: HDU {number} {wrong}")


def _wrong_sum(file: BinaryIO, hdu: Hdu) -> str:
    told = str(hdu.cards.get("DATASUM", ""))
    if "CHECKSUM" not in hdu.cards or not told.isdecimal():
        return "carries no CHECKSUM or no DATASUM"
    header = _sum(_words(file, hdu.header_start, hdu.data_start))
    data = _sum(_words(file, hdu.data_start, hdu.end))
    if fold(header + data) != ALL_ONES:
        return "does not match its CHECKSUM"
    return "" if int(told) == data else f"sums up to {data}, its DATASUM says {told}"


def all_numbers(path: Path, hdu: Hdu) -> bool:
    """Whether every pixel of an image is a finite number. Raises CorruptFile, OSError."""
    if hdu.cards["BITPIX"] == -32 and scaling(hdu.cards) == (1.0, 0.0, None):
        with path.open("rb") as file:
            words = _words(file, hdu.data_start, hdu.end)
            return all(np.bitwise_and(part, _NO_NUMBER, out=part).max() < _NO_NUMBER for part in words)
    ny, nx = hdu.shape
    step = max(1, CHUNK // (8 * nx)) if nx else ny
    bands = (read_rows(path, hdu, slice(first, first + step)) for first in range(0, ny, step))
    return all(np.isfinite(band).all() for band in bands)


def _sum(words: Iterator[Words]) -> int:
    """Ones-complement sum."""
    total = 0
    for part in words:
        total = fold(total + sum_bytes(part.data.cast("B")))
    return total


def _words(file: BinaryIO, start: int, end: int) -> Iterator[Words]:
    """A part of the file piece by piece, each valid until the next is asked for."""
    buffer = np.empty(min(CHUNK, end - start) // 4, np.uint32)
    file.seek(start)
    for position in range(start, end, CHUNK):
        part = buffer[: min(CHUNK, end - position) // 4]
        if file.readinto(part.data.cast("B")) < part.nbytes:  # type: ignore[attr-defined]
            raise CorruptFile("cut short while it was read")
        yield part
