"""The headers of a frame, of a FITS file or of the header file a rehearsal keeps instead."""

from __future__ import annotations

from pathlib import Path

from sequencer.acquisition.card_text import parse_cards
from sequencer.acquisition.cards import CardValue
from sequencer.acquisition.errors import CorruptFile
from sequencer.acquisition.files import HEADERS, read_header_file
from sequencer.acquisition.readback import read_hdus


def read_headers(path: Path) -> list[dict[str, CardValue]]:
    """The cards of each header, primary first. Raises CorruptFile, and OSError if unreadable."""
    if path.suffix != HEADERS:
        return [hdu.cards for hdu in read_hdus(path)]
    try:
        headers = read_header_file(path)
    except UnicodeDecodeError:
        headers = []
    if not headers or not headers[0].startswith("SIMPLE"):
        raise CorruptFile(f"{path.name}: holds no header")
    return [parse_cards(header) for header in headers]


def images(headers: list[dict[str, CardValue]]) -> int:
    """Number of two-dimensional images among the headers of a file."""
    return sum(_axes(header) == 2 and header.get("XTENSION", "IMAGE") == "IMAGE" for header in headers)


def form(headers: list[dict[str, CardValue]]) -> dict[str, str]:
    """What each header describes - image, cube, table, or nothing - by its EXTNAME, the first one as PRIMARY."""
    found: dict[str, str] = {}
    for number, header in enumerate(headers):
        name = str(header.get("EXTNAME", number)) if number else "PRIMARY"
        table = str(header.get("XTENSION", "")).endswith("TABLE")
        found[name] = "table" if table else {2: "image", 3: "cube"}.get(_axes(header), "")
    return found


def _axes(header: dict[str, CardValue]) -> int:
    axes = header.get("NAXIS", 0)
    return axes if isinstance(axes, int) else 0
