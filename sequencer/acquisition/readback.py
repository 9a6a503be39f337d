"""Reading a file back, trusting nothing: astropy and fitsverify *warn* of a wrong checksum, this fails."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sequencer.acquisition.checksum import ALL_ONES, Pixels, fold, sum_bytes
from sequencer.acquisition.errors import CorruptFile
from sequencer.acquisition.fits import BLOCK

if TYPE_CHECKING:
    from astropy.io.fits import Header


def read_raw(path: Path) -> tuple[Header, list[Pixels]]:
    """Primary header and the pixels of every chip, (ny, nx) float32 or uint16 in native order.

    Raises CorruptFile when length, structure, DATASUM or CHECKSUM of any HDU is wrong or missing.
    """
    hdus = read_hdus(path)
    return hdus[0][0], [pixels for _, pixels in hdus if pixels is not None]


def read_hdus(path: Path) -> list[tuple[Header, Pixels | None]]:
    """Header and pixels (None without data) of every HDU. Raises CorruptFile as `read_raw`."""
    data = memoryview(path.read_bytes())
    try:
        if not data or len(data) % BLOCK:
            raise CorruptFile(f"its length, {len(data)} bytes, is not a multiple of {BLOCK}")
        hdus = []
        start = 0
        while start < len(data):
            hdu, start = _read_hdu(data, start)
            hdus.append(hdu)
    except CorruptFile as error:
        raise CorruptFile(f"{path.name}: {error}") from None
    return hdus


def _read_hdu(data: memoryview, start: int) -> tuple[tuple[Header, Pixels | None], int]:
    from astropy.io.fits import Header

    body = _end_of_header(data, start)
    cards = _raw_cards(data[start:body])
    if not ("SIMPLE" in cards if start == 0 else cards.get("XTENSION", "").strip("' ") == "IMAGE"):
        raise CorruptFile(f"byte {start}: no header starts here")
    shape = tuple(_number(cards, f"NAXIS{axis}") for axis in range(_number(cards, "NAXIS"), 0, -1))
    bitpix = _number(cards, "BITPIX")
    size = abs(bitpix) // 8 * math.prod(shape) if shape else 0
    end = body + size + -size % BLOCK
    if not body <= end <= len(data):
        raise CorruptFile(f"byte {start}: an array {shape} does not fit into the file; is it cut off?")
    _verify(cards, data[start:body], data[body:end])
    header = Header.fromstring(bytes(data[start:body]))
    return (header, _pixels(data[body : body + size], bitpix, shape) if shape else None), end


def _end_of_header(data: memoryview, start: int) -> int:
    for block in range(start, len(data), BLOCK):
        if any(data[at : at + 80] == b"END".ljust(80) for at in range(block, block + BLOCK, 80)):
            return block + BLOCK
    raise CorruptFile(f"byte {start}: the header has no end")


def _raw_cards(header: memoryview) -> dict[str, str]:
    """Keyword and value text of the standard cards, without interpretation."""
    cards = {}
    for at in range(0, len(header), 80):
        image = bytes(header[at : at + 80]).decode("latin-1")
        if image[8:10] == "= ":
            cards[image[:8].rstrip()] = image[10:].split("/", 1)[0].strip()
    return cards


def _number(cards: dict[str, str], keyword: str) -> int:
    try:
        return int(cards[keyword])
    except (KeyError, ValueError):
        raise CorruptFile(f"{keyword} is missing or not a whole number") from None


def _verify(cards: dict[str, str], header: memoryview, body: memoryview) -> None:
    data_sum = sum_bytes(body)
    told = cards.get("DATASUM", "").strip("' ")
    if "CHECKSUM" not in cards or not told.isdigit():
        raise CorruptFile("an HDU has no CHECKSUM or no DATASUM")
    if int(told) != data_sum:
        raise CorruptFile(f"DATASUM says {told}, the data unit sums up to {data_sum}")
    if fold(sum_bytes(header) + data_sum) != ALL_ONES:
        raise CorruptFile("CHECKSUM does not match the HDU")


def _pixels(body: memoryview, bitpix: int, shape: tuple[int, ...]) -> Pixels:
    if bitpix == -32:
        return np.frombuffer(body, ">f4").astype(np.float32).reshape(shape)
    if bitpix == 16:
        return np.asarray(np.frombuffer(body, ">u2").astype(np.uint16).reshape(shape) ^ np.uint16(0x8000))
    raise CorruptFile(f"BITPIX {bitpix} is none of a raw frame")
