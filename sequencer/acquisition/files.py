"""Where frames go once their headers are checked: into FITS files; of a rehearsal the headers into text files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from sequencer.acquisition.durable import PartFile
from sequencer.acquisition.fits import BLOCK, Hdu, fits_chunks, header_bytes, reserved_bytes
from sequencer.acquisition.layouts import headers
from sequencer.acquisition.plan import ExposurePlan

CARD = 80
HEADERS = ".hdr"
"""Ending of the text file that holds a frame's headers."""


class Place(Protocol):
    """A reserved name: written once, or given up."""

    @property
    def path(self) -> Path:
        """Where it will be."""
        ...

    @property
    def size_bytes(self) -> int:
        """Size of the FITS file."""
        ...

    def write(self, hdus: list[Hdu], date: str) -> str:
        """Write the frame, return the sha256 of the file. Raises DiskFull, NotDurable and PlanError."""
        ...

    def discard(self) -> None:
        """Give the name up; nothing is left behind."""
        ...


Reserve = Callable[[ExposurePlan], Place]
"""Reserves a frame's name, and room for it. Raises PlanError (name taken) and DiskFull."""


class FitsFile:
    """A FITS file on its way to `path`: room is reserved at once, the name is there once the file is durable."""

    def __init__(self, folder: Path, plan: ExposurePlan) -> None:
        item_bytes = 2 if plan.dtype == "uint16" else 4
        reserve = reserved_bytes(plan.expected_shape, item_bytes, len(plan.chips), headers(plan))
        self._part = PartFile(folder / plan.file_name, reserve)
        self.path = self._part.path

    @property
    def size_bytes(self) -> int:
        """Size of what was written."""
        return self._part.size_bytes

    def write(self, hdus: list[Hdu], date: str) -> str:
        """As of a Place."""
        sha256 = self._part.write(fits_chunks(hdus, date))
        self._part.publish()
        return sha256

    def discard(self) -> None:
        """As of a Place."""
        self._part.discard()


class HeaderFile:
    """The headers a FITS file would have, a card a line: `NAME.hdr` for `NAME.fits`. The pixels are forgotten.

    `size_bytes` is what the FITS file would have taken.
    """

    def __init__(self, folder: Path, plan: ExposurePlan) -> None:
        self._part = PartFile((folder / plan.file_name).with_suffix(HEADERS), BLOCK)
        self.path = self._part.path
        self.size_bytes = 0

    def write(self, hdus: list[Hdu], date: str) -> str:
        """As of a Place."""
        blocks = [
            header_bytes(hdu, primary=number == 0, extend=len(hdus) > 1, date=date)
            for number, hdu in enumerate(hdus)
        ]
        data = [0 if hdu.pixels is None else hdu.pixels.nbytes for hdu in hdus]
        self.size_bytes = sum(map(len, blocks)) + sum(size + -size % BLOCK for size in data)
        sha256 = self._part.write(map(_lines, blocks))
        self._part.publish()
        return sha256

    def discard(self) -> None:
        """As of a Place."""
        self._part.discard()


def fits_files(folder: Path) -> Reserve:
    """Frames become FITS files in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    return lambda plan: FitsFile(folder, plan)


def header_files(folder: Path) -> Reserve:
    """Of each frame only the headers are kept, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    return lambda plan: HeaderFile(folder, plan)


def read_header_file(path: Path) -> list[str]:
    """The headers of a header file, each as FITS has it: cards of 80 columns, the last one END."""
    found, cards = [], ""
    for line in path.read_text(encoding="ascii").splitlines():
        cards += line.ljust(CARD)
        if line.rstrip() == "END":
            found.append(cards)
            cards = ""
    return found


def _lines(block: bytes) -> bytes:
    """A header as lines, without the blanks that fill its last block."""
    cards = (block[at : at + CARD].rstrip() for at in range(0, len(block), CARD))
    return b"".join(card + b"\n" for card in cards if card)
