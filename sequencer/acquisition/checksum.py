"""FITS checksums: ones-complement 32-bit sums and their 16-letter form. Pure.

Source: FITS standard 4.0, section 4.4.2.7 and appendix J.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ALL_ONES = 0xFFFFFFFF
"""Sum over a whole HDU whose CHECKSUM is right: minus zero."""
SIGN_BITS = np.uint32(0x80008000)
CHUNK_WORDS = 1 << 18
PUNCTUATION = frozenset(b":;<=>?@[\\]^_`")

Pixels = NDArray[np.float32] | NDArray[np.uint16]


def fold(total: int) -> int:
    """Ones-complement 32-bit sum of a plain sum of 32-bit words: carries are added back."""
    while total > ALL_ONES:
        total = (total & ALL_ONES) + (total >> 32)
    return total


def sum_bytes(data: bytes | memoryview) -> int:
    """Sum of big-endian 32-bit words; `len(data)` is a multiple of 4."""
    return fold(int(np.frombuffer(data, dtype=">u4").sum(dtype=np.uint64)))


def datasum(pixels: Pixels) -> int:
    """DATASUM of float32 or uint16 pixels (C order), taken from the native words before any byte swap.

    A float32 pixel *is* the FITS word. Two uint16 pixels lie in a little-endian word in swapped halves, and
    swapping halves is a rotation by 16 bits, which a ones-complement sum passes through unchanged; BZERO
    32768 flips the sign bit of each. A last odd pixel is the high half of a word filled with zeros.
    """
    flat = pixels.reshape(-1)
    if flat.dtype == np.float32:
        return fold(int(flat.view(np.uint32).sum(dtype=np.uint64)))
    even = flat.size // 2 * 2
    swapped = fold(_sum_flipped(flat[:even].view(np.uint32)))
    total = fold(swapped << 16)
    if even < flat.size:
        total += (int(flat[-1]) ^ 0x8000) << 16
    return fold(total)


def _sum_flipped(words: NDArray[np.uint32]) -> int:
    buffer = np.empty(min(words.size, CHUNK_WORDS), np.uint32)
    total = 0
    for first in range(0, words.size, CHUNK_WORDS):
        chunk = words[first : first + CHUNK_WORDS]
        flipped = np.bitwise_xor(chunk, SIGN_BITS, out=buffer[: chunk.size])
        total += int(flipped.sum(dtype=np.uint64))
    return total


def encode(total: int) -> str:
    """Sixteen letters and digits that, as CHECKSUM, bring the sum `total` of an HDU to minus zero."""
    letters = bytearray(16)
    for column, byte in enumerate((total ^ ALL_ONES).to_bytes(4, "big")):
        quotient, remainder = divmod(byte, 4)
        quarters = [quotient + 0x30 + remainder] + [quotient + 0x30] * 3
        for pair in (0, 2):
            while quarters[pair] in PUNCTUATION or quarters[pair + 1] in PUNCTUATION:
                quarters[pair] += 1
                quarters[pair + 1] -= 1
        letters[column::4] = bytes(quarters)
    return (letters[-1:] + letters[:-1]).decode("ascii")
