"""Read the frames this program writes: cards, pixels by rows, and the checksum of every byte.

A short reader instead of a library: a run has hundreds of files, the recipes read them in bands of rows, and
a broken file must be an error here, not a warning. It knows simple images only: BITPIX 8, 16 (with BZERO
32768 as unsigned), -32, no tables, no scaling. Format: FITS standard 4.0; checksum: its appendix J.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sequencer.acquisition.checksum import ALL_ONES, sum_bytes

BLOCK = 2880
CARD = 80
_PIXEL: dict[int, str] = {8: "u1", 16: ">i2", -32: ">f4"}
_WHOLE = re.compile(r"[+-]?\d+")
_REAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([DE][+-]?\d+)?")

CardValue = str | int | float | bool
Image = npt.NDArray[np.float32]


class BadFitsError(Exception):
    """The file is not a whole and sound FITS file; the text says which file and what is wrong."""


@dataclass(frozen=True)
class Hdu:
    """One header and where its data lie in the file (byte offsets). Keywords come without HIERARCH."""

    cards: dict[str, CardValue]
    header_start: int
    data_start: int
    data_bytes: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a two-dimensional image; (0, 0) without data."""
        if self.cards.get("NAXIS", 0) != 2:
            return (0, 0)
        return (int(self.cards["NAXIS2"]), int(self.cards["NAXIS1"]))

    @property
    def end(self) -> int:
        """Offset of the first byte after the padded data."""
        return self.data_start + -(-self.data_bytes // BLOCK) * BLOCK


def parse_value(text: str) -> CardValue:
    """Value of a card from the text after its `=`, the comment dropped. Unquoted text that is no number stays
    text.
    """
    text = text.strip()
    if text.startswith("'"):
        return _quoted(text)
    text = text.split("/", 1)[0].strip()
    if text in ("T", "F"):
        return text == "T"
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text.replace("D", "E")) if _REAL.fullmatch(text) else text


def _quoted(text: str) -> str:
    """A quoted string: doubled quotes are one, trailing blanks do not count."""
    end = 1
    while True:
        end = text.find("'", end)
        if end < 0:
            raise BadFitsError(f"string without closing quote: {text!r}")
        if text[end + 1 : end + 2] != "'":
            return text[1:end].replace("''", "'").rstrip()
        end += 2


def parse_cards(header: str) -> dict[str, CardValue]:
    """Cards of a header block up to END; the first of a repeated keyword holds."""
    cards: dict[str, CardValue] = {}
    for start in range(0, len(header), CARD):
        card = header[start : start + CARD]
        found: bool | str
        if card.startswith("HIERARCH "):
            keyword, found, value = card[9:].partition("=")
        else:
            keyword, found, value = card[:8], card[8:10] == "= ", card[10:]
        if found:
            cards.setdefault(keyword.strip(), parse_value(value))
    return cards


def read_hdus(path: Path) -> list[Hdu]:
    """Headers of all HDUs of a file. Raises BadFitsError for a file that is cut short or no FITS, OSError if
    unreadable.
    """
    size = path.stat().st_size
    hdus: list[Hdu] = []
    with path.open("rb") as file:
        position = 0
        while position < size:
            hdu = _read_header(file.read, path, position)
            if hdu.end > size:
                raise BadFitsError(f"{path.name}: cut short: {size} of at least {hdu.end} bytes")
            hdus.append(hdu)
            position = file.seek(hdu.end)
    if not hdus:
        raise BadFitsError(f"{path.name}: empty file")
    return hdus


def _read_header(read: Callable[[int], bytes], path: Path, start: int) -> Hdu:
    """One header from the current position: whole blocks until one holds the END card."""
    text = ""
    while True:
        block = read(BLOCK)
        if len(block) < BLOCK or (not text and block[:8] not in (b"SIMPLE  ", b"XTENSION")):
            raise BadFitsError(f"{path.name}: no FITS header at byte {start}")
        text += block.decode("ascii", "replace")
        if any(text[i : i + CARD].rstrip() == "END" for i in range(len(text) - BLOCK, len(text), CARD)):
            break
    cards = parse_cards(text)
    try:
        size = _data_bytes(cards)
    except (KeyError, ValueError) as error:
        raise BadFitsError(
            f"{path.name}: the header at byte {start} does not say how long its data are: {error}"
        ) from None
    return Hdu(cards, start, start + len(text), size)


def _data_bytes(cards: dict[str, CardValue]) -> int:
    """Length of the data behind a header, the heap of a table included (FITS standard 4.0, equation 2)."""
    axes = [int(cards[f"NAXIS{axis}"]) for axis in range(1, int(cards.get("NAXIS", 0)) + 1)]
    pixels = math.prod(axes) + int(cards.get("PCOUNT", 0)) if axes else 0
    return pixels * int(cards.get("GCOUNT", 1)) * abs(int(cards["BITPIX"])) // 8


def read_rows(path: Path, hdu: Hdu, rows: slice = slice(None)) -> Image:
    """Rows of an image as float32 (rows, nx). Raises BadFitsError for pixel types this reader does not know."""
    ny, nx = hdu.shape
    first, last, _ = rows.indices(ny)
    if int(hdu.cards["BITPIX"]) not in _PIXEL:
        raise BadFitsError(f"{path.name}: BITPIX {hdu.cards['BITPIX']} is not supported")
    pixel = np.dtype(_PIXEL[int(hdu.cards["BITPIX"])])
    count = (last - first) * nx
    raw = np.fromfile(path, pixel, count, offset=hdu.data_start + first * nx * pixel.itemsize)
    image: Image = raw.astype(np.float32).reshape(last - first, nx)
    image += np.float32(float(hdu.cards.get("BZERO", 0.0)))
    return image


def verify(path: Path, hdus: list[Hdu] | None = None) -> None:
    """Check CHECKSUM of every HDU over all its bytes. Raises BadFitsError if one is wrong or missing."""
    with path.open("rb") as file:
        for number, hdu in enumerate(hdus if hdus is not None else read_hdus(path)):
            file.seek(hdu.header_start)
            total = sum_bytes(file.read(hdu.end - hdu.header_start))
            if "CHECKSUM" not in hdu.cards:
                raise BadFitsError(f"{path.name}: HDU {number} carries no CHECKSUM")
            if total != ALL_ONES:
                raise BadFitsError(f"{path.name}: HDU {number} does not match its CHECKSUM")
