"""FITS files as bytes: astropy makes the cards, the data unit is written by our own hand.

Own data units cost 3 ms CPU for 2048 x 2048 uint16 pixels with DATASUM against 8.5 ms of astropy, and nothing
in the file depends on the wall's time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sequencer.acquisition.cards import Card, CardValue
from sequencer.acquisition.checksum import Pixels, datasum, encode, fold, sum_bytes
from sequencer.acquisition.header import card_image

BLOCK = 2880
HEADER_ROOM = 20 * BLOCK
"""Bytes reserved for one header before its cards are known: 720 cards."""
CHUNK_PIXELS = 1 << 18
NO_CHECKSUM = "0" * 16

Triple = tuple[str, CardValue, str]


@dataclass(frozen=True, slots=True)
class Hdu:
    """One header with its cards in order, and its pixels: (ny, nx) float32 or uint16 in C order, or none."""

    cards: list[Card]
    pixels: Pixels | None = None


def fits_chunks(hdus: list[Hdu], date: str) -> Iterator[bytes | memoryview]:
    """The bytes of a FITS file piece by piece, each piece valid until the next is asked for.

    `date` (ISO, UTC) goes into the comments of DATASUM and CHECKSUM. The first HDU is the primary one.
    """
    for index, hdu in enumerate(hdus):
        yield header_bytes(hdu, primary=index == 0, extend=len(hdus) > 1, date=date)
        if hdu.pixels is not None:
            yield from _pixel_chunks(hdu.pixels)
            yield bytes(-hdu.pixels.nbytes % BLOCK)


def reserved_bytes(shape: tuple[int, int], item_bytes: int, chips: int, headers: int) -> int:
    """Upper bound of a file's size before its headers are known."""
    data = shape[0] * shape[1] * item_bytes
    return chips * (data + -data % BLOCK) + headers * HEADER_ROOM


def header_bytes(hdu: Hdu, *, primary: bool, extend: bool, date: str) -> bytes:
    """Header of an HDU, filled to whole blocks, with its DATASUM and CHECKSUM."""
    data_sum = 0 if hdu.pixels is None else datasum(hdu.pixels)
    standard: list[Triple] = [
        (card.title, card.value, card.comment) for card in hdu.cards if not card.hierarchical
    ]
    eso: list[Triple] = [(card.title, card.value, card.comment) for card in hdu.cards if card.hierarchical]
    sums: list[Triple] = [
        ("CHECKSUM", NO_CHECKSUM, f"HDU checksum updated {date}"),
        ("DATASUM", str(data_sum), f"data checksum updated {date}"),
    ]
    text = "".join(
        _image(triple) for triple in [*_structure(hdu.pixels, primary, extend), *standard, *sums, *eso]
    )
    header = (text + "END".ljust(80)).encode("ascii")
    header += b" " * (-len(header) % BLOCK)
    checksum = encode(fold(sum_bytes(header) + data_sum))
    blank = f"CHECKSUM= '{NO_CHECKSUM}'".encode("ascii")
    return header.replace(blank, f"CHECKSUM= '{checksum}'".encode("ascii"), 1)


def _structure(pixels: Pixels | None, primary: bool, extend: bool) -> list[Triple]:
    cards: list[Triple] = [
        ("SIMPLE", True, "FITS standard 4.0") if primary else ("XTENSION", "IMAGE", "image extension")
    ]
    if pixels is None:
        cards += [("BITPIX", 8, "no data"), ("NAXIS", 0, "no data")]
    else:
        rows, columns = pixels.shape
        cards += [
            ("BITPIX", 16 if pixels.dtype == np.uint16 else -32, "bits per pixel"),
            ("NAXIS", 2, "number of axes"),
            ("NAXIS1", columns, "pixels along x"),
            ("NAXIS2", rows, "pixels along y"),
        ]
    if primary:
        cards += [("EXTEND", True, "extensions follow")] if extend else []
    else:
        cards += [("PCOUNT", 0, "no parameters"), ("GCOUNT", 1, "one group")]
    if pixels is not None and pixels.dtype == np.uint16:
        cards += [("BZERO", 32768, "pixels are unsigned 16-bit integers"), ("BSCALE", 1, "no scaling")]
    return cards


def _image(triple: Triple) -> str:
    title, value, comment = triple
    if type(value) is float:
        value += 0.0  # minus zero and zero share a place in the cache of card images
    return card_image(title, value, comment)


def _pixel_chunks(pixels: Pixels) -> Iterator[memoryview]:
    flat = pixels.reshape(-1)
    swapped = np.empty(min(flat.size, CHUNK_PIXELS), flat.dtype)
    for first in range(0, flat.size, CHUNK_PIXELS):
        chunk = flat[first : first + CHUNK_PIXELS]
        big_endian = swapped[: chunk.size]
        if flat.dtype == np.uint16:
            np.bitwise_xor(chunk, np.uint16(0x8000), out=big_endian)
            big_endian.byteswap(inplace=True)
        else:
            np.copyto(big_endian.view(">f4"), chunk)
        yield big_endian.data.cast("B")
