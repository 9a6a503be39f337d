"""Frames nobody planned, and refused ones: kept on disk with the little that is known, so that the detector may forget
them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sequencer.acquisition.cards import Card, CardValue, plain_ascii
from sequencer.acquisition.durable import PartFile
from sequencer.acquisition.fits import Hdu, fits_chunks, reserved_bytes
from sequencer.acquisition.sampling import Chip
from sequencer.clock import iso
from sequencer.wire.messages import FrameHeader


def write_aside(folder: Path, header: FrameHeader, chips: Sequence[Chip], date: str) -> Path:
    """Write a frame under its device and exposure id into `folder` and return the path once it is durable.

    A frame that is there already is not written again. Raises DiskFull or NotDurable.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", f"{header.device}.{header.exposure}")[:200]
    path = folder / f"{name}.fits"
    if path.exists():
        return path
    images = [chip if chip.ndim == 2 else chip.reshape(1, -1) for chip in chips]
    shape = images[0].shape if images else (0, 0)
    size = reserved_bytes((shape[0], shape[1]), 4, len(images), 1 + len(images))
    part = PartFile(path, size)
    part.write(fits_chunks(_hdus(header, images, date), date))
    part.publish()
    return path


def _hdus(header: FrameHeader, images: Sequence[Chip], date: str) -> list[Hdu]:
    def card(keyword: str, value: CardValue, comment: str) -> Card:
        return Card(keyword, value, comment, "structure", header.end_s, True, False)

    primary = [
        card("DATE", date, "UTC when this file was written"),
        card("DATE-OBS", iso(header.start_s), "UTC start of the exposure"),
        card("ESO DET NAME", plain_ascii(header.device)[:40], "device that sent the frame"),
        card("ESO SEQ EXPID", plain_ascii(header.exposure)[:40], "exposure id the frame came with"),
    ]
    extensions = [
        Hdu([card("EXTNAME", f"CHIP{n}", "chip")], image) for n, image in enumerate(images, start=1)
    ]
    return [Hdu(primary), *extensions]
